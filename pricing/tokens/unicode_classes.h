// What the split patterns need to know of a Unicode code point.
#pragma once

#include <cstdint>

namespace budget::pricing {

// Bits of a symbol's class, by Unicode 16. A symbol with none of them is
// punctuation, a control, a symbol, unassigned, or a byte that is not UTF-8.
struct SymbolClass {
  static constexpr std::uint8_t letter = 1;   // \p{L}
  static constexpr std::uint8_t number = 2;   // \p{N}
  static constexpr std::uint8_t space = 4;    // \s, the property White_Space
  static constexpr std::uint8_t newline = 8;  // \r or \n; also `space`
  static constexpr std::uint8_t upper = 16;   // Lu, Lt, Lm, Lo or M
  static constexpr std::uint8_t lower = 32;   // Ll, Lm, Lo or M
};

// A code point's class is in the block of 128 that unicode_blocks names.
extern const std::uint16_t unicode_blocks[8704];
extern const std::uint8_t unicode_classes[];

// The class of a code point. REQUIRES: code_point < 0x110000.
[[nodiscard]] inline std::uint8_t class_of(std::uint32_t code_point) {
  return unicode_classes[unicode_blocks[code_point >> 7] * 128U + (code_point & 127U)];
}

}  // namespace budget::pricing
