#include "proxy/simulated/text.h"

#include "proxy/simulated/seed.h"

namespace budget::simulated {

void put(std::string& out, Escaped escaped) {
  static constexpr char hex[] = "0123456789abcdef";
  for (const char c : escaped.text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += hex[(c >> 4) & 15];
          out += hex[c & 15];
        } else {
          out += c;
        }
    }
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += alphabet[bits >> 18];
    out += alphabet[(bits >> 12) & 63];
    out += i + 1 < bytes.size() ? alphabet[(bits >> 6) & 63] : '=';
    out += i + 2 < bytes.size() ? alphabet[bits & 63] : '=';
  }
}

std::string make_id(std::string_view prefix, std::uint64_t seed, std::size_t length) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string id(prefix);
  Random random(seed);
  for (std::size_t i = 0; i < length;) {
    // Ten letters from one number: an id must not cost more than the answer.
    std::uint64_t bits = random.next();
    for (int k = 0; k < 10 && i < length; ++k, ++i) {
      id += alphabet[bits % alphabet.size()];
      bits /= alphabet.size();
    }
  }
  return id;
}

}  // namespace budget::simulated
