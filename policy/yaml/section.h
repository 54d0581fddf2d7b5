// A map of the configuration being read, key by key.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/policy.h"
#include "policy/yaml/reader.h"

namespace budget::policy {

// Each getter leaves its target as it is when the key is not there (or null),
// so that a structure's own initial values are the only defaults. A value of
// the wrong type is reported and leaves the target too. Getters return whether
// they set the target. REQUIRES: `name` is in the key table with the getter's
// kind. Points into the document and to the reader; cheap to copy.
class Section {
 public:
  // The document itself.
  Section(ConfigReader& reader, const YamlValue& root);
  // A map at `path` of the key table.
  Section(ConfigReader& reader, const YamlValue* map, std::string path, Place place);

  [[nodiscard]] ConfigReader& reader() const { return *reader_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Place place() const { return place_; }
  // The value's place, else the section's.
  [[nodiscard]] Place place(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return value(name) != nullptr; }
  // nullptr when it is not there or null. Reports a key without a value unless
  // it is a section, a list or a map.
  [[nodiscard]] const YamlValue* value(std::string_view name) const;
  [[nodiscard]] std::string path_of(std::string_view name) const;

  bool text(std::string_view name, std::string& target) const;
  // Reports a missing key.
  bool required(std::string_view name, std::string& target, std::string_view hint) const;
  bool flag(std::string_view name, bool& target) const;
  bool integer(std::string_view name, std::int64_t& target, std::int64_t least,
               std::int64_t most) const;
  template <std::unsigned_integral Integer>
  bool integer(std::string_view name, Integer& target, std::int64_t least,
               std::int64_t most) const {
    std::int64_t number = 0;
    if (!integer(name, number, least, most)) return false;
    target = static_cast<Integer>(number);
    return true;
  }
  bool duration(std::string_view name, std::chrono::milliseconds& target,
                std::chrono::milliseconds least, std::chrono::milliseconds most) const;
  bool size(std::string_view name, std::size_t& target, std::size_t least, std::size_t most) const;
  bool money(std::string_view name, std::optional<Money>& target) const;
  // Parts per million, above 0 and at most `most_ppm`.
  bool share(std::string_view name, std::int64_t& target, std::int64_t most_ppm) const;
  bool shares(std::string_view name, std::vector<std::int64_t>& target) const;
  bool texts(std::string_view name, std::vector<std::string>& target) const;
  // The text and its place each, as texts() has them.
  [[nodiscard]] std::vector<std::pair<std::string, Place>> placed_texts(
      std::string_view name) const;

  // The same for a value at hand: one text, or a list of them.
  [[nodiscard]] std::vector<std::pair<std::string, Place>> texts_of(const YamlValue& value) const;

  // A choice's text, not yet compared with the allowed ones.
  [[nodiscard]] std::optional<std::string> word(std::string_view name) const;
  // One of `words`, which the key table lists too.
  template <class Enum, std::size_t N>
  bool choice(std::string_view name, Enum& target,
              const std::pair<std::string_view, Enum> (&words)[N]) const {
    const std::optional<std::string> written = word(name);
    if (!written) return false;
    for (const auto& [text, meaning] : words) {
      if (text == *written) {
        target = meaning;
        return true;
      }
    }
    not_allowed(name, *written);
    return false;
  }

  // `name`, or the contents of the file that `file_name` names, less one line
  // end; both is a problem. `may_be_unset`: an unset variable means no secret.
  bool secret(std::string_view name, std::string_view file_name, std::string& target,
              bool may_be_unset) const;

  // The map at `name`; one without members when it is not there.
  [[nodiscard]] Section section(std::string_view name) const;
  // The maps of the list at `name`.
  [[nodiscard]] std::vector<Section> sections(std::string_view name) const;
  // The members of a map whose keys the user chooses.
  [[nodiscard]] const std::vector<YamlMember>& named(std::string_view name) const;
  // One such member's value as a map; one without members, and a report, when
  // it is not.
  [[nodiscard]] Section entry(std::string_view name, const YamlMember& member) const;

  void problem(std::string_view name, std::string message) const;
  void warn(std::string_view name, std::string message) const;
  // Reports that `word` is not one of the key's allowed words.
  void not_allowed(std::string_view name, std::string_view word) const;

 private:
  [[nodiscard]] const YamlValue* find(std::string_view name, ConfigKey::Kind kind) const;

  ConfigReader* reader_;
  const YamlValue* map_;
  std::string path_;
  Place place_;
};

}  // namespace budget::policy
