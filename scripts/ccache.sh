#!/usr/bin/env bash
# Runs a compiler's command through ccache, as CMake's launcher: `scripts/ccache.sh COMMAND…`. Another checkout of the
# same sources finds what this one has compiled.
#
# A precompiled header has the checkout's paths in it, so it is neither cached nor part of the keys of what is compiled
# with it. Instead, ccache takes the checksum of all that it includes, which this script writes beside it.
set -euo pipefail
CCACHE_BASEDIR=$(cd "$(dirname "$0")/.." && pwd)
export CCACHE_BASEDIR CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1

# The value of an option of the compiler's command.
value_of() {
    local option=$1
    shift
    while (($# > 1)); do
        [[ $1 != "$option" ]] || { echo "$2"; return; }
        shift
    done
}

output=$(value_of -o "$@")
if [[ $output == *.pch ]]; then
    rm -f "$output.sum"
    "$@"
    # The list of includes is a rule of make: a target with a colon, then paths, with a backslash at each line's end.
    sed -e 's/^[^ ]*: //' -e 's/\\$//' "$(value_of -MF "$@")" |
        xargs sha256sum | cut -d ' ' -f 1 | sha256sum >"$output.sum"
    exit
fi

# Each command names the precompiled header twice: as such, and as a header to include if the other were not there.
# ccache leaves the second path as it is, so that no other checkout would have the same command.
command=()
while (($# > 0)); do
    if [[ "$1 ${2:-} ${3:-}" == "-Xclang -include -Xclang" ]]; then
        shift 4
    else
        command+=("$1")
        shift
    fi
done
exec ccache "${command[@]}"
