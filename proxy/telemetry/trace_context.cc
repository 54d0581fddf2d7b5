#include "proxy/telemetry/trace_context.h"

#include <algorithm>
#include <cstddef>
#include <span>

namespace budget::telemetry {
namespace {

constexpr std::size_t version_0_length = 55;  // 00-TRACE-SPAN-FLAGS
constexpr std::uint8_t known_flags = 3;       // sampled; random, of the next version

// -1 for anything but a lower-case digit: others are not allowed.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  if (text.size() < version_0_length) return std::nullopt;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext context;
  if (!read_hex(text.substr(0, 2), version) || !read_hex(text.substr(3, 32), context.trace_id) ||
      !read_hex(text.substr(36, 16), context.span_id) || !read_hex(text.substr(53, 2), flags)) {
    return std::nullopt;
  }
  context.flags = flags[0];
  const bool longer = text.size() > version_0_length;
  if (version[0] == 0xff || (version[0] == 0 && longer)) return std::nullopt;
  if (longer && text[version_0_length] != '-') return std::nullopt;
  if (all_zero(context.trace_id) || all_zero(context.span_id)) return std::nullopt;
  return context;
}

std::string traceparent_of(const TraceContext& context) {
  std::string text = "00-";
  text.reserve(version_0_length);
  append_hex(text, context.trace_id);
  text += '-';
  append_hex(text, context.span_id);
  text += '-';
  const std::array<std::uint8_t, 1> flags{static_cast<std::uint8_t>(context.flags & known_flags)};
  append_hex(text, flags);
  return text;
}

std::string hex(const TraceId& id) {
  std::string text;
  append_hex(text, id);
  return text;
}

std::string hex(const SpanId& id) {
  std::string text;
  append_hex(text, id);
  return text;
}

bool sampled_by_id(const TraceId& id, std::int64_t ppm) {
  std::uint64_t random = 0;
  for (std::size_t i = 9; i < id.size(); ++i) random = random << 8 | id[i];
  // Of 2^56 values the highest are sampled, as OpenTelemetry's samplers do it.
  const std::uint64_t refused_ppm = static_cast<std::uint64_t>(1'000'000 - ppm);
  const std::uint64_t threshold = (std::uint64_t{1} << 56) / 1'000'000 * refused_ppm;
  return random >= threshold;
}

}  // namespace budget::telemetry
