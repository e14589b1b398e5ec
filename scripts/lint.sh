#!/usr/bin/env bash
# Checks what a program can check: formats, static analysis, spelling, links, and help pages. With --fast it leaves out
# clang-tidy and the checks of the dashboard's pages. `make lint` and `make lint-fast` install the tools first.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/build/venv/bin:$PATH"

check_formatting() {
    mapfile -t sources < <(git ls-files 'src/*.cc' 'src/*.h' 'fuzz/*.cc' 'bench/*.cc' 'python/*.cc')
    clang-format-19 --dry-run --Werror "${sources[@]}"
    echo "lint: ${#sources[@]} files are formatted"
}

check_python() {
    ruff check --quiet
    ruff format --check --quiet
    echo "lint: ruff found nothing in the Python files"
}

check_shell() {
    mapfile -t shell_scripts < <(git ls-files 'scripts/*.sh' 'deploy/*.sh' .ci/run deploy/debian/{postinst,prerm,postrm})
    shellcheck "${shell_scripts[@]}"
    echo "lint: shellcheck found nothing in ${#shell_scripts[@]} scripts"
}

# The words to leave alone are in .codespellrc.
check_spelling() {
    git ls-files -z -- '*.md' src fuzz bench python tests scripts web/src web/shop web/tracker web/index.html schemas deploy cmake \
        ':!tests/fixtures/**/*.xz' ':!deploy/licenses' | xargs -0 codespell
    echo "lint: codespell found nothing"
}

check_docs() {
    python scripts/check_docs.py
    if [[ -x build/release/millrace ]]; then
        python scripts/help_pages.py --check
        echo "lint: the help pages are those of the program"
    else
        echo "lint: the help pages were not checked, since the program is not built"
    fi
}

check_web() {
    scripts/npm.sh run lint --silent
    echo "lint: prettier, eslint and tsc found nothing in web/"
}

# clang-tidy reads the compile commands of the preset `lint`. Sources that are compiled together are checked together,
# since headers take most of its time. Sources that have not changed since a clean run are left out.
check_sources() {
    cmake --preset lint -DMILLRACE_PYTHON=ON >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
    cmake --build build/lint --target bot_list >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
    local stamps=build/tidy headers header_files todo=() units parts key
    mkdir -p "$stamps"
    mapfile -t header_files < <(git ls-files 'src/*.h')
    headers=$(cat .clang-tidy "${header_files[@]}" | sha256sum | cut -c1-16)
    units=$(python - <<'END'
import json, os
for entry in json.load(open("build/lint/compile_commands.json")):
    path = os.path.relpath(entry["file"])
    if not any(word in path for word in ("millrace_unit_tests.dir", "millrace_crash.dir", "bench", "fuzz", "bot_patterns", "nanobind")):
        print(path)
END
    )
    while read -r unit; do
        [[ -n $unit ]] || continue
        mapfile -t parts < <(sed -n 's/^#include "\(.*\.cc\)"$/\1/p' "$unit" 2>/dev/null)
        key=$(cat "$unit" "${parts[@]}" | sha256sum | cut -c1-16)-$headers
        [[ -e $stamps/$key ]] || todo+=("$unit $stamps/$key")
    done < <(sort -u <<<"$units")
    if ((${#todo[@]})); then
        # shellcheck disable=SC2016  # the inner bash expands $0 and $1
        printf '%s\n' "${todo[@]}" | xargs -P "$(nproc)" -L 1 bash -c \
            'clang-tidy --quiet -p build/lint "$0" >"$1.log" 2>&1 && mv "$1.log" "$1" || { cat "$1.log"; rm "$1.log"; exit 1; }'
    fi
    echo "lint: clang-tidy found nothing (${#todo[@]} compilation units checked, the others unchanged)"
}

check_formatting
check_python
check_shell
check_spelling
check_docs
[[ ${1:-} == --fast ]] && exit 0
check_web
check_sources
