#include "policy/validate.h"

#include <algorithm>
#include <unordered_set>

namespace budget::policy {
namespace {

using Problem = std::optional<std::string>;
constexpr std::int64_t million = 1'000'000;

// Names appear in response headers and on terminals.
bool printable(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

Problem problem_in_name(std::string_view name) {
  if (name.empty()) return "the name is empty";
  if (!printable(name)) return "the name has control characters";
  return std::nullopt;
}

bool any_limit(const Limits& limits) {
  return limits != Limits{};
}

bool negative_limit(const Limits& limits) {
  const auto below_zero = [](const auto& limit) { return limit && limit->value() < 0; };
  const auto count_below_zero = [](const auto& limit) { return limit && *limit < 0; };
  return below_zero(limits.cost) || below_zero(limits.tokens) || below_zero(limits.input_tokens) ||
         below_zero(limits.output_tokens) || count_below_zero(limits.requests) ||
         count_below_zero(limits.concurrent);
}

bool a_share(std::int64_t ppm) {
  return ppm >= 0 && ppm <= million;
}

Problem problem_in_period(const Period& period) {
  if (period.reset_day > 28) return "reset_day must be 1 to 28, or last";
  if (!period.reset_weekday.ok()) return "reset_day must be a day of the week";
  const bool rolling = period.kind == Period::Kind::rolling;
  if (rolling && period.rolling <= std::chrono::seconds{0}) {
    return "a rolling period must be longer than zero";
  }
  return std::nullopt;
}

Problem problem_in_policy(const Policy& policy) {
  if (policy.id.empty()) return "the id is empty";
  if (!printable(policy.id)) return "the id has control characters";
  if (Problem problem = problem_in_period(policy.period)) return problem;
  if (negative_limit(policy.limits)) return "a limit is negative";
  const bool enforced =
      policy.type == PolicyType::hard_limit || policy.type == PolicyType::soft_limit;
  if (enforced && !any_limit(policy.limits)) {
    return "it has no limit, so it would refuse nothing; state one, or use type ignore";
  }
  if (!a_share(policy.warning_threshold_ppm)) return "warning_threshold must be 0 to 1";
  if (!a_share(policy.action_threshold_ppm)) return "action_threshold must be 0 to 1";
  if (policy.clamp_min < Tokens(0)) return "clamp_min_tokens is negative";
  if (policy.deny_status != 429 && policy.deny_status != 402 && policy.deny_status != 403) {
    return "deny_status must be 429, 402 or 403";
  }
  if (policy.priority_bypass && (*policy.priority_bypass < 1 || *policy.priority_bypass > 10)) {
    return "priority_bypass must be 1 to 10";
  }
  for (const Partition& partition : policy.per) {
    if (partition.kind == Partition::Kind::tag && partition.tag.empty()) {
      return "per names a tag without a name";
    }
  }
  for (const auto& [name, values] : policy.match.tags) {
    if (name.empty()) return "match names a tag without a name";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> problem_in(const PolicyConfig& config) {
  std::unordered_set<std::string_view> budgets;
  std::unordered_set<std::string_view> ids;
  for (const Budget& budget : config.budgets) {
    if (Problem problem = problem_in_name(budget.name)) {
      return "budget '" + budget.name + "': " + *problem;
    }
    if (!budgets.insert(budget.name).second) {
      return "budget '" + budget.name + "': there is another one of that name";
    }
    for (const Policy& policy : budget.policies) {
      Problem problem = problem_in_name(policy.name);
      if (!problem) problem = problem_in_policy(policy);
      if (!problem && !ids.insert(policy.id).second) {
        problem = "there is another one of the id '" + policy.id + "'";
      }
      if (problem) {
        return "budget '" + budget.name + "', policy '" + policy.name + "': " + *problem;
      }
    }
  }
  std::unordered_set<std::string_view> tiers;
  for (const Tier& tier : config.tiers) {
    if (Problem problem = problem_in_name(tier.name)) {
      return "tier '" + tier.name + "': " + *problem;
    }
    if (!tiers.insert(tier.name).second) {
      return "tier '" + tier.name + "': there is another one of that name";
    }
  }
  return std::nullopt;
}

}  // namespace budget::policy
