#!/usr/bin/env bash
# Fails when a call costs over a tenth more instructions than what is written
# down here: tests/bench/check-instructions.sh [BINARY]
# Takes ten seconds. Raise a limit only together with the change that needs
# it; lower it when a change has earned that. Method: docs/benchmarks.md.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
binary="${1:-$root/build/release/budget}"
serving=133000  # the worker's, a call
storing=60000   # the store writer's, a call
for tool in valgrind nginx node objcopy; do
  command -v "$tool" > /dev/null || {
    echo "$tool is missing: scripts/packages.txt lists what the tests need" >&2
    exit 2
  }
done

figures="$(node "$root/tests/bench/instructions.mjs" "$binary")"
failed=0
check() {
  local name="$1" limit="$2" found
  found="$(sed -n "s/.*\"${name}_instructions_per_call\":\([0-9]*\).*/\1/p" <<< "$figures")"
  if [[ -n $found && $found -le $((limit * 11 / 10)) ]]; then
    echo "$name: $found instructions a call, written down $limit"
  else
    echo "$name: ${found:-no} instructions a call, over $limit by more than a tenth" >&2
    failed=1
  fi
}
check serving "$serving"
check storing "$storing"
exit "$failed"
