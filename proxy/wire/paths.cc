#include "proxy/wire/paths.h"

#include <simdjson.h>

#include <algorithm>

namespace budget::wire {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// ASCII that stands for itself: nothing in it can be escaped, hidden or read in
// two ways.
bool is_literal(std::string_view segment) {
  return std::ranges::all_of(segment, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7F && c != '%' && c != '\\';
  });
}

bool is_dots(std::string_view segment) {
  return segment == "." || segment == "..";
}

}  // namespace

std::string_view take_segment(std::string_view& path) {
  if (!path.starts_with('/')) return {};
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

bool is_plain_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view segment = take_segment(rest);
    if (segment.empty() || is_dots(segment)) return false;
    if (is_literal(segment)) continue;
    if (segment.find('\\') != std::string_view::npos) return false;
    if (!decode_segment(segment)) return false;
    for (const char c : segment) {
      if (static_cast<unsigned char>(c) >= 0x7F) return false;
    }
  }
  return true;
}

std::optional<std::string> decode_segment(std::string_view segment) {
  std::string text;
  if (is_literal(segment)) {
    text = segment;
    if (text.empty() || is_dots(text)) return std::nullopt;
    return text;
  }
  text.reserve(segment.size());
  for (std::size_t i = 0; i < segment.size(); ++i) {
    char c = segment[i];
    if (c == '%') {
      if (i + 2 >= segment.size()) return std::nullopt;
      const int high = hex_digit(segment[i + 1]);
      const int low = hex_digit(segment[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '\\') return std::nullopt;
    text += c;
  }
  if (text.empty() || is_dots(text)) return std::nullopt;
  if (!simdjson::validate_utf8(text.data(), text.size())) return std::nullopt;
  return text;
}

std::string encode_segment(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 0xF];
    }
  }
  return encoded;
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) {
      return pair.substr(std::min(equals + 1, pair.size()));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

}  // namespace budget::wire
