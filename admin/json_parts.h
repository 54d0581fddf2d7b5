// The pieces that answers are made of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/input.h"
#include "policy/policy.h"
#include "policy/rfc3339.h"
#include "pricing/money.h"

namespace budget::admin {

// `name` in US dollars with nine places, and `name`_nano.
void put_money(json::object& object, std::string_view name, pricing::Money amount);
// The same, null where there is none.
void put_money(json::object& object, std::string_view name, std::optional<pricing::Money> amount);

// Millionths as percent, cut to one place.
[[nodiscard]] double percent_of(std::int64_t ppm);

[[nodiscard]] json::value to_json(std::optional<policy::Time> time);
[[nodiscard]] json::object to_json(const Labels& labels);
[[nodiscard]] json::array to_json(const std::vector<std::string>& texts);
// Only the limits that are stated.
[[nodiscard]] json::object to_json(const policy::Limits& limits);

}  // namespace budget::admin
