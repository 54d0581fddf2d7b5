// A replica's state store on the Redis of the tests.
#pragma once

#include <memory>

#include "admin/state/redis_state_store.h"
#include "tests/contract/state_contract.h"

namespace budget::admin {

struct RedisReplica {
  explicit RedisReplica(const ledger::RedisOptions& options);

  std::unique_ptr<ledger::RedisLedger> ledger;
  std::unique_ptr<RedisStateStore> store;
};

// A new namespace.
[[nodiscard]] ledger::RedisOptions redis_state_options();

}  // namespace budget::admin
