// The Redis ledger as a ledger under test, in a namespace of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/ledger/redis_ledger.h"
#include "tests/contract/ledger_contract.h"
#include "tests/ledger/redis_server.h"

namespace budget::ledger {

// Options for a new namespace on `server`, by the clock of the test.
[[nodiscard]] RedisOptions options_for(const RedisServer& server);

// Every record of a namespace, by request id. Throws on an entry that cannot
// be read.
[[nodiscard]] std::vector<UsageRecord> redis_records(RedisServer& server,
                                                     const std::string& name_space);

// The keys of a namespace that match a pattern.
[[nodiscard]] std::vector<std::string> redis_keys(RedisServer& server,
                                                  const std::string& name_space,
                                                  const std::string& pattern);

// Two replicas on one Redis, asked by turns. With faults, every few operations
// Redis is killed and started again, forgets its scripts, or hangs up.
[[nodiscard]] LedgerMaker redis_maker();
[[nodiscard]] LedgerMaker redis_with_faults_maker();
// One whose scripts have a mistake: `right` replaced by `wrong`.
[[nodiscard]] LedgerMaker redis_with_mistake_maker(std::string right, std::string wrong);

}  // namespace budget::ledger
