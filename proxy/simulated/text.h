// Putting JSON text together without a tree in between: an answer is made
// for every call of a benchmark, so it has to be cheap.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace budget::simulated {

// `text` as the inside of a JSON string, and with its quotes.
struct Escaped {
  std::string_view text;
};
struct Quoted {
  std::string_view text;
};

inline void put(std::string& out, std::string_view raw) {
  out += raw;
}
void put(std::string& out, Escaped escaped);
inline void put(std::string& out, Quoted quoted) {
  out += '"';
  put(out, Escaped{quoted.text});
  out += '"';
}
template <std::integral Number>
  requires(!std::same_as<Number, bool> && !std::same_as<Number, char>)
void put(std::string& out, Number number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

// Appends every part: text as it is, Quoted and Escaped as JSON, integers in
// decimal.
template <class... Parts>
void append(std::string& out, const Parts&... parts) {
  (put(out, parts), ...);
}
template <class... Parts>
[[nodiscard]] std::string concat(const Parts&... parts) {
  std::string out;
  append(out, parts...);
  return out;
}

void append_base64(std::string& out, std::string_view bytes);

// "chatcmpl-" and the like, and `length` letters and digits drawn from `seed`.
[[nodiscard]] std::string make_id(std::string_view prefix, std::uint64_t seed, std::size_t length);

}  // namespace budget::simulated
