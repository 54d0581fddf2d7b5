// A price source's list, read once.
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "admin/http_client.h"
#include "admin/price_feed/price_source.h"

namespace budget::admin {

// The list as it is, at most pricing::price_list_bytes_max; a longer one ends
// the exchange. Blocks, at most a quarter of a minute; `stopping` ends it early once
// something arrives. The
// error is a sentence for the operator. `http` null: only files can be read.
[[nodiscard]] std::expected<std::string, std::string> fetch_price_list(
    const PriceSource& source, HttpClient* http, const std::function<bool()>& stopping);

}  // namespace budget::admin
