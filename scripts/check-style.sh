#!/usr/bin/env bash
# Formatting and the rules that a script can check (docs/architecture.md).
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files '*.cc' '*.h')
if ! clang-format-19 --dry-run --Werror "${sources[@]}"; then
  echo "Run: clang-format-19 -i \$(git ls-files '*.cc' '*.h')" >&2
  exit 1
fi
python3 tests/architecture/check.py
python3 tests/architecture/check_docs.py
