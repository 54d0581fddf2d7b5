#!/usr/bin/env bash
# Runs the end-to-end tests against a binary: tests/e2e/run.sh BINARY [FILE …]
set -euo pipefail
binary="$(realpath "$1")"
shift
cd "$(dirname "$0")"
[[ -d node_modules && node_modules -nt package-lock.json ]] || {
  echo "Installing the SDKs the tests use"
  npm ci --no-audit --no-fund --silent --ignore-scripts
  touch node_modules
}
files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
BUDGET_BINARY="$binary" node --test --test-concurrency=1 "${files[@]}"
