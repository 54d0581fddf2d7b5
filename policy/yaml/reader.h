// One reading of a configuration: what is wrong with it, and where.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/problem_list.h"
#include "policy/yaml/document.h"
#include "policy/yaml/expand.h"
#include "policy/yaml/key.h"

namespace budget::policy {

// Reads a file that the configuration names; the error is a sentence.
using FileLookup = std::function<std::expected<std::string, std::string>(const std::string& path)>;

// Collects problems and warnings, expands variables, reads files. Sections
// point to it: keep it alive as long as they are. Not thread-safe.
class ConfigReader {
 public:
  ConfigReader(std::string file, std::vector<ConfigKey> keys, EnvironmentLookup environment,
               FileLookup files);

  void problem(Place place, std::string message);
  void warn(Place place, std::string message);
  [[nodiscard]] ProblemList& problems() { return problems_; }
  [[nodiscard]] ProblemList& warnings() { return warnings_; }

  // Reports every key below `root` that the table does not know, with the
  // nearest one that it does.
  void check_keys(const YamlValue& root);
  // REQUIRES: the table has `path`.
  [[nodiscard]] const ConfigKey& key(const std::string& path) const;

  // A scalar's text with variables put in; nullopt, and reported, when it is
  // no scalar or a variable has no value.
  [[nodiscard]] std::optional<std::string> scalar(const YamlValue& value,
                                                  std::string_view expected);
  // The same for a secret: never shown, and nullopt without a report when a
  // variable has no value and `may_be_unset`.
  [[nodiscard]] std::optional<std::string> secret(const YamlValue& value, bool may_be_unset);
  [[nodiscard]] std::optional<std::string> variable(std::string_view name) const;
  // The file's contents, or a report at `place`.
  [[nodiscard]] std::optional<std::string> file(const std::string& path, Place place);

  // Reports "expected …, found …" at `value`.
  void wrong(const YamlValue& value, std::string_view expected, std::string_view hint = {});

 private:
  void check_members(const YamlValue& value, const std::string& path);
  void unknown_key(const YamlMember& member, const std::string& path);

  std::string file_;
  std::vector<ConfigKey> keys_;
  std::unordered_map<std::string, std::size_t> index_;  // of keys_, by path
  EnvironmentLookup environment_;
  FileLookup files_;
  ProblemList problems_;
  ProblemList warnings_;
};

// What a value is, for a message: "'soon'" (as written, variables not put in),
// "a list". Text that looks like a secret, and what is long, is not shown.
[[nodiscard]] std::string shown(const YamlValue& value);
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace budget::policy
