// The small languages inside of YAML scalars: durations, sizes, decimals.
// Each returns nullopt when the text is anything else or does not fit. No
// floating point is involved anywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace budget::policy {

// "true" or "false".
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

// A whole number: digits, perhaps after '-'.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

// One or more whole numbers with the units ms, s, m, h, d: "30s", "1h30m".
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest text that parse_duration() reads as `duration`.
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);

// Bytes: a whole number, perhaps with B, KB, MB, GB (powers of 1000) or KiB,
// MiB, GiB (powers of 1024).
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);
// The shortest text that parse_size() reads as `bytes`.
[[nodiscard]] std::string size_text(std::size_t bytes);

// A decimal with at most six places, in parts per million: "0.8" is 800,000.
[[nodiscard]] std::optional<std::int64_t> parse_ppm(std::string_view text);
// "0.8" for 800,000.
[[nodiscard]] std::string ppm_text(std::int64_t ppm);

// US dollars per million tokens as pico-USD per token (at most six places), or
// US dollars per unit as pico-USD per unit (at most nine). Not negative.
[[nodiscard]] std::optional<std::int64_t> parse_rate_per_million(std::string_view usd);
[[nodiscard]] std::optional<std::int64_t> parse_rate_per_unit(std::string_view usd);

}  // namespace budget::policy
