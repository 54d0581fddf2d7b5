#include "policy/engine.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "policy/figures.h"
#include "policy/glob.h"
#include "policy/matcher.h"
#include "policy/partition.h"
#include "policy/period.h"
#include "policy/validate.h"
#include "policy/zone.h"

namespace budget::policy {
namespace {

// How long a counter is kept past the end of its window, for calls that end
// late and for listings; and, where there is no end, past the last call.
constexpr std::chrono::days kept_after_window{1};
constexpr std::chrono::days kept_idle{30};
constexpr std::size_t windows_remembered = 8;

// What tells one calendar from another.
using Calendar = std::tuple<const Zone*, Period::Kind, std::int64_t, unsigned, unsigned>;

struct CompiledPolicy {
  const Policy* policy = nullptr;
  const Budget* budget = nullptr;
  const Zone* zone = nullptr;
  std::uint32_t calendar = 0;  // the same for all policies of one zone and period
  std::string key_prefix;      // the encoded id and a bar
  std::vector<Partition> fields;
  Enforcement enforcement = Enforcement::count;
  Limits limits;
};

// A window worked out earlier in the same call.
struct Remembered {
  std::uint32_t calendar = 0;
  Window window;
};

struct CompiledTier {
  const Tier* tier = nullptr;
  std::vector<Glob> models;
};

std::string key_prefix_of(std::string_view id) {
  std::string prefix;
  // The slash between budget and policy stays as it is.
  for (std::size_t slash = id.find('/'); slash != std::string_view::npos; slash = id.find('/')) {
    append_encoded(prefix, id.substr(0, slash));
    prefix += '/';
    id.remove_prefix(slash + 1);
  }
  append_encoded(prefix, id);
  prefix += '|';
  return prefix;
}

CounterRef counter_ref(const CompiledPolicy& compiled, std::string partition, const Window& window,
                       Time now) {
  CounterRef ref;
  ref.key.reserve(compiled.key_prefix.size() + partition.size() + 1 + window.label.size());
  ref.key += compiled.key_prefix;
  ref.key += partition;
  ref.key += '|';
  ref.key += window.label;
  ref.partition = std::move(partition);
  ref.window_start = window.start;
  const Period& period = compiled.policy->period;
  switch (period.kind) {
    case Period::Kind::rolling:
      ref.rolling = period.rolling;
      ref.resets_at = now + period.rolling;
      ref.expires_at = now + period.rolling + kept_after_window;
      break;
    case Period::Kind::per_session:
    case Period::Kind::per_task:
      ref.expires_at = now + kept_idle;
      break;
    case Period::Kind::total:
      break;
    default:
      ref.resets_at = window.end;
      ref.expires_at = *window.end + kept_after_window;
  }
  return ref;
}

Calendar calendar_of(const Period& period, const Zone& zone) {
  return {&zone, period.kind, period.rolling.count(), period.reset_day,
          period.reset_weekday.c_encoding()};
}

CompiledPolicy compile_policy(const Policy& policy, const Budget& budget, const Zone& zone) {
  CompiledPolicy compiled{.policy = &policy,
                          .budget = &budget,
                          .zone = &zone,
                          .key_prefix = key_prefix_of(policy.id),
                          .fields = partition_fields(policy),
                          .limits = policy.limits};
  if (policy.type == PolicyType::hard_limit) compiled.enforcement = Enforcement::room;
  if (policy.type == PolicyType::soft_limit) {
    compiled.enforcement = Enforcement::threshold;
    compiled.limits = share_of(policy.limits, policy.action_threshold_ppm);
  }
  return compiled;
}

}  // namespace

struct PolicySet::Compiled {
  PolicyConfig config;
  std::map<std::string, Zone, std::less<>> zones;
  std::vector<CompiledTier> tiers;
  std::vector<CompiledPolicy> policies;  // in the order of the configuration
  std::unordered_map<std::string_view, std::size_t> by_id;
  std::map<Calendar, std::uint32_t> calendars;
  Matcher matcher;  // of enabled policies, by index in `policies`

  // The error names the zone. Pointers into `config` stay: it is moved no more.
  std::optional<std::string> build();
  [[nodiscard]] std::string_view tier_of(std::string_view model) const;
  // The stored name; "" where there is no such tier.
  [[nodiscard]] std::string_view tier_named(std::string_view name) const;
};

std::optional<std::string> PolicySet::Compiled::build() {
  for (const Tier& tier : config.tiers) {
    CompiledTier compiled{.tier = &tier, .models = {}};
    for (const std::string& model : tier.models) {
      compiled.models.emplace_back(model, Glob::Case::ignored);
    }
    tiers.push_back(std::move(compiled));
  }
  for (const Budget& budget : config.budgets) {
    auto zone = zones.find(budget.timezone);
    if (zone == zones.end()) {
      std::optional<Zone> loaded = Zone::load(budget.timezone);
      if (!loaded) {
        return "budget '" + budget.name + "': '" + budget.timezone +
               "' is not a time zone of the tz database";
      }
      zone = zones.emplace(budget.timezone, *std::move(loaded)).first;
    }
    for (const Policy& policy : budget.policies) {
      CompiledPolicy compiled = compile_policy(policy, budget, zone->second);
      compiled.calendar = calendars
                              .emplace(calendar_of(policy.period, zone->second),
                                       static_cast<std::uint32_t>(calendars.size()))
                              .first->second;
      if (policy.enabled) {
        matcher.add(static_cast<std::uint32_t>(policies.size()), policy.match);
      }
      by_id.emplace(policy.id, policies.size());
      policies.push_back(std::move(compiled));
    }
  }
  return std::nullopt;
}

std::string_view PolicySet::Compiled::tier_of(std::string_view model) const {
  if (tiers.empty()) return "";
  const std::string folded = Glob::fold(model);
  for (const CompiledTier& tier : tiers) {
    for (const Glob& glob : tier.models) {
      if (glob.matches(folded)) return tier.tier->name;
    }
  }
  return "";
}

std::string_view PolicySet::Compiled::tier_named(std::string_view name) const {
  for (const CompiledTier& tier : tiers) {
    if (tier.tier->name == name) return tier.tier->name;
  }
  return "";
}

PolicySet::PolicySet(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
PolicySet::~PolicySet() = default;

std::expected<std::shared_ptr<const PolicySet>, std::string> PolicySet::compile(
    PolicyConfig config) {
  if (std::optional<std::string> problem = problem_in(config)) {
    return std::unexpected(*std::move(problem));
  }
  auto compiled = std::make_unique<Compiled>();
  compiled->config = std::move(config);
  if (std::optional<std::string> problem = compiled->build()) {
    return std::unexpected(*std::move(problem));
  }
  return std::shared_ptr<const PolicySet>(new PolicySet(std::move(compiled)));
}

const PolicyConfig& PolicySet::config() const {
  return compiled_->config;
}

std::string_view PolicySet::tier_of(std::string_view model) const {
  return compiled_->tier_of(model);
}

Plan PolicySet::plan(const CallFacts& call, Time now) const {
  static const Caller nobody;
  const Caller& caller = call.caller != nullptr ? *call.caller : nobody;
  Plan plan;
  if (!call.tier.empty()) plan.tier = compiled_->tier_named(call.tier);
  if (plan.tier.empty()) plan.tier = tier_of(call.model);
  const CallLabels labels{.provider = call.provider,
                          .model = call.model,
                          .component = caller.component,
                          .tier = plan.tier,
                          .task_type = caller.task_type,
                          .user = caller.user,
                          .key = caller.key_id,
                          .operation = call.operation,
                          .tags = &caller.tags};
  const PartitionSource source{labels, caller.context_id, caller.task_id};
  const std::vector<std::uint32_t> matching = compiled_->matcher.find(labels);
  plan.lines.reserve(matching.size());
  // Policies of one zone and period share their window within this call.
  std::array<std::optional<Remembered>, windows_remembered> windows;
  for (const std::uint32_t index : matching) {
    const CompiledPolicy& compiled = compiled_->policies[index];
    const Policy& policy = *compiled.policy;
    const Period::Kind kind = policy.period.kind;
    if (kind == Period::Kind::per_session && caller.context_id.empty()) continue;
    if (kind == Period::Kind::per_task && caller.task_id.empty()) continue;

    std::optional<Remembered>& known = windows[compiled.calendar % windows_remembered];
    if (!known || known->calendar != compiled.calendar) {
      known = Remembered{compiled.calendar, window_of(policy.period, *compiled.zone, now)};
    }

    const bool bypassed = policy.type == PolicyType::soft_limit && policy.priority_bypass &&
                          caller.priority >= *policy.priority_bypass;
    const Enforcement judged = bypassed ? Enforcement::count : compiled.enforcement;
    plan.lines.push_back({.policy = &policy,
                          .budget = compiled.budget,
                          .counter = counter_ref(compiled, partition_text(compiled.fields, source),
                                                 known->window, now),
                          .enforcement = policy.shadow ? Enforcement::count : judged,
                          .limits = compiled.limits,
                          .shadow_enforcement = policy.shadow ? judged : Enforcement::count});
  }
  return plan;
}

CounterRef PolicySet::counter_of(const Policy& policy, std::string_view partition, Time now) const {
  const auto found = compiled_->by_id.find(policy.id);
  assert(found != compiled_->by_id.end());
  const CompiledPolicy& compiled = compiled_->policies[found->second];
  return counter_ref(compiled, std::string(partition),
                     window_of(compiled.policy->period, *compiled.zone, now), now);
}

}  // namespace budget::policy
