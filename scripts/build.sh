#!/usr/bin/env bash
# Configures and builds one preset: `build.sh release [target …]`. The tests,
# and the packages they need, only with BUDGET_TESTS=ON in the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
preset="$1"
shift
cache="build/$preset/CMakeCache.txt"
tests="${BUDGET_TESTS:-OFF}"
configured() { [[ -f build/$preset/build.ninja ]] && grep -q "^BUDGET_TESTS:BOOL=$1" "$cache"; }

echo "Building ($preset); a first build takes some minutes, later ones seconds."
# A tree that has the tests configured serves for the binary alone too.
configured ON || configured "$tests" ||
  cmake --preset "$preset" "-DBUDGET_TESTS=$tests" > /dev/null
cmake --build "build/$preset" ${1:+--target "$@"}
