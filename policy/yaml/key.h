// A key that the configuration knows: one table feeds the reader, the hints,
// docs/configuration.md and the JSON Schema, so that they cannot disagree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace budget::policy {

struct ConfigKey {
  enum class Kind : std::uint8_t {
    section,  // a map of known keys
    list,     // a list of such maps
    named,    // a map whose keys the user chooses
    mixed,    // a word, or a section, or a list of both; `meaning` says which
    text,
    secret,  // text that is never shown
    flag,    // true or false
    integer,
    duration,
    size,
    money,   // US dollars
    share,   // a decimal, parts of one
    rate,    // US dollars per million tokens or per unit
    choice,  // one of `allowed`
    texts,   // one text or a list of them
    shares,  // a list of shares
  };

  // "listen[].tls.key", "providers.*.url": [] for a list's items, * for a name
  // that the user chooses.
  std::string path;
  Kind kind = Kind::text;
  std::string fallback;  // as it would be written; "" for none
  std::string meaning;   // one sentence or two
  std::vector<std::string> allowed;
};

// What a person reads for a kind: "duration".
[[nodiscard]] std::string name_of(ConfigKey::Kind kind);

}  // namespace budget::policy
