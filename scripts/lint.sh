#!/usr/bin/env bash
# Checks formatting and runs the static analysis of .clang-tidy over the sources that changed since the last clean run.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'bench/*.cc')
clang-format-19 --dry-run --Werror "${sources[@]}"
echo "lint: ${#sources[@]} files are formatted"

# clang-tidy reads a clang build's compile commands. Sources that are compiled together are checked together, since most
# of its time, too, is headers.
cmake --preset clang >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
cmake --build build/clang --target bot_list >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
stamps=build/tidy
mkdir -p "$stamps"
mapfile -t header_files < <(git ls-files 'src/*.h')
headers=$(cat .clang-tidy "${header_files[@]}" | sha256sum | cut -c1-16)
todo=()
units=$("$PWD/build/venv/bin/python" - <<'END'
import json, os
for entry in json.load(open("build/clang/compile_commands.json")):
    path = os.path.relpath(entry["file"])
    if not any(word in path for word in ("millrace_unit_tests.dir", "millrace_crash.dir", "bench", "fuzz", "bot_patterns")):
        print(path)
END
)
while read -r unit; do
    [[ -n $unit ]] || continue
    mapfile -t parts < <(sed -n 's/^#include "\(.*\.cc\)"$/\1/p' "$unit" 2>/dev/null)
    key=$(cat "$unit" "${parts[@]}" | sha256sum | cut -c1-16)-$headers
    [[ -e $stamps/$key ]] || todo+=("$unit $stamps/$key")
done < <(sort -u <<<"$units")
# shellcheck disable=SC2016  # the inner bash expands $0 and $1
printf '%s\n' "${todo[@]}" | grep . | xargs -P "$(nproc)" -L 1 bash -c \
    'clang-tidy-19 --quiet -p build/clang "$0" >"$1.log" 2>&1 && mv "$1.log" "$1" || { cat "$1.log"; rm "$1.log"; exit 1; }' ||
    { [[ ${#todo[@]} -eq 0 ]] || exit 1; }
echo "lint: clang-tidy found nothing (${#todo[@]} compilation units checked, the others unchanged)"
