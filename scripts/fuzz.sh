#!/usr/bin/env bash
# Runs each fuzz target for the given number of seconds, from the corpus that earlier runs found.
set -euo pipefail
cd "$(dirname "$0")/.."
for target in decoder segment delta_log intake formats; do
    corpus=build/corpus/$target
    mkdir -p "$corpus"
    cp -n fuzz/seeds/$target/* "$corpus"/ 2>/dev/null || true
    echo "fuzz: $target for $1 s"
    build/fuzz/fuzz/fuzz_$target -max_total_time="$1" -max_len=8192 -rss_limit_mb=4096 -print_final_stats=0 \
        -artifact_prefix="build/corpus/$target-" "$corpus" 2>&1 | tail -2
done
