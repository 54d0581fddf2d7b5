// Prices in JSON.
#pragma once

#include "admin/answer.h"
#include "pricing/catalog.h"

namespace budget::admin {

// Rates as decimals: USD per million tokens, or per unit for what is not
// counted in tokens.
[[nodiscard]] json::object to_json(const pricing::Rates& rates);
[[nodiscard]] json::object to_json(const pricing::Price& price);

// How a price was found, and what then is paid.
[[nodiscard]] json::object to_json(const pricing::FoundPrice& found);

}  // namespace budget::admin
