#!/usr/bin/env bash
# The fault tests of the ledgers, for as long as you like: random histories with
# seeds that no run before had, and rounds of kills, pauses and failovers.
#   tests/soak.sh BUILD [MINUTES]     e.g. tests/soak.sh build/release 60
# Ends at the first failure, whose seed is in the output.
set -euo pipefail
build="${1:?usage: tests/soak.sh BUILD [MINUTES]}"
minutes="${2:-30}"
end=$((SECONDS + minutes * 60))
round=0
while ((SECONDS < end)); do
  round=$((round + 1))
  export BUDGET_SEED=$((RANDOM * 32768 + RANDOM + 1000000))
  echo "== round $round, seeds from $BUDGET_SEED, $(((end - SECONDS) / 60)) minutes left"
  BUDGET_SEEDS=2000 "$build/tests/ledger/outage_test" --gtest_brief=1
  BUDGET_SEEDS=300 "$build/tests/ledger/ledger_history_test" --gtest_brief=1 \
    --gtest_filter='*LedgerHistories*'
  BUDGET_ROUNDS=60 "$build/tests/ledger/redis_kill_test" --gtest_brief=1
  "$build/tests/ledger/redis_topology_test" --gtest_brief=1
  "$build/tests/ledger/redis_ledger_test" --gtest_brief=1
  "$build/tests/ledger/ledger_kill_test" --gtest_brief=1
done
echo "$round rounds, no failure"
