// What no policy set may hold.
#pragma once

#include <optional>
#include <string>

#include "policy/policy.h"

namespace budget::policy {

// The first thing wrong with `config`, apart from its time zones; nullopt when
// nothing is. The configuration's reader reports most of these earlier and
// with their place; this is the net for whatever comes another way.
[[nodiscard]] std::optional<std::string> problem_in(const PolicyConfig& config);

}  // namespace budget::policy
