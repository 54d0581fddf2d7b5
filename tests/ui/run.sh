#!/usr/bin/env bash
# Drives the console in a real browser: tests/ui/run.sh BINARY [FILE …]
# Pictures of every tab are left in console-pictures beside the binary. Needs
# Debian's chromium, or another one in BUDGET_CHROMIUM.
set -euo pipefail
binary="$(realpath "$1")"
shift
cd "$(dirname "$0")"
[[ -d node_modules && node_modules -nt package-lock.json ]] || {
  echo "Installing the browser's driver and the type checker"
  npm ci --no-audit --no-fund --silent --ignore-scripts
  touch node_modules
}
../../ui/install.sh
echo "Checking types"
node_modules/.bin/tsc -p ../../ui
files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
BUDGET_BINARY="$binary" BUDGET_PICTURES="$(dirname "$binary")/console-pictures" \
  node --test --test-concurrency=1 "${files[@]}"
