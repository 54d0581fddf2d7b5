#include "pricing/exact_number.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace budget::pricing {
namespace {

// Longer ones are nobody's price, and would be somebody's attack.
constexpr std::size_t text_bytes_max = 64;
constexpr int exponent_max = 400;

struct Decimal {
  std::string digits;  // no leading zeros; "" is zero
  int point = 0;       // how many of the digits stand before the point
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// By JSON's grammar, but for a sign.
std::optional<Decimal> read_decimal(std::string_view text) {
  if (text.empty() || text.size() > text_bytes_max || !is_digit(text[0])) return std::nullopt;
  if (text.size() > 1 && text[0] == '0' && is_digit(text[1])) return std::nullopt;
  Decimal decimal;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) decimal.digits += text[at];
  decimal.point = static_cast<int>(at);
  if (at < text.size() && text[at] == '.') {
    const std::size_t first = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) decimal.digits += text[at];
    if (at == first) return std::nullopt;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && text[at] == '+') ++at;
    int exponent = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + at, end, exponent);
    if (error != std::errc{} || stop != end) return std::nullopt;
    if (exponent > exponent_max || exponent < -exponent_max) return std::nullopt;
    decimal.point += exponent;
    at = text.size();
  }
  if (at != text.size()) return std::nullopt;
  const std::size_t zeros = std::min(decimal.digits.find_first_not_of('0'), decimal.digits.size());
  decimal.digits.erase(0, zeros);
  decimal.point -= static_cast<int>(zeros);
  return decimal;
}

}  // namespace

std::optional<std::int64_t> scaled_number(std::string_view text, int power) {
  const auto decimal = read_decimal(text);
  if (!decimal) return std::nullopt;
  if (decimal->digits.empty()) return 0;
  const int whole = decimal->point + power;  // digits before the point
  std::int64_t value = 0;
  for (int i = 0; i < whole; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const std::int64_t digit = index < decimal->digits.size() ? decimal->digits[index] - '0' : 0;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
      return std::nullopt;
    }
  }
  const bool rounds_up = whole >= 0 && static_cast<std::size_t>(whole) < decimal->digits.size() &&
                         decimal->digits[static_cast<std::size_t>(whole)] >= '5';
  if (rounds_up && __builtin_add_overflow(value, 1, &value)) return std::nullopt;
  return std::max<std::int64_t>(value, 1);
}

}  // namespace budget::pricing
