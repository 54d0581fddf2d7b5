#!/usr/bin/env bash
# clang-tidy over every source file of the product, or over those given:
# `check-tidy.sh BUILD_DIR [FILE …]`, with BUDGET_JOBS at a time. A file that was
# clean before is not looked at again until it, a header, or .clang-tidy changes.
set -euo pipefail
cd "$(dirname "$0")/.."
build="$1"
shift
stamps="$build/tidy-stamps"
mkdir -p "$stamps"

headers=$(git ls-files 'pricing/*.h' 'policy/*.h' 'admin/*.h' 'proxy/*.h' | xargs cat .clang-tidy | sha256sum)
export build stamps headers
check() {
  local stamp
  stamp="$stamps/$(sha256sum <(echo "$headers") "$1" | sha256sum | cut -c1-32)"
  [[ -f "$stamp" ]] && return 0
  clang-tidy-19 -p "$build" --quiet "$1" 2> >(grep -v 'warnings generated' >&2) && touch "$stamp"
}
export -f check
[[ $# -gt 0 ]] || set -- $(git ls-files 'pricing/*.cc' 'policy/*.cc' 'admin/*.cc' 'proxy/*.cc' |
  grep -v unicode_classes)
printf '%s\n' "$@" |
  xargs -P "${BUDGET_JOBS:-$(nproc)}" -I{} bash -c 'check {}'
