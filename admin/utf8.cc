#include "admin/utf8.h"

#include <cstddef>
#include <string_view>
#include <utility>

namespace budget::admin {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// The length of the sequence at the start of `text`; 0 when it is ill-formed.
// Source: The Unicode Standard, table 3-7.
std::size_t sequence_length(std::string_view text) {
  const unsigned char first = byte_at(text, 0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) least = 0xA0;
    if (first == 0xED) most = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) least = 0x90;
    if (first == 0xF4) most = 0x8F;
  }
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned char byte = byte_at(text, i);
    if (byte < least || byte > most) return 0;
    least = 0x80;
    most = 0xBF;
  }
  return length;
}

}  // namespace

std::string repaired_utf8(std::string text) {
  std::string_view rest = text;
  std::string repaired;
  bool sound = true;
  while (!rest.empty()) {
    const std::size_t length = sequence_length(rest);
    if (length == 0 && sound) {
      sound = false;
      repaired.assign(text, 0, text.size() - rest.size());
    }
    if (!sound) repaired += length == 0 ? std::string_view("\xEF\xBF\xBD") : rest.substr(0, length);
    rest.remove_prefix(length == 0 ? 1 : length);
  }
  if (!sound) text = std::move(repaired);
  return text;
}

}  // namespace budget::admin
