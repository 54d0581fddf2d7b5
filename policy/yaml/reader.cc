#include "policy/yaml/reader.h"

#include <fmt/format.h>

#include <cassert>
#include <cctype>
#include <utility>

#include "policy/yaml/nearest.h"

namespace budget::policy {
namespace {

constexpr std::size_t shown_bytes_max = 60;
constexpr std::size_t secret_run_min = 12;
constexpr std::size_t problems_max = 100;

// Keys and tokens have long runs of letters and digits mixed; someone may have
// put one in the wrong place.
bool looks_secret(std::string_view text) {
  std::size_t run = 0;
  bool digit = false;
  bool letter = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0) {
      run = 0;
      digit = letter = false;
      continue;
    }
    ++run;
    digit = digit || std::isdigit(byte) != 0;
    letter = letter || std::isalpha(byte) != 0;
    if (run >= secret_run_min && digit && letter) return true;
  }
  return false;
}

// The names that may stand directly below `path`.
std::vector<std::string> names_below(const std::vector<ConfigKey>& keys, const std::string& path) {
  const std::string prefix = path.empty() ? "" : path + ".";
  std::vector<std::string> names;
  for (const ConfigKey& key : keys) {
    if (!key.path.starts_with(prefix)) continue;
    const std::string name = key.path.substr(prefix.size());
    if (name.find_first_of(".[*") == std::string::npos && !name.empty()) names.push_back(name);
  }
  return names;
}

// Where else a key of that name may stand; "" when nowhere.
std::string home_of(const std::vector<ConfigKey>& keys, const std::string& name) {
  for (const ConfigKey& key : keys) {
    if (key.path == name) return "the top level";
    if (key.path.ends_with("." + name)) {
      return "'" + key.path.substr(0, key.path.size() - name.size() - 1) + "'";
    }
  }
  return "";
}

}  // namespace

std::string name_of(ConfigKey::Kind kind) {
  using enum ConfigKey::Kind;
  switch (kind) {
    case section:
      return "section";
    case list:
      return "list of sections";
    case named:
      return "map by name";
    case mixed:
      return "see meaning";
    case text:
      return "text";
    case secret:
      return "secret";
    case flag:
      return "true or false";
    case integer:
      return "whole number";
    case duration:
      return "duration";
    case size:
      return "size";
    case money:
      return "US dollars";
    case share:
      return "share";
    case rate:
      return "US dollars";
    case choice:
      return "choice";
    case texts:
      return "text or list of texts";
    case shares:
      return "list of shares";
  }
  return "";
}

ConfigReader::ConfigReader(std::string file, std::vector<ConfigKey> keys,
                           EnvironmentLookup environment, FileLookup files)
    : file_(std::move(file)),
      keys_(std::move(keys)),
      environment_(std::move(environment)),
      files_(std::move(files)) {
  for (std::size_t at = 0; at < keys_.size(); ++at) index_.emplace(keys_[at].path, at);
}

void ConfigReader::problem(Place place, std::string message) {
  if (problems_.size() == problems_max) return;
  problems_.push_back({file_, place.line, place.column, std::move(message)});
}

void ConfigReader::warn(Place place, std::string message) {
  warnings_.push_back({file_, place.line, place.column, std::move(message)});
}

const ConfigKey& ConfigReader::key(const std::string& path) const {
  const auto found = index_.find(path);
  assert(found != index_.end() && "the reader asks for a key that the table does not have");
  return keys_[found->second];
}

void ConfigReader::check_keys(const YamlValue& root) {
  check_members(root, "");
}

void ConfigReader::check_members(const YamlValue& value, const std::string& path) {
  for (const YamlValue& item : value.items) check_members(item, path + "[]");
  if (value.members.empty()) return;
  const bool free_names = index_.contains(path + ".*");
  if (!free_names && names_below(keys_, path).empty()) return;  // the value's reader reports it
  for (const YamlMember& member : value.members) {
    const std::string own = path.empty() ? member.key : path + "." + member.key;
    if (free_names) {
      check_members(member.value, path + ".*");
    } else if (index_.contains(own)) {
      check_members(member.value, own);
    } else {
      unknown_key(member, path);
    }
  }
}

void ConfigReader::unknown_key(const YamlMember& member, const std::string& path) {
  const std::vector<std::string> known = names_below(keys_, path);
  std::string hint;
  const auto near = nearest(member.key, known);
  if (near) {
    hint = fmt::format("; did you mean '{}'?", *near);
  } else if (const std::string home = home_of(keys_, member.key); !home.empty()) {
    hint = fmt::format("; it belongs to {}: check the indentation", home);
  } else {
    hint = hint_for(member.key, known);
  }
  problem(member.place, fmt::format("unknown key {}{}", shown(member.key), hint));
}

std::optional<std::string> ConfigReader::scalar(const YamlValue& value, std::string_view expected) {
  if (value.kind != YamlValue::Kind::scalar) {
    wrong(value, expected);
    return std::nullopt;
  }
  auto expanded = expand_variables(value.text, environment_);
  if (!expanded) {
    problem(value.place, expanded.error());
    return std::nullopt;
  }
  for (const std::string& name : expanded->unset) {
    problem(value.place,
            fmt::format("the environment variable {0} is not set; set it, or write ${{{0}:-…}} "
                        "with a default",
                        name));
  }
  if (!expanded->unset.empty()) return std::nullopt;
  return std::move(expanded->text);
}

std::optional<std::string> ConfigReader::secret(const YamlValue& value, bool may_be_unset) {
  if (value.kind != YamlValue::Kind::scalar) {
    problem(value.place, "expected a secret as text, such as \"${NAME}\"");
    return std::nullopt;
  }
  if (may_be_unset) {
    const auto expanded = expand_variables(value.text, environment_);
    if (expanded && !expanded->unset.empty()) return std::nullopt;
  }
  return scalar(value, "a secret");
}

std::optional<std::string> ConfigReader::variable(std::string_view name) const {
  return environment_(name);
}

std::optional<std::string> ConfigReader::file(const std::string& path, Place place) {
  auto contents = files_(path);
  if (!contents) {
    problem(place,
            fmt::format("cannot read the file '{}': {}; paths are relative to the folder the "
                        "program is started in",
                        path, contents.error()));
    return std::nullopt;
  }
  return *std::move(contents);
}

void ConfigReader::wrong(const YamlValue& value, std::string_view expected, std::string_view hint) {
  problem(value.place, fmt::format("expected {}, found {}{}", expected, shown(value), hint));
}

std::string shown(std::string_view text) {
  if (looks_secret(text)) return "a text that is not shown here";
  if (text.size() > shown_bytes_max) return fmt::format("'{}…'", text.substr(0, shown_bytes_max));
  return fmt::format("'{}'", text);
}

std::string shown(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::absent:
      return "nothing; write a value, or 'null' for none";
    case YamlValue::Kind::null:
      return "null";
    case YamlValue::Kind::scalar:
      return shown(value.text);
    case YamlValue::Kind::list:
      return "a list";
    case YamlValue::Kind::map:
      return "a map";
  }
  return "";
}

}  // namespace budget::policy
