#!/usr/bin/env bash
# Installs what is missing of scripts/packages.txt: `packages.sh build` or
# `packages.sh build test`. Does nothing, quickly, when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")"

wanted() {
  local section=""
  while read -r line; do
    case "$line" in
      ""|"#"*) ;;
      "["*"]") section="${line:1:-1}" ;;
      *) for name in "$@"; do [[ "$name" == "$section" ]] && echo "$line"; done ;;
    esac
  done < packages.txt
}

missing=()
while read -r package; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" ||
    missing+=("$package")
done < <(wanted "$@")
[[ ${#missing[@]} -eq 0 ]] && exit 0

# A node that does not come from Debian's package serves as well.
if command -v node >/dev/null && command -v npm >/dev/null; then
  kept=()
  for package in "${missing[@]}"; do
    [[ "$package" == nodejs || "$package" == npm ]] || kept+=("$package")
  done
  missing=("${kept[@]}")
  [[ ${#missing[@]} -eq 0 ]] && exit 0
fi

echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
as_root=()
[[ $EUID -eq 0 ]] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
  "${missing[@]}" > /dev/null
