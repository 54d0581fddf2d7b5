#!/usr/bin/env bash
# Builds Budget and runs it.
#   ./run.sh                the demo: no account, no Redis, everything offline
#   ./run.sh --stop         ends the demo
#   ./run.sh --config FILE  another configuration, in the foreground
#   ./run.sh --build        only builds build/release/budget
set -euo pipefail
cd "$(dirname "$0")"

case "${1:-}" in
  -h|--help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  ""|--build|--stop|--config) ;;
  *) echo "run.sh: unknown option '$1'; see ./run.sh --help" >&2; exit 2 ;;
esac

data=data/demo
pid_file=$data/budget.pid
log_file=$data/budget.log
url=https://127.0.0.1:${BUDGET_PORT:-8013}

running() { [[ -f $pid_file ]] && kill -0 "$(cat $pid_file)" 2>/dev/null; }

if [[ "${1:-}" == --stop ]]; then
  running && kill "$(cat $pid_file)" && echo "The demo is stopping."
  rm -f $pid_file
  exit 0
fi

./scripts/packages.sh build
./scripts/build.sh release budget
[[ "${1:-}" == --build ]] && { echo "Built build/release/budget."; exit 0; }
if [[ "${1:-}" == --config ]]; then
  [[ -n "${2:-}" ]] || { echo "run.sh: --config needs a file" >&2; exit 2; }
  exec build/release/budget serve --config "$2"
fi

mkdir -p $data
if running; then
  echo "The demo is running already."
else
  echo "Starting the demo on $url …"
  nohup build/release/budget serve --config configs/demo.yaml > $log_file 2>&1 < /dev/null &
  echo $! > $pid_file
fi
ready=no
for _ in $(seq 100); do
  curl -fsk "$url/ready" > /dev/null 2>&1 && { ready=yes; break; }
  running || break
  sleep 0.1
done
[[ $ready == yes ]] || { echo "The demo did not start:" >&2; tail -n 5 $log_file >&2; exit 1; }

certificate=$data/tls/self_signed.crt
cat <<TEXT

Budget is running on $url (log: $log_file, end it with ./run.sh --stop).

1. A call that is answered:

   curl --cacert $certificate $url/simulated/v1/chat/completions \\
     -H 'content-type: application/json' -H 'x-budget-component: demo' \\
     -d '{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}'

2. A call that its budget refuses:

   curl --cacert $certificate $url/simulated/v1/chat/completions \\
     -H 'content-type: application/json' -H 'x-budget-component: demo-limited' \\
     -d '{"model":"gpt-4o-mini","max_tokens":100,"messages":[{"role":"user","content":"Hello!"}]}'

3. What was spent (the admin key is in $data/admin.key):

   curl --cacert $certificate $url/api/usage/records -H "x-api-key: \$(cat $data/admin.key)"

TEXT
