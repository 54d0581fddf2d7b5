// One policy, key by key. What its keys mean together is config_checks.cc's.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "policy/config_read.h"
#include "policy/yaml/nearest.h"
#include "policy/yaml/scalars.h"

namespace budget::policy {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t no_most = std::numeric_limits<std::int64_t>::max();
constexpr milliseconds rolling_least{1'000};
constexpr milliseconds rolling_most{366LL * 86'400'000};
constexpr milliseconds queue_most{60'000};
// A share of 1 and more means something only for thresholds past the limit,
// which no call reaches.
constexpr std::int64_t whole_ppm = 1'000'000;

using PeriodKind = Period::Kind;
constexpr std::pair<std::string_view, PeriodKind> period_words[] = {
    {"minute", PeriodKind::minute},     {"hourly", PeriodKind::hourly},
    {"daily", PeriodKind::daily},       {"weekly", PeriodKind::weekly},
    {"monthly", PeriodKind::monthly},   {"yearly", PeriodKind::yearly},
    {"total", PeriodKind::total},       {"per_session", PeriodKind::per_session},
    {"per_task", PeriodKind::per_task},
};

constexpr std::pair<std::string_view, Partition::Kind> partition_words[] = {
    {"component", Partition::Kind::component},
    {"user", Partition::Kind::user},
    {"key", Partition::Kind::key},
    {"provider", Partition::Kind::provider},
    {"model", Partition::Kind::model},
    {"tier", Partition::Kind::tier},
    {"task_type", Partition::Kind::task_type},
    {"context", Partition::Kind::context},
    {"task", Partition::Kind::task},
    {"operation", Partition::Kind::operation},
};

constexpr std::array<std::string_view, 7> weekdays = {"sunday",   "monday", "tuesday", "wednesday",
                                                      "thursday", "friday", "saturday"};

void read_period(const Section& section, Period& period) {
  const YamlValue* value = section.value("period");
  if (value == nullptr) return;
  ConfigReader& reader = section.reader();
  if (value->kind == YamlValue::Kind::map) {
    const Section window(reader, value, section.path_of("period"), value->place);
    milliseconds length{};
    if (window.duration("rolling", length, rolling_least, rolling_most)) {
      if (length % std::chrono::seconds(1) != milliseconds(0)) {
        window.problem("rolling", "a rolling window has to be whole seconds");
      }
      period.rolling = std::chrono::duration_cast<std::chrono::seconds>(length);
    } else if (!window.has("rolling")) {
      reader.problem(value->place, "expected {rolling: 5h}, found another map");
    }
    period.kind = PeriodKind::rolling;
    return;
  }
  const auto word = reader.scalar(*value, "a period such as daily or {rolling: 5h}");
  if (!word) return;
  const auto* found = std::ranges::find(period_words, *word, [](const auto& w) { return w.first; });
  if (found != std::end(period_words)) {
    period.kind = found->second;
  } else {
    section.not_allowed("period", *word);
  }
}

void read_reset_day(const Section& section, Period& period) {
  const YamlValue* value = section.value("reset_day");
  if (value == nullptr) return;
  const auto word = section.reader().scalar(*value, "1 to 28, last, or a weekday");
  if (!word) return;
  const auto number = parse_integer(*word);
  const auto* weekday = std::ranges::find(weekdays, *word);
  if (period.kind == PeriodKind::weekly) {
    if (weekday == weekdays.end()) {
      const std::vector<std::string> known(weekdays.begin(), weekdays.end());
      section.reader().wrong(*value, "a weekday, as the period is weekly", hint_for(*word, known));
      return;
    }
    period.reset_weekday = std::chrono::weekday(static_cast<unsigned>(weekday - weekdays.begin()));
    return;
  }
  if (*word == "last") {
    period.reset_day = 0;
  } else if (number && *number >= 1 && *number <= 28) {
    period.reset_day = static_cast<std::uint8_t>(*number);
  } else if (number && *number >= 29 && *number <= 31) {
    section.reader().wrong(*value, "a day that every month has, 1 to 28",
                           "; write 'last' for the month's last day");
    return;
  } else {
    section.reader().wrong(*value, "1 to 28 or last; weekdays are for the period weekly");
    return;
  }
  if (period.kind != PeriodKind::monthly && period.reset_day != 1) {
    section.problem("reset_day", "reset_day is for the periods monthly and weekly; remove it");
  }
}

void read_match(const Section& match, Match& target) {
  match.texts("provider", target.provider);
  match.texts("model", target.model);
  match.texts("component", target.component);
  match.texts("tier", target.tier);
  match.texts("task_type", target.task_type);
  match.texts("user", target.user);
  match.texts("key", target.key);
  match.texts("operation", target.operation);
  for (const YamlMember& tag : match.named("tags")) {
    std::vector<std::string> values;
    for (auto& [text, place] : match.texts_of(tag.value)) values.push_back(text);
    target.tags.emplace_back(tag.key, std::move(values));
  }
}

void read_partitions(const Section& section, std::vector<Partition>& target) {
  for (const auto& [word, place] : section.placed_texts("per")) {
    Partition partition;
    const auto* found =
        std::ranges::find(partition_words, word, [](const auto& w) { return w.first; });
    if (word.starts_with("tag:") && word.size() > 4) {
      partition = {Partition::Kind::tag, word.substr(4)};
    } else if (found != std::end(partition_words)) {
      partition.kind = found->second;
    } else {
      std::vector<std::string> known;
      for (const auto& [name, kind] : partition_words) known.emplace_back(name);
      known.emplace_back("tag:NAME");
      section.reader().problem(
          place, fmt::format("cannot keep a counter per {}{}", shown(word), hint_for(word, known)));
      continue;
    }
    if (std::ranges::find(target, partition) != target.end()) {
      section.reader().problem(place, fmt::format("'{}' is in the list twice; keep one", word));
      continue;
    }
    target.push_back(std::move(partition));
  }
}

void read_action(const Section& section, const YamlValue& item, std::vector<Action>& actions) {
  ConfigReader& reader = section.reader();
  constexpr std::string_view expected =
      "clamp, {downgrade: [MODEL, …]} or {queue: DURATION} such as '- queue: 5s'";
  if (item.kind == YamlValue::Kind::scalar && item.text == "clamp") {
    actions.push_back({Action::Kind::clamp, {}, {}});
    return;
  }
  if (item.kind != YamlValue::Kind::map || item.members.size() != 1) {
    reader.wrong(item, expected);
    return;
  }
  const Section map(reader, &item, section.path_of("when_exceeded") + "[]", item.place);
  Action action;
  if (map.texts("downgrade", action.models)) {
    action.kind = Action::Kind::downgrade;
  } else if (map.duration("queue", action.wait, milliseconds(1), queue_most)) {
    action.kind = Action::Kind::queue;
  } else {
    if (!map.has("downgrade") && !map.has("queue")) reader.wrong(item, expected);
    return;
  }
  actions.push_back(std::move(action));
}

void read_actions(const Section& section, std::vector<Action>& actions) {
  const YamlValue* value = section.value("when_exceeded");
  if (value == nullptr) return;
  if (value->kind != YamlValue::Kind::list) {
    section.reader().wrong(*value, "a list such as [clamp, {queue: 5s}]");
    return;
  }
  for (const YamlValue& item : value->items) read_action(section, item, actions);
}

void read_limits(const Section& section, Limits& limits) {
  section.money("cost_limit", limits.cost);
  const auto tokens = [&](std::string_view name, std::optional<Tokens>& target) {
    std::int64_t number = 0;
    if (section.integer(name, number, 0, no_most)) target = Tokens(number);
  };
  tokens("token_limit", limits.tokens);
  tokens("input_token_limit", limits.input_tokens);
  tokens("output_token_limit", limits.output_tokens);
  std::int64_t number = 0;
  if (section.integer("request_limit", number, 0, no_most)) limits.requests = number;
  if (section.integer("concurrent_limit", number, 0, no_most)) limits.concurrent = number;
}

void read_status(const Section& section, int& status) {
  constexpr std::pair<std::string_view, int> words[] = {{"429", 429}, {"402", 402}, {"403", 403}};
  section.choice("deny_status", status, words);
}

}  // namespace

Policy read_policy(const Section& section, const PolicyContext& context,
                   const std::vector<Tier>& tiers) {
  Policy policy;
  constexpr std::pair<std::string_view, PolicyType> types[] = {
      {"ignore", PolicyType::ignore},
      {"warn", PolicyType::warn},
      {"soft_limit", PolicyType::soft_limit},
      {"hard_limit", PolicyType::hard_limit},
  };
  constexpr std::pair<std::string_view, Reserve> reserves[] = {
      {"worst_case", Reserve::worst_case}, {"incremental", Reserve::incremental}};
  constexpr std::pair<std::string_view, StreamOverrun> overruns[] = {
      {"cut", StreamOverrun::cut}, {"finish", StreamOverrun::finish}};
  constexpr std::pair<std::string_view, OnClientAbort> aborts[] = {
      {"cancel", OnClientAbort::cancel}, {"drain", OnClientAbort::drain}};
  constexpr std::pair<std::string_view, OnStoreFailure> failures[] = {
      {"deny", OnStoreFailure::deny}, {"allow", OnStoreFailure::allow}};

  section.choice("type", policy.type, types);
  read_period(section, policy.period);
  read_reset_day(section, policy.period);
  const Section match = section.section("match");
  read_match(match, policy.match);
  std::vector<std::string> tier_names;
  for (const Tier& tier : tiers) tier_names.push_back(tier.name);
  check_patterns(match, "tier", "configured tier", tier_names);
  read_partitions(section, policy.per);
  read_limits(section, policy.limits);
  section.share("warning_threshold", policy.warning_threshold_ppm, whole_ppm);
  section.share("action_threshold", policy.action_threshold_ppm, whole_ppm);
  read_actions(section, policy.when_exceeded);
  std::int64_t number = 0;
  if (section.integer("clamp_min_tokens", number, 1, no_most)) policy.clamp_min = Tokens(number);
  section.choice("reserve", policy.reserve, reserves);
  section.choice("stream_overrun", policy.stream_overrun, overruns);
  section.choice("on_client_abort", policy.on_client_abort, aborts);
  policy.on_store_failure = context.on_store_failure;
  section.choice("on_store_failure", policy.on_store_failure, failures);
  section.flag("shadow", policy.shadow);
  read_status(section, policy.deny_status);
  if (section.integer("priority_bypass", number, 1, 10)) {
    policy.priority_bypass = static_cast<int>(number);
  }
  section.flag("enabled", policy.enabled);
  return policy;
}

}  // namespace budget::policy
