// The store of many processes.
#pragma once

#include "proxy/store.h"

namespace budget {

// As open_store(), for `store.kind: redis`. Waits up to ten seconds for a Redis
// that does not answer. Then, as for one that will not do (it evicts, is too
// old, a replica), it is an error: the budgets and keys that were made at run
// time are kept there, and without them calls could pass unseen.
[[nodiscard]] std::expected<std::unique_ptr<Store>, std::string> open_redis_store(
    const Config& config, const Log& log);

}  // namespace budget
