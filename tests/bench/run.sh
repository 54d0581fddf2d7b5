#!/usr/bin/env bash
# Measures the proxy beside nginx and haproxy on loopback, in interleaved
# rounds: tests/bench/run.sh [--quick] [--binary FILE] [--json FILE] …
# What the figures mean and what they were: docs/benchmarks.md.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
for tool in wrk nginx node openssl; do
  command -v "$tool" > /dev/null || {
    echo "$tool is missing: scripts/packages.txt lists what the tests need" >&2
    exit 1
  }
done
exec node "$root/tests/bench/bench.mjs" --binary "$root/build/release/budget" \
  --json "$root/build/bench.json" "$@"
