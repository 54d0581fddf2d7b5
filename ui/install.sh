#!/usr/bin/env bash
# Installs the packages that the console is built from, unless they are there:
# install.sh [NPM]. None of their scripts is run.
set -euo pipefail
cd "$(dirname "$0")"
[[ -d node_modules && node_modules -nt package-lock.json ]] && exit 0
"${1:-npm}" ci --ignore-scripts --no-audit --no-fund --silent
touch node_modules
