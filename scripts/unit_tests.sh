#!/usr/bin/env bash
# Runs the unit tests of a build, BUILD, in parallel: `scripts/unit_tests.sh BUILD CORES`. Many tests wait for the disk,
# so each core runs more than one.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shards=$((3 * $2 / 2))

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Each process has a folder of its own for temporary files, so that tests need not know of each other.
run_shard() {
    mkdir "$folder/tmp$1"
    TMPDIR=$folder/tmp$1 GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$1 \
        "$build/millrace_unit_tests" --gtest_brief=1 >"$folder/$1" 2>&1
}
pids=()
for ((shard = 0; shard < shards; ++shard)); do
    run_shard "$shard" &
    pids+=($!)
done
failed=0
for ((shard = 0; shard < shards; ++shard)); do
    if wait "${pids[shard]}"; then
        grep -h "tests ran\|PASSED\|SKIPPED" "$folder/$shard"
    else
        failed=1
        cat "$folder/$shard"
    fi
done
exit "$failed"
