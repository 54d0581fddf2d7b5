#!/usr/bin/env bash
# Runs the fuzzers: `fuzz.sh SECONDS [FUZZER …]`, each that long (all by
# default). They start from tests/fuzz/corpus; what they learn stays in
# build/fuzz/corpus, inputs that fail in build/fuzz/failures.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ ${1:-} =~ ^[0-9]+$ ]] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
seconds="$1"
shift

cmake --preset fuzz -DBUDGET_TESTS=ON > /dev/null
cmake --build build/fuzz --target "${@:-fuzzers}"
[[ $# -gt 0 ]] || set -- $(cd tests/fuzz && ls -- *_fuzz.cc | sed 's/\.cc$//')

export ASAN_OPTIONS=detect_stack_use_after_return=1
mkdir -p build/fuzz/failures
failed=()
for fuzzer in "$@"; do
  name="${fuzzer%_fuzz}"
  learned="build/fuzz/corpus/$name"
  seeds=("tests/fuzz/corpus/$name")
  [[ $name != config ]] || seeds+=(configs)
  mkdir -p "$learned"
  echo "== $fuzzer"
  "build/fuzz/fuzzers/$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/failures/$name-" \
    "$learned" "${seeds[@]}" 2> "build/fuzz/$name.log" || failed+=("$fuzzer")
  # The end says how much was run, or what failed.
  if [[ " ${failed[*]-} " == *" $fuzzer "* ]]; then
    tail -60 "build/fuzz/$name.log"
  else
    grep -E '^(Done|stat::)' "build/fuzz/$name.log"
  fi
done
[[ ${#failed[@]} -eq 0 ]] || { echo "FAILED: ${failed[*]}" >&2; exit 1; }
