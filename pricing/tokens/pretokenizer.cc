#include "pricing/tokens/pretokenizer.h"

#include <array>
#include <cstdint>

#include "pricing/tokens/unicode_classes.h"

namespace budget::pricing {
namespace {

using Bits = std::uint8_t;
constexpr Bits letter = SymbolClass::letter;
constexpr Bits number = SymbolClass::number;
constexpr Bits space = SymbolClass::space;
constexpr Bits newline = SymbolClass::newline;
constexpr Bits upper = SymbolClass::upper;
constexpr Bits lower = SymbolClass::lower;

constexpr std::array<Bits, 128> ascii_classes = [] {
  std::array<Bits, 128> classes{};
  for (unsigned c = 'a'; c <= 'z'; ++c) classes[c] = letter | lower;
  for (unsigned c = 'A'; c <= 'Z'; ++c) classes[c] = letter | upper;
  for (unsigned c = '0'; c <= '9'; ++c) classes[c] = number;
  for (unsigned c = '\t'; c <= '\r'; ++c) classes[c] = space;
  classes[' '] = space;
  classes['\r'] = classes['\n'] = space | newline;
  return classes;
}();

struct Symbol {
  Bits bits;
  std::uint8_t size;
};

constexpr Symbol stray_byte{0, 1};

// A symbol that begins with a byte of 0x80 or more. Refuses what UTF-8 does:
// overlong forms, surrogates, and code points above U+10FFFF.
Symbol multibyte_symbol(const char* at, const char* end) {
  const auto byte = [&](int index) { return static_cast<unsigned char>(at[index]); };
  const auto continues = [&](int index) { return (byte(index) & 0xC0) == 0x80; };
  const std::uint32_t lead = byte(0);
  const auto left = end - at;
  if (lead >= 0xC2 && lead < 0xE0) {
    if (left < 2 || !continues(1)) return stray_byte;
    return {class_of((lead & 0x1F) << 6 | (byte(1) & 0x3FU)), 2};
  }
  if (lead >= 0xE0 && lead < 0xF0) {
    if (left < 3 || !continues(1) || !continues(2)) return stray_byte;
    const std::uint32_t point = (lead & 0xF) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    if (point < 0x800 || (point >= 0xD800 && point < 0xE000)) return stray_byte;
    return {class_of(point), 3};
  }
  if (lead >= 0xF0 && lead < 0xF5) {
    if (left < 4 || !continues(1) || !continues(2) || !continues(3)) return stray_byte;
    const std::uint32_t point =
        (lead & 7) << 18 | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6 | (byte(3) & 0x3FU);
    if (point < 0x10000 || point > 0x10FFFF) return stray_byte;
    return {class_of(point), 4};
  }
  return stray_byte;
}

inline Symbol symbol_at(const char* at, const char* end) {
  const auto byte = static_cast<unsigned char>(*at);
  if (byte < 0x80) return {ascii_classes[byte], 1};
  return multibyte_symbol(at, end);
}

// The end of the run of symbols that have any of `bits`.
inline const char* run_of(Bits bits, const char* at, const char* end) {
  while (at < end) {
    const Symbol symbol = symbol_at(at, end);
    if ((symbol.bits & bits) == 0) break;
    at += symbol.size;
  }
  return at;
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)? — the end of the match, `at` when there is none.
const char* contraction_end(const char* at, const char* end) {
  if (end - at < 2 || *at != '\'') return at;
  const auto small = [&](int index) { return static_cast<char>(at[index] | 0x20); };
  const char first = small(1);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
  if (end - at < 3) return at;
  // U+017F, the long s, is an s when case is ignored.
  if (at[1] == '\xC5' && at[2] == '\xBF') return at + 3;
  const char second = small(2);
  const bool matches = (first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
                       (first == 'l' && second == 'l');
  return matches ? at + 3 : at;
}

// \p{N}{1,3}, of which the first has been seen.
const char* number_end(const char* at, const char* end) {
  for (int digits = 0; digits < 3 && at < end; ++digits) {
    const Symbol symbol = symbol_at(at, end);
    if ((symbol.bits & number) == 0) break;
    at += symbol.size;
  }
  return at;
}

// ` ?[^\s\p{L}\p{N}]+[\r\n]*`, with `/` among the last in o200k_base; nullptr
// when it does not match.
template <bool with_slash>
const char* punctuation_end(const char* at, const char* end) {
  if (*at == ' ') ++at;
  const char* const first = at;
  while (at < end) {
    const Symbol symbol = symbol_at(at, end);
    if ((symbol.bits & (space | letter | number)) != 0) break;
    at += symbol.size;
  }
  if (at == first) return nullptr;
  while (at < end && (*at == '\r' || *at == '\n' || (with_slash && *at == '/'))) ++at;
  return at;
}

// `\s*[\r\n]+|\s+(?!\S)|\s+`, of which one space has been seen: up to the last
// newline of the run of spaces, or all of it at the end of the text, or all but
// the last space, or that one space.
const char* space_end(const char* begin, const char* end) {
  const char* at = begin;
  const char* last = begin;
  const char* newline_end = nullptr;
  while (at < end) {
    const Symbol symbol = symbol_at(at, end);
    if ((symbol.bits & space) == 0) break;
    last = at;
    at += symbol.size;
    if ((symbol.bits & newline) != 0) newline_end = at;
  }
  if (newline_end != nullptr) return newline_end;
  return at == end || last == begin ? at : last;
}

const char* cl100k_piece_end(const char* begin, const char* end) {
  if (const char* const at = contraction_end(begin, end); at != begin) return at;
  const Symbol first = symbol_at(begin, end);
  const char* const after = begin + first.size;
  if ((first.bits & number) != 0) return number_end(begin, end);
  if ((first.bits & letter) != 0) return run_of(letter, after, end);
  if ((first.bits & newline) == 0) {
    if (const char* const at = run_of(letter, after, end); at != after) return at;
  }
  if (const char* const at = punctuation_end<false>(begin, end)) return at;
  return space_end(begin, end);
}

// The letters of o200k_base's two word patterns, from after the optional first
// symbol.
struct CasedWord {
  const char* first_pattern;  // end of [upper]*[lower]+, nullptr when it does not match
  const char* upper_run;      // end of [upper]*
};

CasedWord cased_word(const char* at, const char* end) {
  // Marks and letters without case are both upper and lower: when no lower-case
  // letter follows the run of upper ones, the pattern gives back symbols until
  // the last one that can also be its [lower]+.
  const char* last_lower = nullptr;
  while (at < end) {
    const Symbol symbol = symbol_at(at, end);
    if ((symbol.bits & upper) == 0) {
      if ((symbol.bits & lower) == 0) break;
      return {run_of(lower, at + symbol.size, end), at};
    }
    at += symbol.size;
    if ((symbol.bits & lower) != 0) last_lower = at;
  }
  return {last_lower, at};
}

const char* o200k_piece_end(const char* begin, const char* end) {
  const Symbol first = symbol_at(begin, end);
  if ((first.bits & number) != 0) return number_end(begin, end);
  if ((first.bits & newline) != 0) return space_end(begin, end);

  const char* const letters = (first.bits & letter) != 0 ? begin : begin + first.size;
  const CasedWord word = cased_word(letters, end);
  if (word.first_pattern != nullptr) return contraction_end(word.first_pattern, end);
  // A mark can be the optional first symbol or the word itself; the first
  // pattern is tried both ways before the second pattern is tried at all.
  if ((first.bits & (lower | letter)) == lower) return contraction_end(letters, end);
  if (word.upper_run != letters) return contraction_end(word.upper_run, end);

  if (const char* const at = punctuation_end<true>(begin, end)) return at;
  return space_end(begin, end);
}

}  // namespace

PieceEnd piece_end_of(Encoding encoding) {
  return encoding == Encoding::o200k_base ? o200k_piece_end : cl100k_piece_end;
}

}  // namespace budget::pricing
