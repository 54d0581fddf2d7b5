// Numbers as JSON writes them, read exactly from their text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace budget::pricing {

// `text` times ten to the power of `power`, as an integer: "1.5e-07" with 12
// is 150,000. Without floating point: what fits is exact. What has a fraction
// left (a price that somebody's program computed in binary,
// "3.0000000000000004e-06") is rounded to the nearest integer, and never to
// nothing: a price above zero stays above zero. nullopt when `text` is no
// number, is negative, or does not fit.
// Cost: linear in `text`.
[[nodiscard]] std::optional<std::int64_t> scaled_number(std::string_view text, int power);

}  // namespace budget::pricing
