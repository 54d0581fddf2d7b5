// Instants as people write them.
#pragma once

#include <optional>
#include <string_view>

#include "policy/clock.h"

namespace budget::admin {

// Reads RFC 3339 ("2026-11-24T13:05:09Z", "…:09.25+01:00"; fractions beyond
// milliseconds are cut off) or a date alone, which is its midnight UTC.
// nullopt for anything else, a date that does not exist and a leap second.
[[nodiscard]] std::optional<policy::Time> parse_time(std::string_view text);

}  // namespace budget::admin
