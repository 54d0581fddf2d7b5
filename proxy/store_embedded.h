// The store of one process.
#pragma once

#include "proxy/store.h"

namespace budget {

// As open_store(), for `store.kind: embedded`.
[[nodiscard]] std::expected<std::unique_ptr<Store>, std::string> open_embedded_store(
    const Config& config, const policy::Clock& clock, const Log& log);

}  // namespace budget
