#include "policy/yaml/scalars.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "pricing/money.h"

namespace budget::policy {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> duration_units = {{
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
    {"ms", 1},
}};

constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> size_units = {{
    {"GiB", std::int64_t{1} << 30},
    {"GB", 1'000'000'000},
    {"MiB", std::int64_t{1} << 20},
    {"MB", 1'000'000},
    {"KiB", std::int64_t{1} << 10},
    {"KB", 1'000},
    {"B", 1},
}};

// Takes the digits off the front of `text`.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<std::int64_t> scaled(std::int64_t number, std::int64_t factor) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(number, factor, &product)) return std::nullopt;
  return product;
}

}  // namespace

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789"));
    std::optional<std::int64_t> part;
    for (const auto& [name, factor] : duration_units) {
      if (name == unit) part = scaled(*number, factor);
    }
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
    text.remove_prefix(unit.size());
  }
  return milliseconds(total);
}

std::string duration_text(milliseconds duration) {
  if (duration.count() == 0) return "0s";
  std::int64_t rest = duration.count();
  std::string text;
  for (const auto& [name, factor] : duration_units) {
    if (rest < factor) continue;
    text += std::to_string(rest / factor);
    text += name;
    rest %= factor;
  }
  return text;
}

std::optional<std::size_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  if (text.empty()) return static_cast<std::size_t>(*number);
  if (text.starts_with(' ')) text.remove_prefix(1);
  for (const auto& [name, factor] : size_units) {
    if (name != text) continue;
    const auto bytes = scaled(*number, factor);
    if (!bytes) return std::nullopt;
    return static_cast<std::size_t>(*bytes);
  }
  return std::nullopt;
}

std::string size_text(std::size_t bytes) {
  if (bytes == 0) return "0";
  for (const auto& [name, factor] : size_units) {
    const auto unit = static_cast<std::size_t>(factor);
    if (bytes % unit == 0) return std::to_string(bytes / unit) + std::string(name);
  }
  return std::to_string(bytes);
}

std::optional<std::int64_t> parse_ppm(std::string_view text) {
  // A millionth of a part is a thousandth of parse_usd()'s billionth.
  const auto billionths = pricing::parse_usd(text);
  if (!billionths || billionths->value() % 1000 != 0) return std::nullopt;
  return billionths->value() / 1000;
}

std::string ppm_text(std::int64_t ppm) {
  std::string text = pricing::to_usd(pricing::Money(ppm * 1000));
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::optional<std::int64_t> parse_rate_per_million(std::string_view usd) {
  const auto nano = pricing::parse_usd(usd);
  if (!nano || nano->value() < 0 || nano->value() % 1000 != 0) return std::nullopt;
  return nano->value() / 1000;
}

std::optional<std::int64_t> parse_rate_per_unit(std::string_view usd) {
  const auto nano = pricing::parse_usd(usd);
  if (!nano || nano->value() < 0) return std::nullopt;
  return scaled(nano->value(), 1000);
}

}  // namespace budget::policy
