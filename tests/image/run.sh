#!/usr/bin/env bash
# Runs what is shipped: the image's root directory, read-only and as a user
# without rights, with the demo's configuration and with those that the chart
# makes; and the Debian package and its unit. Needs root, for chroot and for
# namespaces of its own: it opens no port of the machine's.
#   tests/image/run.sh BUILD_FOLDER
set -euo pipefail
build="$(realpath "$1")"
cd "$(dirname "$0")/../.."
[[ $EUID -eq 0 ]] || { echo "SKIPPED: the image's test needs root"; exit 0; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0
check() {
  local name="$1"
  shift
  # Not as a condition: in one, a command that fails would not end it.
  set +e
  (set -e; "$@") > "$work/said" 2>&1
  local status=$?
  set -e
  if [[ $status -eq 0 ]]; then
    echo "ok   $name"
  else
    failed=1
    echo "FAIL $name"
    tail -n 20 "$work/said"
  fi
}

packaging/image-root.sh "$build/budget" "$work/root"

is_small() { [[ $(du -sm "$work/root" | cut -f1) -le 60 ]]; }
check "the image is at most 60 MB" is_small

# The configuration that the chart's golden file NAME has.
of_golden() {
  awk '/^  budget.yaml: \|/ {on = 1; next} on && /^    / {print substr($0, 5); next} {on = 0}' \
    "tests/charts/golden/$1.yaml"
}
for name in gateway-trial sidecar; do of_golden "$name" > "$work/root/etc/budget/$name.yaml"; done
cp deploy/compose/budget.yaml "$work/root/etc/budget/compose.yaml"
for name in demo gateway compose sidecar; do
  check "$name, read-only and without rights" \
    unshare --net --mount --pid --fork tests/image/inside.sh "$work/root" "$name"
done

of_the_unit() {
  sed "s|/usr/bin/budget|$build/budget|" \
    packaging/budget.service > "$work/budget.service"
  systemd-analyze verify "$work/budget.service"
  # 0 is the most confined a service can be, 10 the least.
  systemd-analyze security --offline=yes --threshold=15 "$work/budget.service"
}
check "the unit is right and confined" of_the_unit

of_the_package() {
  cpack --config "$build/CPackConfig.cmake" -B "$work/packages"
  local package=("$work"/packages/*.deb)
  dpkg-deb -c "${package[0]}" | awk '{print $6}' > "$work/files"
  local file
  for file in usr/bin/budget etc/budget/budget.yaml usr/lib/systemd/system/budget.service; do
    grep -qx "./$file" "$work/files" || { echo "no $file"; return 1; }
  done
  [[ "$(dpkg-deb -I "${package[0]}" conffiles)" == /etc/budget/budget.yaml ]]
  dpkg-deb -f "${package[0]}" Depends | grep -q 'libssl3.*libstdc++6'
  dpkg-deb -x "${package[0]}" "$work/installed"
  "$work/installed/usr/bin/budget" check --config "$work/installed/etc/budget/budget.yaml"
  cmp "$work/installed/usr/lib/systemd/system/budget.service" packaging/budget.service
}
check "the Debian package has what it should, and its binary runs" of_the_package

of_compose() {
  promtool check config --syntax-only deploy/prometheus/prometheus.yaml
  local file
  # What compose.yaml mounts is there.
  grep -o '\./[a-z][^:]*' compose.yaml | while read -r file; do
    [[ -e "$file" ]] || { echo "no $file"; return 1; }
  done
  # What the Dockerfile copies is not ignored.
  for file in scripts/packages.sh packaging/image-root.sh configs/demo.yaml cmake/Packaging.cmake; do
    grep -qx "!${file%%/*}" .dockerignore || { echo "$file is ignored"; return 1; }
  done
}
check "compose.yaml and the Dockerfile name files that there are" of_compose

[[ $failed -eq 0 ]] && echo "The image and the package passed."
exit $failed
