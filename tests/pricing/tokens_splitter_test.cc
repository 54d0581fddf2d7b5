#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pricing/tokens/pretokenizer.h"

namespace budget::pricing {
namespace {

using Pieces = std::vector<std::string>;

Pieces split(Encoding encoding, std::string_view text) {
  Pieces pieces;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char* const next = piece_end_of(encoding)(at, end);
    EXPECT_GT(next, at);
    EXPECT_LE(next, end);
    if (next <= at) break;
    pieces.emplace_back(at, next);
    at = next;
  }
  return pieces;
}

struct Case {
  std::string_view text;
  Pieces o200k;
  Pieces cl100k;
};

TEST(TokenSplitter, CutsWhereOpenAisPatternsDo) {
  const std::vector<Case> cases = {
      {"Hello, world!", {"Hello", ",", " world", "!"}, {"Hello", ",", " world", "!"}},
      // A contraction ends the word before it, or is a piece of its own.
      {"don'that IT'S", {"don't", "hat", " IT'S"}, {"don", "'t", "hat", " IT", "'S"}},
      {"he'\u017F we'RE", {"he'\u017F", " we'RE"}, {"he", "'\u017F", " we", "'RE"}},
      {"x'r", {"x", "'r"}, {"x", "'r"}},
      {"'", {"'"}, {"'"}},
      // A capital begins a new word after small letters in o200k_base.
      {"camelCaseHTTPServer", {"camel", "Case", "HTTPServer"}, {"camelCaseHTTPServer"}},
      {"ABC", {"ABC"}, {"ABC"}},
      // Letters without case can end the first pattern: the rest is a new word.
      {"AB\u4E2DCD", {"AB\u4E2D", "CD"}, {"AB\u4E2DCD"}},
      {"!AB\u4E2DCDe", {"!AB\u4E2DCDe"}, {"!AB\u4E2DCDe"}},
      // A mark alone is a word; before capitals it stays alone.
      {"\u0301", {"\u0301"}, {"\u0301"}},
      {"\u0301AB", {"\u0301", "AB"}, {"\u0301AB"}},
      {"\u0301ab", {"\u0301ab"}, {"\u0301ab"}},
      {"e\u0301a", {"e\u0301a"}, {"e", "\u0301a"}},
      {"12345 6", {"123", "45", " ", "6"}, {"123", "45", " ", "6"}},
      {"\u0663\u00BD", {"\u0663\u00BD"}, {"\u0663\u00BD"}},
      // Only o200k_base takes slashes after a newline.
      {"a;\n//b", {"a", ";\n//", "b"}, {"a", ";\n", "//", "b"}},
      {" .\r\n/\n", {" .\r\n/\n"}, {" .\r\n", "/\n"}},
      {"a  b", {"a", " ", " b"}, {"a", " ", " b"}},
      {"a   ", {"a", "   "}, {"a", "   "}},
      {"a \n\n  b", {"a", " \n\n", " ", " b"}, {"a", " \n\n", " ", " b"}},
      {"\n  ", {"\n", "  "}, {"\n", "  "}},
      {"a\tb\t1", {"a", "\tb", "\t", "1"}, {"a", "\tb", "\t", "1"}},
      // U+0085 and U+3000 are spaces, U+FEFF is not.
      {"\u0085\u3000 \uFEFF", {"\u0085\u3000", " \uFEFF"}, {"\u0085\u3000", " \uFEFF"}},
      {"", {}, {}},
  };
  for (const auto& [text, o200k, cl100k] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(split(Encoding::o200k_base, text), o200k);
    EXPECT_EQ(split(Encoding::cl100k_base, text), cl100k);
  }
}

TEST(TokenSplitter, TakesBytesThatAreNotUtf8AsSymbolsWithoutClass) {
  // A stray continuation, an overlong form, a surrogate, a code point that does
  // not exist, and sequences that are cut short: punctuation, byte by byte.
  for (const std::string_view bad :
       {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8", "\xFF",
        "\xC3", "\xE4\xB8", "\xF0\x9F\x98"}) {
    for (const auto encoding : {Encoding::o200k_base, Encoding::cl100k_base}) {
      const std::string text = "1" + std::string(bad) + "1";
      EXPECT_EQ(split(encoding, text), (Pieces{"1", std::string(bad), "1"}));
      EXPECT_EQ(split(encoding, bad), (Pieces{std::string(bad)}));
    }
  }
}

}  // namespace
}  // namespace budget::pricing
