#include "pricing/rate.h"

#include <charconv>

namespace budget::pricing {
namespace {

constexpr std::size_t per_million_places = 6;
constexpr std::size_t per_unit_places = 12;

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The decimal `text` times ten to the power of `places`.
std::optional<std::int64_t> scaled(std::string_view text, std::size_t places) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction;
  if (point != std::string_view::npos) {
    fraction = text.substr(point + 1);
    if (fraction.empty()) return std::nullopt;
  }
  if (whole.empty() || fraction.size() > places || !all_digits(whole) || !all_digits(fraction)) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), value).ec != std::errc{}) {
    return std::nullopt;
  }
  for (std::size_t place = 0; place < places; ++place) {
    const std::int64_t digit = place < fraction.size() ? fraction[place] - '0' : 0;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
      return std::nullopt;
    }
  }
  return value;
}

std::string decimal(std::int64_t value, std::size_t places) {
  std::string digits = std::to_string(value);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, 1, '.');
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

}  // namespace

std::optional<std::int64_t> parse_rate_per_million(std::string_view usd) {
  return scaled(usd, per_million_places);
}

std::optional<std::int64_t> parse_rate_per_unit(std::string_view usd) {
  return scaled(usd, per_unit_places);
}

std::string to_usd_per_million(std::int64_t rate) {
  return decimal(rate, per_million_places);
}

std::string to_usd_per_unit(std::int64_t rate) {
  return decimal(rate, per_unit_places);
}

}  // namespace budget::pricing
