// The store of many processes.
#pragma once

#include "proxy/store.h"

namespace budget {

// As open_store(), for `store.kind: redis`. A Redis that does not answer is no
// error: the program starts, is not ready, and does as `on_store_failure` says.
// One that answers and will not do (it evicts, is too old, a replica) is.
[[nodiscard]] std::expected<std::unique_ptr<Store>, std::string> open_redis_store(
    const Config& config, const Log& log);

}  // namespace budget
