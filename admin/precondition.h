// If-Match: a change of what was read, and of nothing else.
#pragma once

#include <optional>
#include <string_view>

#include "admin/answer.h"

namespace budget::admin {

// Why a change may not be made to an item with `etag`; nullopt when it may, as
// when `if_match` is empty. `if_match` is the header's text: `*`, or ETags.
[[nodiscard]] std::optional<Failure> precondition(std::string_view if_match, std::string_view etag);

}  // namespace budget::admin
