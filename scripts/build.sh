#!/usr/bin/env bash
# Configures and builds one preset: `build.sh release [target …]`.
set -euo pipefail
cd "$(dirname "$0")/.."
preset="$1"
shift
echo "Building ($preset); a first build takes some minutes, later ones seconds."
[[ -f "build/$preset/build.ninja" ]] || cmake --preset "$preset" > /dev/null
cmake --build "build/$preset" ${1:+--target "$@"}
