#include "admin/policy_input.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "policy/yaml/reader.h"

namespace budget::admin {
namespace {

using policy::YamlMember;
using policy::YamlValue;

constexpr std::array<std::string_view, 23> keys{"type",
                                                "period",
                                                "reset_day",
                                                "match",
                                                "per",
                                                "cost_limit",
                                                "token_limit",
                                                "input_token_limit",
                                                "output_token_limit",
                                                "request_limit",
                                                "concurrent_limit",
                                                "warning_threshold",
                                                "action_threshold",
                                                "when_exceeded",
                                                "clamp_min_tokens",
                                                "reserve",
                                                "stream_overrun",
                                                "on_client_abort",
                                                "on_store_failure",
                                                "shadow",
                                                "deny_status",
                                                "priority_bypass",
                                                "enabled"};
constexpr std::array<std::string_view, 8> told_keys{
    "id",       "budget_id", "source", "cost_limit_nano", "rolling_seconds",
    "override", "in_force",  "problem"};

// A document's places are lines; here each line is a value, and this says
// which.
class Tree {
 public:
  explicit Tree(const json::object& definition) : root_(of(definition, "")) {}

  [[nodiscard]] const YamlValue& root() const { return root_; }
  [[nodiscard]] std::string field_at(int line) const {
    return line > 0 && static_cast<std::size_t>(line) <= fields_.size()
               ? fields_[static_cast<std::size_t>(line) - 1]
               : "";
  }

 private:
  policy::Place place_of(const std::string& field) {
    fields_.push_back(field);
    return {static_cast<int>(fields_.size()), 1};
  }
  YamlValue of(const json::value& value, const std::string& field);
  YamlValue of(const json::object& object, const std::string& field);

  std::vector<std::string> fields_;
  YamlValue root_;  // the last member: making it fills the others
};

std::string decimal(double number) {
  char text[512];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  return error == std::errc{} ? std::string(text, end) : "";
}

// Nothing of the environment may be put in: the characters themselves are meant.
std::string without_variables(std::string_view text) {
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') literal += '$';
    literal += text[i];
  }
  return literal;
}

std::string scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return without_variables(value.get_string());
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case json::kind::int64:
      return std::to_string(value.get_int64());
    case json::kind::uint64:
      return std::to_string(value.get_uint64());
    case json::kind::double_:
      return decimal(value.get_double());
    default:
      return "";
  }
}

std::string joined(const std::string& field, std::string_view name) {
  return field.empty() ? std::string(name) : field + "." + std::string(name);
}

YamlValue Tree::of(const json::object& object, const std::string& field) {
  YamlValue made;
  made.kind = YamlValue::Kind::map;
  made.place = place_of(field);
  for (const auto& [name, value] : object) {
    if (value.is_null()) continue;
    const std::string own = joined(field, name);
    YamlMember member{std::string(std::string_view(name)), place_of(own), of(value, own)};
    made.members.push_back(std::move(member));
  }
  return made;
}

YamlValue Tree::of(const json::value& value, const std::string& field) {
  if (value.is_object()) return of(value.get_object(), field);
  YamlValue made;
  made.place = place_of(field);
  if (value.is_array()) {
    made.kind = YamlValue::Kind::list;
    std::size_t index = 0;
    for (const json::value& item : value.get_array()) {
      made.items.push_back(of(item, joined(field, std::to_string(index++))));
    }
    return made;
  }
  made.kind = value.is_null() ? YamlValue::Kind::null : YamlValue::Kind::scalar;
  made.text = scalar_text(value);
  return made;
}

json::object tiers_json(const std::vector<policy::Tier>& tiers) {
  json::object object;
  for (const policy::Tier& tier : tiers) {
    json::array models;
    for (const std::string& model : tier.models) models.push_back(json::value(model));
    object[tier.name] = std::move(models);
  }
  return object;
}

// "budgets.0.policies.1.period" is "policies.1.period" to who sent a budget.
std::string without_root(std::string field) {
  constexpr std::string_view root = "budgets.0";
  if (!field.starts_with(root)) return field;
  field.erase(0, root.size());
  if (field.starts_with('.')) field.erase(0, 1);
  return field;
}

bool control_character(const json::value& value) {
  const auto in_text = [](std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  };
  if (value.is_string()) return in_text(value.get_string());
  if (value.is_array()) {
    return std::any_of(value.get_array().begin(), value.get_array().end(), control_character);
  }
  if (!value.is_object()) return false;
  return std::any_of(value.get_object().begin(), value.get_object().end(),
                     [&in_text](const auto& member) {
                       return in_text(member.key()) || control_character(member.value());
                     });
}

json::value period_of(const json::object& sent) {
  const json::value& period = sent.at("period");
  if (!period.is_string() || period.get_string() != "rolling") return period;
  const auto* seconds = sent.if_contains("rolling_seconds");
  if (!seconds || !seconds->is_int64()) return period;
  return json::object{{"rolling", std::to_string(seconds->get_int64()) + "s"}};
}

json::value actions_of(json::value actions) {
  if (!actions.is_array()) return actions;
  for (json::value& action : actions.get_array()) {
    const auto* object = action.if_object();
    const auto* wait = object && object->size() == 1 ? object->if_contains("queue_ms") : nullptr;
    if (wait && wait->is_int64()) {
      action = json::object{{"queue", std::to_string(wait->get_int64()) + "ms"}};
    }
  }
  return actions;
}

json::value partitions_of(json::value partitions) {
  if (!partitions.is_array()) return partitions;
  for (json::value& partition : partitions.get_array()) {
    if (!partition.is_string() || !partition.get_string().starts_with("tag.")) continue;
    partition = "tag:" + std::string(std::string_view(partition.get_string()).substr(4));
  }
  return partitions;
}

}  // namespace

CheckedBudget check_budget(const json::object& definition, const std::vector<policy::Tier>& tiers,
                           const policy::PolicyContext& context) {
  CheckedBudget checked;
  if (control_character(definition)) {
    checked.problems.push_back({"", "holds control characters; write printable text"});
    return checked;
  }
  const Tree tree(json::object{{"tiers", tiers_json(tiers)}, {"budgets", json::array{definition}}});
  policy::ConfigReader reader(
      "", policy::policy_config_keys(), [](std::string_view) { return std::nullopt; },
      [](const std::string&) {
        return std::unexpected(std::string("a request can name no files"));
      });
  reader.check_keys(tree.root());
  policy::PolicyConfig config =
      policy::read_policy_config(policy::Section(reader, tree.root()), context);
  for (const policy::ConfigProblem& problem : reader.problems()) {
    checked.problems.push_back({without_root(tree.field_at(problem.line)), problem.message});
  }
  if (!config.budgets.empty()) checked.budget = std::move(config.budgets.front());
  checked.budget.source = "api";
  for (policy::Policy& each : checked.budget.policies) each.source = "api";
  return checked;
}

std::span<const std::string_view> policy_keys() {
  return keys;
}

std::span<const std::string_view> told_policy_keys() {
  return told_keys;
}

json::object policy_definition(const json::object& sent) {
  json::object definition;
  for (const auto& [name, value] : sent) {
    const std::string_view key = name;
    if (value.is_null() || std::find(told_keys.begin(), told_keys.end(), key) != told_keys.end()) {
      continue;
    }
    if (key == "period") {
      definition[key] = period_of(sent);
    } else if (key == "when_exceeded") {
      definition[key] = actions_of(value);
    } else if (key == "per") {
      definition[key] = partitions_of(value);
    } else {
      definition[key] = value;
    }
  }
  return definition;
}

}  // namespace budget::admin
