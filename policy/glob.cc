#include "policy/glob.h"

namespace budget::policy {
namespace {

// Where the character after the one at `index` begins.
std::size_t next_character(std::string_view text, std::size_t index) {
  ++index;
  while (index < text.size() && (static_cast<unsigned char>(text[index]) & 0xC0U) == 0x80U) ++index;
  return index;
}

// Only the last star ever has to be reconsidered: what an earlier one could
// take more, the later one can take as well.
bool general_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t retry_from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      retry_from = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next_character(text, t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      t = ++retry_from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

Glob::Glob(std::string_view pattern, Case letters)
    : text_(letters == Case::ignored ? fold(pattern) : std::string(pattern)) {
  if (text_.find_first_of("*?") == std::string::npos) return;
  const std::size_t begin = text_.find_first_not_of('*');
  if (begin == std::string::npos) {
    kind_ = Kind::prefix;
    text_.clear();
    return;
  }
  const std::size_t end = text_.find_last_not_of('*') + 1;
  const std::string core = text_.substr(begin, end - begin);
  if (core.find_first_of("*?") != std::string::npos) {
    kind_ = Kind::general;
    return;
  }
  const bool open_end = end < text_.size();
  kind_ = begin == 0 ? Kind::prefix : open_end ? Kind::contains : Kind::suffix;
  text_ = core;
}

bool Glob::matches(std::string_view text) const {
  switch (kind_) {
    case Kind::exact:
      return text == text_;
    case Kind::prefix:
      return text.starts_with(text_);
    case Kind::suffix:
      return text.ends_with(text_);
    case Kind::contains:
      return text.find(text_) != std::string_view::npos;
    case Kind::general:
      break;
  }
  return general_match(text_, text);
}

std::string Glob::fold(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

}  // namespace budget::policy
