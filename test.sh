#!/usr/bin/env bash
# Installs what the tests need, builds everything, and runs every test.
#   ./test.sh            all
#   ./test.sh unit       only the C++ tests and the style checks
#   ./test.sh e2e        only the tests that run the real binary
#   ./test.sh ui         only those of the console, in a real browser
#   ./test.sh charts     only those of the Helm chart, the image and the package
set -euo pipefail
cd "$(dirname "$0")"
part="${1:-all}"
case "$part" in
  all|unit|e2e|ui|charts) ;;
  -h|--help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "test.sh: unknown part '$part'; see ./test.sh --help" >&2; exit 2 ;;
esac

./scripts/packages.sh build test
BUDGET_TESTS=ON ./scripts/build.sh release

passed=0
failed=0
step() {
  local name="$1"
  shift
  echo "== $name"
  if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name"; fi
}

if [[ $part == all || $part == unit ]]; then
  step "style" ./scripts/check-style.sh
  step "C++ tests" ctest --test-dir build/release --output-on-failure -j2
  # ctest keeps the output of what passed to itself, and so what was skipped.
  grep -h -A1 ': Skipped$' build/release/Testing/Temporary/LastTest.log | grep -v '^--' || true
fi
if [[ $part == all || $part == e2e ]]; then
  step "end to end" ./tests/e2e/run.sh build/release/budget
  step "instructions per call" ./tests/bench/check-instructions.sh build/release/budget
fi
if [[ $part == all || $part == ui ]]; then
  step "console" ./tests/ui/run.sh build/release/budget
fi
if [[ $part == all || $part == charts ]]; then
  step "Helm chart" ./tests/charts/run.sh build/release/budget
  step "image and package" ./tests/image/run.sh build/release
fi

echo
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
