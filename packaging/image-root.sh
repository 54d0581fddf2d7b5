#!/usr/bin/env bash
# Builds the image's root directory by plain copy: the stripped binary, the
# shared libraries it is linked with, certificates, time zones, and the few
# programs that probes and hooks use. The Dockerfile ships exactly this, and
# tests/image/run.sh runs it.
#   packaging/image-root.sh BINARY ROOT
set -euo pipefail
binary="$(realpath "$1")"
root="$2"
source="$(cd "$(dirname "$0")/.." && pwd)"
user=65532

mkdir -p "$root"/{etc/budget,etc/ssl,tmp,proc,dev,var/lib/budget,var/lib/dpkg/status.d,usr/{bin,lib,lib64,share}}
for folder in bin lib lib64; do ln -sfn "usr/$folder" "$root/$folder"; done

strip -o "$root/usr/bin/budget" "$binary"
programs=(/usr/bin/bash /usr/bin/cat /usr/bin/sleep)
install -m 755 "${programs[@]}" "$root/usr/bin"
install -m 755 "$source/packaging/budget-ready" "$root/usr/bin/budget-ready"

# What ldd prints is all of it: libraries of libraries too.
mapfile -t libraries < <(ldd "$binary" "${programs[@]}" |
  awk '$2 == "=>" {print $3} $1 ~ /^\// && $1 !~ /:$/ {print $1}' | sort -u)
for library in "${libraries[@]}"; do
  target="$root$(realpath -s "$library")"
  mkdir -p "$(realpath "$(dirname "$target")")"
  cp -L "$library" "$target"
done

cp -a /etc/ssl/certs "$root/etc/ssl/"
cp -a /usr/share/ca-certificates /usr/share/zoneinfo "$root/usr/share/"
rm -rf "$root/usr/share/zoneinfo"/{posix,right}
# Where OpenSSL looks for authorities.
mkdir -p "$root/usr/lib/ssl"
ln -sfn /etc/ssl/certs "$root/usr/lib/ssl/certs"

install -m 644 "$source/configs/budget.yaml" "$source/configs/demo.yaml" "$root/etc/budget"
echo "hosts: files dns" > "$root/etc/nsswitch.conf"
printf 'root:x:0:0::/:/bin/false\nbudget:x:%d:%d::/var/lib/budget:/bin/false\n' $user $user > "$root/etc/passwd"
printf 'root:x:0:\nbudget:x:%d:\n' $user > "$root/etc/group"
cp /usr/lib/os-release "$root/etc/os-release"

# By which scanners know what is in it.
for file in "${libraries[@]}" "${programs[@]}" /usr/share/zoneinfo/UTC /etc/ssl/certs/ca-certificates.crt; do
  # A file may be known by its name without /usr, or be made by its package.
  dpkg-query -S "$file" "${file#/usr}" "/usr$file" 2>/dev/null | head -1 | cut -d: -f1 || true
done | sort -u | while read -r package; do
  dpkg-query -s "$package" > "$root/var/lib/dpkg/status.d/$package"
done
dpkg-query -s ca-certificates > "$root/var/lib/dpkg/status.d/ca-certificates"

chmod 1777 "$root/tmp"
chmod 700 "$root/var/lib/budget"
chown $user:$user "$root/var/lib/budget"
