// Other people's price lists, as files of our own form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "pricing/catalog.h"
#include "pricing/catalog_json.h"

namespace budget::pricing {

enum class ListFormat : std::uint8_t {
  budget,      // our own, docs/prices.md
  litellm,     // LiteLLM's model_prices_and_context_window.json
  models_dev,  // models.dev's api.json
};

// A longer one is refused before it is looked at. Real ones are 2 MB.
inline constexpr std::size_t price_list_bytes_max = 32U << 20;

// What a list says, one row a model: what costs so much now. Rows have no ids,
// no days and `source` as their source; providers have the catalog's ids.
struct PriceList {
  PriceFile file;
  std::int64_t models = 0;
  // Entries without a price that a call could be charged: none stated, zero
  // (which lists write for "not known", too), negative, or by units that calls
  // do not have.
  std::int64_t skipped = 0;
};

// Sources of both foreign formats (read 2026-11): LiteLLM's own file, its
// `sample_spec` and docs; models.dev's api.json and README. Numbers are read
// from their text, see exact_number.h. A list that has no usable price at all
// is an error, and so is one that is not whole or not of the format.
// `names` turns a list's names of providers into the catalog's.
// Cost: linear in `json`; memory about six times its size.
[[nodiscard]] std::expected<PriceList, std::string> read_price_list(std::string_view json,
                                                                    ListFormat format,
                                                                    std::string_view source,
                                                                    const Catalog& names);

}  // namespace budget::pricing
