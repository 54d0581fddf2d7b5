#include "proxy/wire/media.h"

#include <algorithm>
#include <array>

#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

constexpr std::size_t head_bytes_max = std::size_t{256} << 10U;

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

std::int32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}
std::int32_t big_endian_16(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}
std::int32_t little_endian_16(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at + 1) << 8 | byte_at(bytes, at);
}
std::int32_t little_endian_24(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at + 2) << 16 | little_endian_16(bytes, at);
}

using pricing::ImagePart;

// A JPEG is a chain of segments; a frame header (SOF) holds the size.
ImagePart jpeg_size(std::string_view bytes) {
  std::size_t at = 2;
  while (at + 9 < bytes.size() && byte_at(bytes, at) == 0xFF) {
    const std::int32_t marker = byte_at(bytes, at + 1);
    const bool frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) return {big_endian_16(bytes, at + 7), big_endian_16(bytes, at + 5), false};
    if (marker == 0xFF) {
      ++at;  // a fill byte
    } else {
      at += 2 + static_cast<std::size_t>(big_endian_16(bytes, at + 2));
    }
  }
  return {};
}

ImagePart webp_size(std::string_view bytes) {
  const std::string_view kind = bytes.substr(12, 4);
  if (kind == "VP8X") {
    return {little_endian_24(bytes, 24) + 1, little_endian_24(bytes, 27) + 1, false};
  }
  if (kind == "VP8L") {
    const std::int32_t low = little_endian_24(bytes, 21);
    const std::int32_t high = byte_at(bytes, 24);
    return {(low & 0x3FFF) + 1, ((low >> 14 | high << 10) & 0x3FFF) + 1, false};
  }
  if (kind == "VP8 ") {
    return {little_endian_16(bytes, 26) & 0x3FFF, little_endian_16(bytes, 28) & 0x3FFF, false};
  }
  return {};
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text, std::size_t bytes_max) {
  std::string out;
  out.reserve(std::min(bytes_max, text.size() / 4 * 3 + 3));
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    if (out.size() >= bytes_max || c == '=') break;
    if (c == '\r' || c == '\n' || c == ' ' || c == '\t') continue;
    const int digit = base64_digit(c);
    if (digit < 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> static_cast<unsigned>(held) & 0xFFU));
    }
  }
  return out;
}

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < count ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out.push_back(i <= count ? digits[bits >> (18U - 6U * static_cast<unsigned>(i)) & 0x3FU]
                               : '=');
    }
  }
  return out;
}

ImagePart picture_in(std::string_view base64) {
  const std::optional<std::string> head = decode_base64(base64, head_bytes_max);
  if (!head || head->size() < 32) return {};
  const std::string_view bytes = *head;
  ImagePart size;
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) {
    // Sides of 65536 and more are not accepted by any provider.
    if (big_endian_16(bytes, 16) == 0 && big_endian_16(bytes, 20) == 0) {
      size = {big_endian_16(bytes, 18), big_endian_16(bytes, 22), false};
    }
  } else if (bytes.starts_with("GIF8")) {
    size = {little_endian_16(bytes, 6), little_endian_16(bytes, 8), false};
  } else if (bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") {
    size = webp_size(bytes);
  } else if (bytes.starts_with("\xFF\xD8")) {
    size = jpeg_size(bytes);
  }
  if (size.width <= 0 || size.height <= 0) return {};
  return size;
}

bool says_each_thing_once(JsonElement object) {
  simdjson::dom::object members;
  std::array<std::string_view, 32> names;
  std::size_t count = 0;
  if (object.get(members) != simdjson::SUCCESS) return false;
  for (const auto [name, value] : members) {
    const auto known = names.begin() + static_cast<std::ptrdiff_t>(count);
    if (count == names.size() || std::find(names.begin(), known, name) != known) return false;
    names[count++] = name;
  }
  return true;
}

std::int64_t MediaCount::input_bound(std::size_t body_bytes, std::int64_t overhead) const {
  const std::size_t text = body_bytes - std::min(body_bytes, bytes);
  return std::min(static_cast<std::int64_t>(text) + std::min(tokens, tokens_max) + overhead,
                  tokens_max);
}

}  // namespace budget::wire
