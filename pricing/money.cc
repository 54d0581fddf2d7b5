#include "pricing/money.h"

#include <charconv>

namespace budget::pricing {
namespace {

constexpr std::int64_t nano_per_usd = 1'000'000'000;
constexpr std::size_t places_max = 9;

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<Money> parse_usd(std::string_view usd) {
  const bool negative = usd.starts_with('-');
  if (negative) usd.remove_prefix(1);
  const std::size_t point = usd.find('.');
  const std::string_view whole = usd.substr(0, point);
  std::string_view fraction;
  if (point != std::string_view::npos) {
    fraction = usd.substr(point + 1);
    if (fraction.empty()) return std::nullopt;
  }
  if (whole.empty() || fraction.size() > places_max || !all_digits(whole) ||
      !all_digits(fraction)) {
    return std::nullopt;
  }
  std::int64_t nano = 0;
  if (std::from_chars(whole.data(), whole.data() + whole.size(), nano).ec != std::errc{}) {
    return std::nullopt;
  }
  std::int64_t below_one = 0;
  for (std::size_t place = 0; place < places_max; ++place) {
    below_one = below_one * 10 + (place < fraction.size() ? fraction[place] - '0' : 0);
  }
  if (__builtin_mul_overflow(nano, nano_per_usd, &nano) ||
      __builtin_add_overflow(nano, below_one, &nano)) {
    return std::nullopt;
  }
  return Money(negative ? -nano : nano);
}

std::string to_usd(Money amount) {
  // Unsigned, so that the smallest value has a magnitude too.
  const bool negative = amount.value() < 0;
  const auto value = static_cast<std::uint64_t>(amount.value());
  const std::uint64_t magnitude = negative ? 0 - value : value;
  std::string below_one = std::to_string(magnitude % nano_per_usd);
  below_one.insert(0, places_max - below_one.size(), '0');
  return (negative ? "-" : "") + std::to_string(magnitude / nano_per_usd) + "." + below_one;
}

std::string to_usd_short(Money amount) {
  std::string text = to_usd(amount);
  const std::size_t shortest = text.find('.') + 3;
  while (text.size() > shortest && text.back() == '0') text.pop_back();
  return text;
}

}  // namespace budget::pricing
