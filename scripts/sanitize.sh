#!/usr/bin/env bash
# Builds and runs the tests under sanitizers: `sanitize.sh asan` (addresses,
# leaks, undefined behaviour; everything) or `sanitize.sh tsan` (data races;
# what has threads). Any report fails; it is kept in build/PRESET/reports.
set -euo pipefail
cd "$(dirname "$0")/.."
preset="${1:-}"
case "$preset" in
  asan)
    unit=()
    # Its ceiling is on memory, which the sanitizer itself uses.
    e2e=$(cd tests/e2e && ls -- *.test.mjs | grep -v '^money_memory')
    ;;
  tsan)
    unit=(-R '^(ledger|redis|proxy|admin)')
    e2e="http.test.mjs lifecycle.test.mjs money_load.test.mjs"
    ;;
  *) sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

BUDGET_TESTS=ON ./scripts/build.sh "$preset"

reports="$PWD/build/$preset/reports"
rm -rf "$reports"
mkdir -p "$reports"
export ASAN_OPTIONS="detect_stack_use_after_return=1:log_path=$reports/asan"
export UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan"
export TSAN_OPTIONS="halt_on_error=1:log_path=$reports/tsan"

failed=0
ctest --test-dir "build/$preset" --output-on-failure -j2 "${unit[@]}" || failed=1
# shellcheck disable=SC2086  # a list of names
tests/e2e/run.sh "build/$preset/budget" $e2e || failed=1
if compgen -G "$reports/*" > /dev/null; then
  echo "FAILED: reports of the sanitizer" >&2
  cat "$reports"/* >&2
  failed=1
fi
exit "$failed"
