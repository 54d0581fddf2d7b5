#!/usr/bin/env bash
# Runs one configuration in the image's root directory, inside namespaces that
# tests/image/run.sh made: inside.sh ROOT demo|gateway|compose|sidecar
set -euo pipefail
root="$1"
name="$2"

ip link set lo up
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount -t tmpfs -o mode=700,uid=65532,gid=65532 none "$root/var/lib/budget"
mount -t tmpfs none "$root/tmp"
mount -t proc none "$root/proc"
# What every engine puts into a container.
mount -t tmpfs none "$root/dev"
for device in null urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
if touch "$root/etc/written" 2> /dev/null; then echo "the root is writable"; exit 1; fi

image=(chroot --userspec=65532:65532 "$root" /usr/bin/bash -c 'cd /var/lib/budget && exec "$@"' -)
file="/etc/budget/$name.yaml"
llm=http://127.0.0.1:8013
admin=http://127.0.0.1:8014
key="$root/var/lib/budget/store/admin.key"
case "$name" in
  demo) llm=https://127.0.0.1:8013; admin=$llm ;;
  compose) admin=$llm ;;
  gateway) file=/etc/budget/gateway-trial.yaml ;;
esac

"${image[@]}" budget check --config "$file"
"${image[@]}" budget serve --config "$file" &
serving=$!
for _ in $(seq 100); do
  curl -fsk "$admin/ready" > /dev/null && break
  kill -0 $serving || { echo "it ended"; exit 1; }
  sleep 0.1
done
curl -fsk "$admin/ready"
curl -fsk "$admin/metrics" | grep '^budget_policy_limit'
"${image[@]}" budget-ready

status() { curl -sk -o /dev/null -w '%{http_code}' "$@"; }
call() {
  status "$llm/simulated/v1/chat/completions" -H 'content-type: application/json' "$@" \
    -d '{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}'
}
expect() { [[ "$1" == "$2" ]] || { echo "$3: $1 instead of $2"; exit 1; }; }
case "$name" in
  demo)
    expect "$(call)" 200 "a call"
    expect "$(call -H 'x-budget-component: demo-limited')" 429 "a call beyond its budget" ;;
  compose)
    expect "$(call)" 200 "a call" ;;
  gateway)
    expect "$(call)" 401 "a call without a key"
    made="$(curl -fs "$admin/api/keys" -H "x-api-key: $(cat "$key")" -d '{"name": "my-app"}' \
      -H 'content-type: application/json' | jq -r '.data.key // .key')"
    expect "$(call -H "authorization: Bearer $made")" 200 "a call with the key that was made"
    expect "$(status "$llm/api/keys" -H "x-api-key: $(cat "$key")")" 404 "the API where calls go" ;;
  sidecar)
    # Its providers are outside, where this cannot reach; that is the answer.
    answer="$(status "$llm/openai/v1/chat/completions" -H 'authorization: Bearer sk-caller' \
      -H 'content-type: application/json' \
      -d '{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}')"
    expect "$answer" 502 "a call to a provider that is not there"
    [[ "$("${image[@]}" cat /proc/self/status | awk '/^Uid/ {print $2}')" == 65532 ]] ;;
esac

kill -TERM $serving
wait $serving || { echo "it ended with $?"; exit 1; }
