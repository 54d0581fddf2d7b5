// A YAML document as a plain tree that knows where everything stands.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "policy/problem_list.h"

namespace budget::policy {

// Bounds of one configuration file. Aliases are expanded, so the number of
// values is bounded too, not only the text.
inline constexpr std::size_t yaml_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t yaml_values_max = 100'000;
inline constexpr std::size_t yaml_depth_max = 32;

// A place in a file, from 1; columns count characters, not bytes.
struct Place {
  int line = 0;
  int column = 0;
};

struct YamlMember;

// One value. Owns everything below it.
struct YamlValue {
  enum class Kind : std::uint8_t {
    null,    // `null` or `~`, written out
    absent,  // nothing at all behind the key
    scalar,
    list,
    map,
  };
  Kind kind = Kind::absent;
  Place place;
  std::string text;                 // scalar: as YAML reads it, nothing expanded
  std::vector<YamlValue> items;     // list
  std::vector<YamlMember> members;  // map, in order, keys unique
};

struct YamlMember {
  std::string key;
  Place place;
  YamlValue value;
};

// Reads the one document in `text`. Refuses what is not UTF-8, repeated keys
// (yaml-cpp keeps both), a second document, an unterminated quotation (yaml-cpp
// takes the rest of the file for its contents), keys that are not text, merge
// keys, and what is past the bounds above. An empty document is a map without
// members. Cost: linear in the text and in the expanded aliases.
[[nodiscard]] std::expected<YamlValue, ProblemList> parse_yaml(std::string_view text,
                                                               const std::string& file);

}  // namespace budget::policy
