// Decimal prices, as people and price lists write them, to exact rates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pricing/price.h"

namespace budget::pricing {

// Pico-USD per token of a decimal number of USD per million tokens: "2.50" is
// 2,500,000. At most six decimal places, no sign, no exponent. nullopt when
// `usd` is anything else or does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_rate_per_million(std::string_view usd);

// Pico-USD per unit (image, second, character, search, request) of a decimal
// number of USD: at most twelve decimal places. Otherwise as above.
[[nodiscard]] std::optional<std::int64_t> parse_rate_per_unit(std::string_view usd);

// The inverse of each, with no trailing zeros: 2,500,000 is "2.5".
[[nodiscard]] std::string to_usd_per_million(std::int64_t rate);
[[nodiscard]] std::string to_usd_per_unit(std::int64_t rate);

// Every rate by its name in the catalog and in the configuration. For reading
// and writing rates in one loop; `per_token` tells the unit.
struct RateField {
  std::string_view name;
  Rate Rates::* member;
  bool per_token;
};
inline constexpr RateField rate_fields[] = {
    {"input", &Rates::input, true},
    {"cache_read", &Rates::cache_read, true},
    {"cache_write_5m", &Rates::cache_write_5m, true},
    {"cache_write_1h", &Rates::cache_write_1h, true},
    {"audio_input", &Rates::audio_input, true},
    {"image_input", &Rates::image_input, true},
    {"output", &Rates::output, true},
    {"reasoning", &Rates::reasoning, true},
    {"audio_output", &Rates::audio_output, true},
    {"image_output", &Rates::image_output, true},
    {"image", &Rates::image, false},
    {"audio_second", &Rates::audio_second, false},
    {"character", &Rates::character, false},
    {"search_unit", &Rates::search_unit, false},
    {"request", &Rates::request, false},
};

}  // namespace budget::pricing
