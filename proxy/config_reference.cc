#include "proxy/config_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "proxy/config_read.h"

namespace budget {
namespace {

using policy::ConfigKey;
using Kind = ConfigKey::Kind;

// The part of a path before its first '.' or '[': "listen[].tls" is "listen".
std::string top_of(const std::string& path) {
  return path.substr(0, path.find_first_of(".["));
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

std::string type_words(const ConfigKey& key) {
  if (key.allowed.empty()) return name_of(key.kind);
  std::vector<std::string> words;
  for (const std::string& word : key.allowed) words.push_back(code(word));
  return fmt::format("{}{}", fmt::join(words, ", "), key.kind == Kind::mixed ? " or more" : "");
}

std::string quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::vector<std::string> parts;
  for (const std::string& word : words) {
    parts.push_back(quoted(word));
    if (word == "off") parts.emplace_back("false");  // what YAML 1.1 makes of it
  }
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

// The schema of one level after the other. `indent` is the current line's.
class SchemaWriter {
 public:
  SchemaWriter() : keys_(config_keys()) {}

  // The members of the map at `path`, and nothing else.
  std::string object(const std::string& path, std::size_t indent) const {
    const std::string pad(indent + 2, ' ');
    std::vector<std::string> members;
    for (const ConfigKey& key : keys_) {
      const std::string name = member_name(key.path, path);
      if (name.empty()) continue;
      members.push_back(fmt::format("{}  {}: {}", pad, quoted(name), value(key, indent + 4)));
    }
    return fmt::format(
        "{{\n{0}\"type\": [\"object\", \"null\"],\n{0}\"additionalProperties\": false,\n"
        "{0}\"properties\": {{\n{1}\n{0}}}\n{2}}}",
        pad, fmt::join(members, ",\n"), std::string(indent, ' '));
  }

 private:
  // The key's own name when it stands directly in the map at `path`, else "".
  static std::string member_name(const std::string& key, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    if (!key.starts_with(prefix)) return "";
    const std::string name = key.substr(prefix.size());
    return name.find_first_of(".[*") == std::string::npos ? name : "";
  }

  [[nodiscard]] bool has_members(const std::string& path) const {
    return std::ranges::any_of(
        keys_, [&](const ConfigKey& key) { return !member_name(key.path, path).empty(); });
  }

  [[nodiscard]] std::string named(const ConfigKey& key, std::size_t indent) const {
    const auto entry = std::ranges::find(keys_, key.path + ".*", &ConfigKey::path);
    return fmt::format(
        R"({{"type": ["object", "null"], "description": {}, "additionalProperties": {}}})",
        quoted(key.meaning), value(*entry, indent));
  }

  [[nodiscard]] std::string mixed(const ConfigKey& key, std::size_t indent) const {
    std::vector<std::string> forms = {R"({"enum": )" + quoted_list(key.allowed) + "}"};
    if (has_members(key.path)) forms.push_back(object(key.path, indent));
    if (has_members(key.path + "[]")) {
      const std::string item =
          fmt::format(R"({{"anyOf": [{{"enum": {}}}, {}]}})", quoted_list(key.allowed),
                      object(key.path + "[]", indent));
      forms = {R"({"type": "array", "items": )" + item + "}"};
    }
    forms.emplace_back(R"({"type": "null"})");
    return fmt::format(R"({{"description": {}, "anyOf": [{}]}})", quoted(key.meaning),
                       fmt::join(forms, ", "));
  }

  [[nodiscard]] std::string value(const ConfigKey& key, std::size_t indent) const {
    const std::string described = R"({"description": )" + quoted(key.meaning) + ", ";
    // Every scalar may also be put together from environment variables.
    const std::string or_variable =
        R"({"type": "string", "pattern": "\\$\\{"}, {"type": "null"}]})";
    const auto number = [&](std::string_view type) {
      return fmt::format(R"({}"anyOf": [{{"type": "{}"}}, {})", described, type, or_variable);
    };
    const auto text = [&](std::string_view pattern) {
      return fmt::format(R"({}"anyOf": [{{"type": ["string", "integer"], "pattern": "{}"}}, {})",
                         described, pattern, or_variable);
    };
    switch (key.kind) {
      case Kind::section:
        return object(key.path, indent);
      case Kind::list:
        return fmt::format(R"({}"type": ["array", "null"], "items": {}}})", described,
                           object(key.path + "[]", indent));
      case Kind::named:
        return named(key, indent);
      case Kind::mixed:
        return mixed(key, indent);
      case Kind::flag:
        return number("boolean");
      case Kind::integer:
        return number("integer");
      case Kind::money:
      case Kind::share:
      case Kind::rate:
        return number("number");
      case Kind::duration:
        return text("^([0-9]+(ms|s|m|h|d))+$");
      case Kind::size:
        return text("^[0-9]+ ?(B|KB|KiB|MB|MiB|GB|GiB)?$");
      case Kind::choice:
        return choice(key, described, or_variable);
      case Kind::shares:
        return described + R"("type": ["array", "null"], "items": {"type": "number"}})";
      case Kind::texts:
        return described +
               R"("anyOf": [{"type": ["string", "number", "null"]}, {"type": "array", "items": )"
               R"({"type": ["string", "number"]}}]})";
      case Kind::text:
      case Kind::secret:
        return described + R"("type": ["string", "number", "boolean", "null"]})";
    }
    return "";
  }

  // YAML reads 429 and true as a number and a boolean, and a schema compares
  // types.
  static std::string choice(const ConfigKey& key, const std::string& described,
                            const std::string& or_variable) {
    std::vector<std::string> words;
    for (const std::string& word : key.allowed) {
      const bool bare = word == "true" || word == "false" ||
                        word.find_first_not_of("0123456789") == std::string::npos;
      words.push_back(bare ? word : quoted(word));
    }
    return fmt::format(R"({}"anyOf": [{{"enum": [{}]}}, {})", described, fmt::join(words, ", "),
                       or_variable);
  }

  std::vector<ConfigKey> keys_;
};

}  // namespace

std::string config_reference() {
  std::string text;
  std::string top;
  for (const ConfigKey& key : config_keys()) {
    if (top_of(key.path) != top) {
      top = top_of(key.path);
      text +=
          fmt::format("\n### {}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", top);
    }
    text += fmt::format("| `{}` | {} | {} | {} |\n", key.path, type_words(key), code(key.fallback),
                        key.meaning);
  }
  return text;
}

std::string config_schema() {
  std::string schema = SchemaWriter().object("", 0);
  const std::string head =
      "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
      "  \"title\": \"Budget's configuration\",\n";
  return head + schema.substr(2) + "\n";
}

}  // namespace budget
