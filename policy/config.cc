#include "policy/config.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <stdexcept>

#include "policy/config_read.h"
#include "policy/yaml/nearest.h"

namespace budget::policy {
namespace {

constexpr std::size_t name_bytes_max = 64;

bool known_zone(const std::string& name) {
  try {
    return date::locate_zone(name) != nullptr;
  } catch (const std::runtime_error&) {
    return false;  // the library's only way to say no
  }
}

void read_zone(const Section& section, std::string& zone) {
  if (!section.text("timezone", zone) || known_zone(zone)) return;
  std::vector<std::string> zones;
  for (const date::time_zone& known : date::get_tzdb().zones) zones.push_back(known.name());
  const auto near = nearest(zone, zones);
  section.problem("timezone",
                  fmt::format("no such time zone: {}{}", shown(zone),
                              near ? fmt::format("; did you mean '{}'?", *near)
                                   : "; write an IANA name such as Europe/Berlin, or UTC"));
}

// Reads `name` and reports it when it is not a name or was there before.
bool read_name(const Section& section, std::string_view noun, std::string& name,
               std::map<std::string, int>& lines) {
  if (!section.required("name", name, fmt::format("give the {} a name", noun))) return false;
  if (!is_config_name(name)) {
    section.problem("name",
                    fmt::format("a {}'s name is made of letters, digits, '.', '_' and '-'; write "
                                "'{}'",
                                noun, config_name_for(name)));
    return false;
  }
  const auto [first, added] = lines.emplace(name, section.place("name").line);
  if (!added) {
    section.problem("name", fmt::format("the {} '{}' is already on line {}; rename one of the two",
                                        noun, name, first->second));
  }
  return true;
}

std::vector<Tier> read_tiers(const Section& root) {
  std::vector<Tier> tiers;
  for (const YamlMember& member : root.named("tiers")) {
    Tier tier{member.key, {}};
    if (!is_config_name(member.key)) {
      root.reader().problem(
          member.place,
          fmt::format("a tier's name is made of letters, digits, '.', '_' and '-'; write '{}'",
                      config_name_for(member.key)));
    }
    for (auto& [text, place] : root.texts_of(member.value)) tier.models.push_back(text);
    if (member.value.kind == YamlValue::Kind::list && member.value.items.empty()) {
      root.reader().problem(member.value.place,
                            "a tier without models; write globs such as [\"llama-3*\"]");
    }
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

Budget read_budget(const Section& section, const PolicyContext& context,
                   const std::vector<Tier>& tiers, std::map<std::string, int>& names) {
  Budget budget;
  read_name(section, "budget", budget.name, names);
  section.text("owner", budget.owner);
  section.text("description", budget.description);
  read_zone(section, budget.timezone);
  std::map<std::string, int> policy_names;
  for (const Section& part : section.sections("policies")) {
    Policy policy = read_policy(part, context, tiers);
    read_name(part, "policy", policy.name, policy_names);
    policy.id = budget.name + "/" + policy.name;
    check_policy(part, policy, context);
    budget.policies.push_back(std::move(policy));
  }
  if (!section.has("policies")) {
    section.reader().warn(section.place(), "a budget without policies limits nothing");
  }
  return budget;
}

}  // namespace

PolicyConfig read_policy_config(const Section& root, const PolicyContext& context) {
  PolicyConfig config;
  config.tiers = read_tiers(root);
  std::map<std::string, int> names;
  for (const Section& section : root.sections("budgets")) {
    config.budgets.push_back(read_budget(section, context, config.tiers, names));
  }
  return config;
}

bool is_config_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !name.empty() && name.size() <= name_bytes_max && alphanumeric(name[0]) &&
         std::ranges::all_of(
             name, [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

std::string config_name_for(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, name_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || ((c == '.' || c == '_') && !name.empty())) {
      name += static_cast<char>(std::tolower(byte));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "main" : name;
}

}  // namespace budget::policy
