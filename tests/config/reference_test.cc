// The key table, the reader, the reference file, the documentation and the
// schema say the same. BUDGET_UPDATE=1 writes the generated ones anew.
#include "proxy/config_reference.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "policy/yaml/document.h"
#include "proxy/config_read.h"
#include "tests/config/fixture.h"

namespace budget {
namespace {

using policy::ConfigKey;
using policy::YamlValue;
using Kind = ConfigKey::Kind;

const std::string root = BUDGET_SOURCE_DIR;

std::string contents_of(const std::string& path) {
  std::ifstream file(root + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool updating() {
  return std::getenv("BUDGET_UPDATE") != nullptr;
}

// The documents' text with everything between the marks replaced.
std::string with_reference(const std::string& document) {
  const std::string begin = "<!-- keys: generated, see tests/config/reference_test.cc -->\n";
  const std::string end = "<!-- end of keys -->";
  const std::size_t from = document.find(begin);
  const std::size_t to = document.find(end);
  if (from == std::string::npos || to == std::string::npos) return "no marks";
  return document.substr(0, from + begin.size()) + config_reference() + "\n" + document.substr(to);
}

void expect_current(const std::string& path, const std::string& text) {
  if (updating()) std::ofstream(root + path) << text;
  EXPECT_TRUE(contents_of(path) == text)
      << path << " is not current; run config_test with BUDGET_UPDATE=1 and look at the difference";
}

TEST(Reference, DocumentationIsCurrent) {
  expect_current("/docs/configuration.md", with_reference(contents_of("/docs/configuration.md")));
}

TEST(Reference, SchemaIsCurrent) {
  expect_current("/configs/schema/budget.schema.json", config_schema());
}

TEST(Reference, HasEachKeyOnceAndWithItsParent) {
  std::set<std::string> paths;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path << " is there twice";
    EXPECT_FALSE(key.meaning.empty()) << key.path;
    const std::size_t dot = key.path.rfind('.');
    if (dot == std::string::npos) continue;
    std::string parent = key.path.substr(0, dot);
    if (parent.ends_with("[]")) parent.resize(parent.size() - 2);
    EXPECT_TRUE(paths.contains(parent)) << key.path << " stands before its parent";
    EXPECT_EQ(key.kind == Kind::choice, !key.allowed.empty() && key.kind != Kind::mixed)
        << key.path;
  }
}

// "a[].*.b" as YAML with `value` at its end.
std::string yaml_at(std::string path, const std::string& value) {
  if (path.empty()) return value;
  if (path.starts_with("[]")) {
    path.erase(0, path.starts_with("[].") ? 3 : 2);
    return "[" + yaml_at(path, value) + "]";
  }
  const std::size_t end = path.find_first_of(".[");
  const std::string name = path.substr(0, end);
  std::string rest = end == std::string::npos ? "" : path.substr(end);
  if (rest.starts_with('.')) rest.erase(0, 1);
  // The steering of a provider that is not simulated is not looked at.
  const std::string format =
      name == "*" && rest.starts_with("simulated") ? "format: simulated, " : "";
  const std::string inner = yaml_at(rest, value);
  return "{" + (name == "*" ? "x" : name) + ": " +
         (format.empty() ? inner : "{" + format + inner.substr(1)) + "}";
}

TEST(Reference, HasOnlyKeysThatAreRead) {
  for (const ConfigKey& key : config_keys()) {
    const bool of_maps =
        key.kind == Kind::section || key.kind == Kind::list || key.kind == Kind::named;
    const std::string nonsense = of_maps ? "nonsense" : "[[1]]";
    const std::string text = yaml_at(key.path, nonsense) + "\n";
    const auto config = parse(text);
    ASSERT_FALSE(config) << text;
    const auto at = static_cast<int>(text.find(nonsense));
    bool found = false;
    for (const policy::ConfigProblem& problem : config.error()) {
      EXPECT_FALSE(problem.message.starts_with("unknown key")) << problem.to_string() << "\n"
                                                               << text;
      found = found || (problem.message.starts_with("expected ") && problem.column > at &&
                        problem.column <= at + 2);
    }
    EXPECT_TRUE(found) << key.path << " is not read: " << text << words_of(config.error());
  }
}

TEST(Reference, FileNamesEveryKey) {
  const std::string text = contents_of("/configs/budget.yaml");
  for (const ConfigKey& key : config_keys()) {
    const std::string name = key.path.substr(key.path.find_last_of(".[") + 1);
    if (name == "*" || name == "]") continue;
    bool found = false;
    for (std::size_t at = text.find(name + ":"); at != std::string::npos;
         at = text.find(name + ":", at + 1)) {
      found =
          found || (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '{' || text[at - 1] == '\n'));
    }
    EXPECT_TRUE(found) << key.path << " is not in configs/budget.yaml";
  }
}

std::string flow(const YamlValue& value) {
  if (value.kind == YamlValue::Kind::scalar) return value.text;
  if (value.kind == YamlValue::Kind::map) return value.members.empty() ? "{}" : "{…}";
  if (value.kind != YamlValue::Kind::list) return "";
  std::string text = "[";
  for (const YamlValue& item : value.items) text += (text.size() > 1 ? ", " : "") + flow(item);
  return text + "]";
}

// The value in the reference file at a path; the first entry stands for a list
// or a map by name.
const YamlValue* value_at(const YamlValue& from, std::string path) {
  const YamlValue* value = &from;
  while (!path.empty()) {
    if (path.starts_with("[]")) {
      if (value->items.empty()) return nullptr;
      value = &value->items.front();
      path.erase(0, 2);
    } else {
      if (path.starts_with('.')) path.erase(0, 1);
      const std::string name = path.substr(0, path.find_first_of(".["));
      path.erase(0, name.size());
      const YamlValue* next = nullptr;
      for (const auto& member : value->members) {
        if (next == nullptr && (member.key == name || name == "*")) next = &member.value;
      }
      if (next == nullptr) return nullptr;
      value = next;
    }
  }
  return value;
}

TEST(Reference, FileHasTheTablesDefaults) {
  const auto document = policy::parse_yaml(contents_of("/configs/budget.yaml"), "budget.yaml");
  ASSERT_TRUE(document);
  int compared = 0;
  for (const ConfigKey& key : config_keys()) {
    const YamlValue* value = value_at(*document, key.path);
    if (value == nullptr || key.fallback.empty()) continue;
    if (key.path == "tiers" || key.path.ends_with("policies") || key.path == "budgets") continue;
    EXPECT_EQ(flow(*value), key.fallback) << key.path;
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

}  // namespace
}  // namespace budget
