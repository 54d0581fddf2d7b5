// What is said on a new connection before the first command, and which servers
// will not do.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "policy/ledger/redis_address.h"

namespace budget::ledger {

// AUTH, SELECT, CLIENT SETNAME and, last, INFO.
[[nodiscard]] std::vector<std::string> greeting_of(const RedisAddress& address);

// Judges a server by its INFO. Unfit: older than Redis 6.2, a replica, still
// loading, or one that evicts keys when its memory is full, for then a counter
// or a hold could vanish. The error is one sentence that says what to change.
[[nodiscard]] std::expected<void, std::string> fit_for_ledger(std::string_view info);

// What makes a server unfit and passes by itself: it loads its data; or it is a
// replica, which a failover promotes.
[[nodiscard]] bool is_loading(std::string_view info);
[[nodiscard]] bool is_replica(std::string_view info);

// The id that a server draws when it starts.
[[nodiscard]] std::string_view run_id_of(std::string_view info);

}  // namespace budget::ledger
