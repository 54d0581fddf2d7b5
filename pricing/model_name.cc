#include "pricing/model_name.h"

#include <algorithm>
#include <array>

namespace budget::pricing {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Matches the end of `name` against a shape of digits ('#') and other
// characters that stand for themselves.
bool ends_in_shape(std::string_view name, std::string_view shape) {
  if (name.size() <= shape.size()) return false;
  const std::string_view end = name.substr(name.size() - shape.size());
  return std::ranges::equal(
      end, shape, [](char c, char want) { return want == '#' ? is_digit(c) : c == want; });
}

constexpr std::string_view piece_ends = "-:@_";

// Words in a model's name that make it another product with another price.
// Cheaper variants ("mini", "lite") are missing on purpose: pricing them as
// the family errs on the safe side.
constexpr std::array product_words = std::to_array<std::string_view>(
    {"audio",      "computer",  "deep",  "embed",    "embedding", "embeddings", "fast",   "guard",
     "high",       "highspeed", "image", "live",     "max",       "moderation", "music",  "online",
     "plus",       "premier",   "pro",   "realtime", "rerank",    "research",   "search", "speech",
     "transcribe", "tts",       "turbo", "ultra",    "video",     "voice"});

bool is_product_word(std::string_view piece) {
  return std::ranges::find(product_words, piece) != product_words.end();
}

// "4", "5.1", "v3", "70b", "8x7b": another version or size, so another price.
bool is_version_or_size(std::string_view piece) {
  if (piece.starts_with('v')) piece.remove_prefix(1);
  const bool sized = !piece.empty() && (piece.back() == 'b' || piece.back() == 'm');
  if (sized) piece.remove_suffix(1);
  if (piece.empty() || !is_digit(piece.front())) return false;
  const bool numeric =
      std::ranges::all_of(piece, [](char c) { return is_digit(c) || c == '.' || c == 'x'; });
  return numeric && (sized || piece.size() < 3 || piece.contains('.'));
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name, bool digits) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    const bool more = p < pattern.size();
    if (more && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (more && (digits && pattern[p] == '#' ? is_digit(name[n])
                                                    : lower(pattern[p]) == lower(name[n]))) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string_view without_resource_path(std::string_view name, std::string_view provider) {
  if (name.starts_with("arn:")) return name.substr(name.rfind('/') + 1);
  constexpr std::string_view models = "models/";
  if (name.starts_with(models) || name.starts_with("publishers/") ||
      name.starts_with("projects/")) {
    const std::size_t at = name.rfind(models);
    return at == std::string_view::npos ? name : name.substr(at + models.size());
  }
  if (name.size() > provider.size() && name.starts_with(provider) && name[provider.size()] == '/') {
    return name.substr(provider.size() + 1);
  }
  return name;
}

std::optional<std::string_view> without_version(std::string_view name) {
  constexpr std::string_view latest = "-latest";
  if (name.size() > latest.size() && name.ends_with(latest)) {
    return name.substr(0, name.size() - latest.size());
  }
  for (const std::string_view shape :
       {"-20##-##-##", "-20######", "@20######", "-v#:#", ":#", "-v1", "-0##", "-####", "-##-##"}) {
    if (ends_in_shape(name, shape)) return name.substr(0, name.size() - shape.size());
  }
  return std::nullopt;
}

std::optional<std::string_view> without_region(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view region = name.substr(0, dot);
  for (const std::string_view known :
       {"us", "eu", "apac", "ap", "au", "jp", "in", "ca", "sa", "me", "uk", "us-gov", "global"}) {
    if (region == known) return name.substr(dot + 1);
  }
  return std::nullopt;
}

std::optional<std::string_view> without_last_piece(std::string_view name) {
  const std::size_t cut = name.find_last_of(piece_ends);
  if (cut == std::string_view::npos || cut == 0) return std::nullopt;
  const std::string_view piece = name.substr(cut + 1);
  // A path belongs to the name: "a:b/c" has no family "a".
  if (piece.contains('/') || is_product_word(piece) || is_version_or_size(piece)) {
    return std::nullopt;
  }
  return name.substr(0, cut);
}

bool names_another_product(std::string_view name, std::string_view pattern) {
  if (name.starts_with("ft:")) return false;
  while (true) {
    const std::size_t end = name.find_first_of(piece_ends);
    const std::string_view piece = name.substr(0, end);
    if (is_product_word(piece) && !pattern.contains(piece)) return true;
    if (end == std::string_view::npos) return false;
    name.remove_prefix(end + 1);
  }
}

}  // namespace budget::pricing
