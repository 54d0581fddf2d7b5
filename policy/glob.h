// Patterns with `*` (any run, also an empty one) and `?` (one character).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace budget::policy {

// Immutable. There is no escape: `*` and `?` in a pattern are always wild.
class Glob {
 public:
  enum class Case : std::uint8_t { sensitive, ignored };  // ignored: ASCII letters only

  explicit Glob(std::string_view pattern, Case letters = Case::sensitive);

  // Whether the whole of `text` matches. A character is a UTF-8 sequence; a
  // byte that belongs to none is one too. REQUIRES, with Case::ignored: `text`
  // is fold()ed. Cost: O(text) for patterns without `?` and at most two `*`,
  // O(text * pattern) at worst.
  [[nodiscard]] bool matches(std::string_view text) const;

  // Whether the pattern has nothing wild, so that only text() matches.
  [[nodiscard]] bool is_exact() const { return kind_ == Kind::exact; }
  [[nodiscard]] const std::string& text() const { return text_; }

  // `text` with the ASCII letters in lower case.
  [[nodiscard]] static std::string fold(std::string_view text);

 private:
  // The common shapes are told apart once, for they are the fast ones.
  enum class Kind : std::uint8_t { exact, prefix, suffix, contains, general };

  Kind kind_ = Kind::exact;
  std::string text_;  // without the outer stars, but for Kind::general
};

}  // namespace budget::policy
