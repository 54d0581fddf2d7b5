// What a policy's keys mean together: contradictions, and names of things that
// do not exist.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/config_read.h"
#include "policy/glob.h"
#include "policy/yaml/nearest.h"

namespace budget::policy {
namespace {

bool any_matches(const std::vector<std::string>& globs, std::string_view name) {
  return globs.empty() ||
         std::ranges::any_of(globs, [&](const auto& glob) { return Glob(glob).matches(name); });
}

constexpr std::array<std::string_view, 6> limit_keys = {"cost_limit",        "token_limit",
                                                        "input_token_limit", "output_token_limit",
                                                        "request_limit",     "concurrent_limit"};

bool shares_format(const ProviderFacts& a, const ProviderFacts& b) {
  return std::ranges::any_of(a.formats, [&](const auto& format) {
    return std::ranges::find(b.formats, format) != b.formats.end();
  });
}

std::vector<std::string> names_of(const std::vector<ProviderFacts>& providers) {
  std::vector<std::string> names;
  for (const ProviderFacts& provider : providers) names.push_back(provider.name);
  return names;
}

// The places of the models in the policy's downgrades.
void check_downgrade(const Section& section, const YamlValue& models, const Policy& policy,
                     const PolicyContext& context) {
  ConfigReader& reader = section.reader();
  const std::vector<std::string> names = names_of(context.providers);
  const auto check = [&](const YamlValue& model) {
    const std::size_t slash = model.text.find('/');
    if (model.kind != YamlValue::Kind::scalar || slash == std::string::npos) return;
    const std::string name = model.text.substr(0, slash);
    const auto target = std::ranges::find(context.providers, name, &ProviderFacts::name);
    if (target == context.providers.end()) {
      reader.problem(model.place,
                     fmt::format("downgrade to '{}': there is no provider '{}'{} (a model whose "
                                 "name has a '/' needs its provider in front of it)",
                                 model.text, name, hint_for(name, names)));
      return;
    }
    const bool possible = std::ranges::any_of(context.providers, [&](const ProviderFacts& from) {
      return any_matches(policy.match.provider, from.name) && shares_format(from, *target);
    });
    if (!possible) {
      reader.problem(model.place,
                     fmt::format("downgrade to '{}': the provider '{}' speaks another wire format "
                                 "than the policy's calls; name a model of the same format",
                                 model.text, name));
    }
  };
  if (models.kind == YamlValue::Kind::scalar) check(models);
  for (const YamlValue& model : models.items) check(model);
  if (models.kind == YamlValue::Kind::list && models.items.empty()) {
    reader.problem(models.place, "a downgrade without models; name at least one");
  }
}

void check_actions(const Section& section, const Policy& policy, const PolicyContext& context) {
  const YamlValue* actions = section.value("when_exceeded");
  if (actions == nullptr || actions->items.empty()) return;
  if (policy.type == PolicyType::ignore || policy.type == PolicyType::warn) {
    section.problem("when_exceeded",
                    "a policy of this type refuses nothing, so when_exceeded never happens; "
                    "remove it, or make the type hard_limit");
  }
  const Limits& limits = policy.limits;
  const bool output_counts = limits.cost || limits.tokens || limits.output_tokens;
  bool clamps = false;
  for (const YamlValue& item : actions->items) {
    if (item.text == "clamp") {
      if (clamps) section.reader().problem(item.place, "clamp is in the list twice; keep one");
      clamps = true;
      if (!output_counts && limits != Limits{}) {
        section.reader().problem(item.place,
                                 "clamp lowers the output, and no limit here depends on it; add a "
                                 "cost_limit, token_limit or output_token_limit, or remove clamp");
      }
    }
    for (const YamlMember& member : item.members) {
      if (member.key == "downgrade") check_downgrade(section, member.value, policy, context);
    }
  }
}

}  // namespace

void check_patterns(const Section& match, std::string_view name, std::string_view noun,
                    const std::vector<std::string>& known) {
  for (const auto& [pattern, place] : match.placed_texts(name)) {
    const Glob glob(pattern);
    const bool found = std::ranges::any_of(
        known, [&](const std::string& candidate) { return glob.matches(candidate); });
    if (found) continue;
    match.reader().problem(
        place, fmt::format("{} matches no {}{}", shown(pattern), noun, hint_for(pattern, known)));
  }
}

void check_policy(const Section& section, const Policy& policy, const PolicyContext& context) {
  ConfigReader& reader = section.reader();
  const bool states_a_limit =
      std::ranges::any_of(limit_keys, [&](std::string_view name) { return section.has(name); });
  if (policy.type != PolicyType::ignore && !states_a_limit) {
    reader.problem(
        section.place(),
        "this policy has no limit; add a cost_limit, token_limit, input_token_limit, "
        "output_token_limit, request_limit or concurrent_limit, or make its type ignore");
  }
  if (policy.priority_bypass && policy.type != PolicyType::soft_limit) {
    section.problem("priority_bypass",
                    "priority_bypass contradicts this type: nothing goes through past a limit; "
                    "remove it, or make the type soft_limit");
  }
  if (section.has("action_threshold") && policy.type != PolicyType::soft_limit &&
      policy.action_threshold_ppm != 1'000'000) {
    section.problem("action_threshold",
                    "action_threshold is for the type soft_limit; a hard_limit acts at 1; remove "
                    "it, or change the type");
  }
  if (policy.type == PolicyType::soft_limit && section.has("action_threshold") &&
      policy.warning_threshold_ppm > policy.action_threshold_ppm) {
    section.warn("action_threshold", "calls are refused before the warning_threshold is reached");
  }
  const Section match = section.section("match");
  check_patterns(match, "provider", "configured provider", names_of(context.providers));
  check_patterns(match, "operation", "metered operation", context.operations);
  check_actions(section, policy, context);
}

}  // namespace budget::policy
