#!/usr/bin/env bash
# Checks formatting and runs the static analysis of .clang-tidy over the sources that changed since the last clean run.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'bench/*.cc')
clang-format-19 --dry-run --Werror "${sources[@]}"
echo "lint: ${#sources[@]} files are formatted"

# clang-tidy reads the compile commands of a clang build, since gcc's precompiled headers are not clang's.
cmake --preset clang -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
stamps=build/tidy
mkdir -p "$stamps"
headers=$(cat .clang-tidy $(git ls-files 'src/*.h') | sha256sum | cut -c1-16)
todo=()
for source in $(git ls-files 'src/*.cc'); do
    [[ $source == *_test.cc ]] && continue
    key=$(cat "$source" | sha256sum | cut -c1-16)-$headers
    [[ -e $stamps/$key ]] || todo+=("$source $stamps/$key")
done
printf '%s\n' "${todo[@]}" | grep . | xargs -P "$(nproc)" -L 1 bash -c \
    'clang-tidy-19 --quiet -p build/clang "$0" >"$1.log" 2>&1 && mv "$1.log" "$1" || { cat "$1.log"; rm "$1.log"; exit 1; }' ||
    { [[ ${#todo[@]} -eq 0 ]] || exit 1; }
echo "lint: clang-tidy found nothing (${#todo[@]} files checked, the others unchanged)"
