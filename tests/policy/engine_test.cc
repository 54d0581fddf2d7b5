#include "policy/engine.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>
#include <thread>

#include "tests/policy/policies.h"

namespace budget::policy {
namespace {

using std::chrono::days;
using std::chrono::hours;
using Kind = Period::Kind;

Caller apollo() {
  Caller caller;
  caller.component = "apollo";
  caller.context_id = "c1";
  caller.task_id = "t1";
  caller.task_type = "coding";
  caller.user = "ada@example.org";
  caller.key_id = "k1";
  caller.tags = {{"team", "research"}};
  return caller;
}

CallFacts call_of(const Caller& caller, std::string_view model = "gpt-4o") {
  return {.caller = &caller, .provider = "openai", .model = model, .operation = "chat"};
}

TEST(PolicyEngine, PlansTheMatchingPoliciesInTheOrderOfTheConfiguration) {
  Policy glob = policy_named("b-glob");
  glob.match.model = {"gpt-*"};
  Policy exact = policy_named("a-exact");
  exact.match.component = {"apollo"};
  Policy other = policy_named("other");
  other.match.component = {"codex"};
  Policy disabled = policy_named("disabled");
  disabled.enabled = false;
  Policy tier = policy_named("tier");
  tier.match.tier = {"remote_heavyweight"};
  const auto set = compiled({glob, exact, other, disabled, policy_named("all"), tier});
  const Caller caller = apollo();
  const Plan plan = set->plan(call_of(caller), noon);
  std::vector<std::string> names;
  for (const PlannedLine& line : plan.lines) names.push_back(line.policy->name);
  EXPECT_EQ(names, (std::vector<std::string>{"b-glob", "a-exact", "all", "tier"}));
  EXPECT_EQ(plan.tier, "remote_heavyweight");
  EXPECT_EQ(plan.lines[0].budget->name, "tekton");
  EXPECT_EQ(plan.lines[0].policy, &set->config().budgets[0].policies[0]);
}

TEST(PolicyEngine, PlansForACallOfNobody) {
  const auto set = compiled({policy_named("all")});
  EXPECT_EQ(set->plan({}, noon).lines.size(), 1);
}

struct KeyCase {
  const char* why;
  Period period;
  std::vector<Partition> per;
  std::function<void(Caller&)> change;
  std::string partition;
  std::string key;
};

TEST(PolicyEngine, NamesCountersByPolicyPartitionAndPeriod) {
  using P = Partition::Kind;
  const auto nothing = [](Caller&) {};
  const std::vector<KeyCase> cases = {
      {"no partition", {}, {}, nothing, "", "tekton/p||2026-11-24"},
      {"component",
       {},
       {{P::component, ""}},
       nothing,
       "component=apollo",
       "tekton/p|component=apollo|2026-11-24"},
      {"two",
       {},
       {{P::user, ""}, {P::model, ""}},
       nothing,
       "user=ada@example.org,model=gpt-4o",
       "tekton/p|user=ada@example.org,model=gpt-4o|2026-11-24"},
      {"everything else",
       {},
       {{P::key, ""}, {P::provider, ""}, {P::tier, ""}, {P::task_type, ""}, {P::operation, ""}},
       nothing,
       "key=k1,provider=openai,tier=remote_heavyweight,task_type=coding,operation=chat",
       "tekton/p|key=k1,provider=openai,tier=remote_heavyweight,task_type=coding,operation=chat"
       "|2026-11-24"},
      {"tag",
       {},
       {{P::tag, "team"}},
       nothing,
       "tag.team=research",
       "tekton/p|tag.team=research|2026-11-24"},
      {"a tag's name is encoded",
       {},
       {{P::tag, "a=b"}},
       nothing,
       "tag.a%3Db=-",
       "tekton/p|tag.a%3Db=-|2026-11-24"},
      {"an empty tag is not a missing one",
       {},
       {{P::tag, "team"}},
       [](Caller& c) { c.tags = {{"team", ""}}; },
       "tag.team=",
       "tekton/p|tag.team=|2026-11-24"},
      {"a missing label",
       {},
       {{P::user, ""}},
       [](Caller& c) { c.user = ""; },
       "user=-",
       "tekton/p|user=-|2026-11-24"},
      {"a label that looks missing",
       {},
       {{P::user, ""}},
       [](Caller& c) { c.user = "-"; },
       "user=%2D",
       "tekton/p|user=%2D|2026-11-24"},
      {"hyphens stay",
       {},
       {{P::user, ""}},
       [](Caller& c) { c.user = "a-b"; },
       "user=a-b",
       "tekton/p|user=a-b|2026-11-24"},
      {"signs of the key",
       {},
       {{P::user, ""}},
       [](Caller& c) { c.user = "a|b,c=d/e%2D {}"; },
       "user=a%7Cb%2Cc%3Dd%2Fe%252D%20%7B%7D",
       "tekton/p|user=a%7Cb%2Cc%3Dd%2Fe%252D%20%7B%7D|2026-11-24"},
      {"bytes beyond ASCII",
       {},
       {{P::user, ""}},
       [](Caller& c) { c.user = "\xC3\xA9\n"; },
       "user=%C3%A9%0A",
       "tekton/p|user=%C3%A9%0A|2026-11-24"},
      {"session",
       {.kind = Kind::per_session},
       {},
       nothing,
       "context=c1",
       "tekton/p|context=c1|session"},
      {"session, asked for already",
       {.kind = Kind::per_session},
       {{P::context, ""}},
       nothing,
       "context=c1",
       "tekton/p|context=c1|session"},
      {"session by component",
       {.kind = Kind::per_session},
       {{P::component, ""}},
       nothing,
       "component=apollo,context=c1",
       "tekton/p|component=apollo,context=c1|session"},
      {"task",
       {.kind = Kind::per_task},
       {},
       nothing,
       "context=c1,task=t1",
       "tekton/p|context=c1,task=t1|task"},
      {"task without a context",
       {.kind = Kind::per_task},
       {},
       [](Caller& c) { c.context_id = ""; },
       "context=-,task=t1",
       "tekton/p|context=-,task=t1|task"},
      {"rolling",
       {.kind = Kind::rolling, .rolling = hours{5}},
       {},
       nothing,
       "",
       "tekton/p||rolling-18000"},
      {"total", {.kind = Kind::total}, {}, nothing, "", "tekton/p||total"},
      {"minute", {.kind = Kind::minute}, {}, nothing, "", "tekton/p||2026-11-24T12:00"},
  };
  for (const KeyCase& c : cases) {
    Policy policy = policy_named("p");
    policy.period = c.period;
    policy.per = c.per;
    const auto set = compiled({policy});
    Caller caller = apollo();
    c.change(caller);
    const Plan plan = set->plan(call_of(caller), noon);
    ASSERT_EQ(plan.lines.size(), 1) << c.why;
    EXPECT_EQ(plan.lines[0].counter.partition, c.partition) << c.why;
    EXPECT_EQ(plan.lines[0].counter.key, c.key) << c.why;
    EXPECT_EQ(set->counter_of(policy, c.partition, noon), plan.lines[0].counter) << c.why;
  }
}

TEST(PolicyEngine, EncodesThePolicysIdInTheKey) {
  Policy policy = policy_named("p");
  policy.id = "my budget/a|b";
  const auto set = compiled({policy});
  EXPECT_EQ(set->plan({}, noon).lines[0].counter.key, "my%20budget/a%7Cb||2026-11-24");
}

TEST(PolicyEngine, NeverGivesTwoPartitionsOneKey) {
  Policy policy = policy_named("p");
  policy.per = {{Partition::Kind::user, ""}, {Partition::Kind::component, ""}};
  const auto set = compiled({policy});
  const std::vector<std::string> nasty = {
      "",  "-", "%2D", "a",   ",",           "=",   "|",  "a,component=b", "%",    "%25", "A",
      " ", "/", "\n",  "%2C", "component=-", "-|x", "--", "a|2026",        "%252D"};
  std::set<std::string> keys;
  for (const std::string& user : nasty) {
    for (const std::string& component : nasty) {
      Caller caller;
      caller.user = user;
      caller.component = component;
      const Plan plan = set->plan(call_of(caller), noon);
      const std::string& key = plan.lines[0].counter.key;
      EXPECT_TRUE(keys.insert(key).second) << key;
      for (const char c : key) EXPECT_TRUE(c > ' ' && c < 0x7f) << key;
    }
  }
}

TEST(PolicyEngine, SaysWhenCountersResetAndMayBeForgotten) {
  const Time midnight = std::chrono::floor<days>(noon) + days{1};
  const struct {
    Period period;
    std::optional<Time> resets_at;
    std::optional<Time> expires_at;
    std::chrono::seconds rolling;
  } cases[] = {
      {{.kind = Kind::daily}, midnight, midnight + days{1}, {}},
      {{.kind = Kind::total}, std::nullopt, std::nullopt, {}},
      {{.kind = Kind::per_session}, std::nullopt, noon + days{30}, {}},
      {{.kind = Kind::per_task}, std::nullopt, noon + days{30}, {}},
      {{.kind = Kind::rolling, .rolling = hours{5}},
       noon + hours{5},
       noon + hours{5} + days{1},
       hours{5}},
  };
  for (const auto& c : cases) {
    Policy policy = policy_named("p");
    policy.period = c.period;
    const Caller caller = apollo();
    const auto set = compiled({policy});
    const Plan plan = set->plan(call_of(caller), noon);
    const CounterRef& counter = plan.lines.at(0).counter;
    EXPECT_EQ(counter.resets_at, c.resets_at) << counter.key;
    EXPECT_EQ(counter.expires_at, c.expires_at) << counter.key;
    EXPECT_EQ(counter.rolling, c.rolling) << counter.key;
  }
}

// A policy added to a set, or one whose calendar another shares, has its own
// windows: with more calendars than a plan remembers, too.
TEST(PolicyEngine, KeepsTheWindowsOfManyCalendarsApart) {
  PolicyConfig config;
  const char* const zones[] = {"UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"};
  const Kind kinds[] = {Kind::minute, Kind::hourly,  Kind::daily,
                        Kind::weekly, Kind::monthly, Kind::yearly};
  for (int copy = 0; copy < 3; ++copy) {
    for (const char* zone : zones) {
      Budget budget{.name = zone + std::to_string(copy), .timezone = zone};
      for (const Kind kind : kinds) {
        Policy policy = policy_named("p");
        policy.id = budget.name + "/" + std::to_string(static_cast<int>(kind));
        policy.period = {.kind = kind, .reset_day = static_cast<std::uint8_t>(copy + 1)};
        budget.policies.push_back(policy);
      }
      config.budgets.push_back(budget);
    }
  }
  const auto set = *PolicySet::compile(config);
  std::mt19937_64 random(99);
  for (int i = 0; i < 200; ++i) {
    const Time now = noon + std::chrono::minutes(random() % (400 * 24 * 60));
    const Plan plan = set->plan({}, now);
    ASSERT_EQ(plan.lines.size(), 3 * 4 * 6);
    for (const PlannedLine& line : plan.lines) {
      ASSERT_EQ(line.counter, set->counter_of(*line.policy, "", now)) << line.policy->id;
      ASSERT_LE(line.counter.window_start, now);
      ASSERT_GT(*line.counter.resets_at, now);
    }
  }
}

// What users of other gateways met: a day that lasted thirty, a reset late by
// the zone's offset, one that never came or stuck, and a window added later
// that began full.
TEST(PolicyEngine, StartsANewCounterAtEveryMidnightOfTheZoneAndAtNoOtherTime) {
  Policy daily = policy_named("daily");
  Policy added = policy_named("added");
  added.period.kind = Kind::monthly;
  const auto set = compiled({daily, added}, "America/New_York");
  std::set<std::string> seen;
  std::string current;
  std::optional<Time> resets_at;
  // From 1 March: both the change to and from summer time are inside.
  const Time from = std::chrono::sys_days(std::chrono::year{2026} / std::chrono::March / 1);
  for (Time now = from; now < from + days{300}; now += std::chrono::minutes{15}) {
    const Plan plan = set->plan({}, now);
    const CounterRef& counter = plan.lines[0].counter;
    EXPECT_NE(counter.key, plan.lines[1].counter.key);
    if (counter.key == current) {
      ASSERT_LT(now, *resets_at);
      continue;
    }
    ASSERT_TRUE(seen.insert(counter.key).second) << "a counter came back: " << counter.key;
    if (resets_at) {
      ASSERT_EQ(now, *resets_at) << "the reset was not when it was promised";
      ASSERT_EQ(counter.window_start, now);
    }
    const auto hour = now.time_since_epoch() % hours{24};
    if (resets_at) ASSERT_TRUE(hour == hours{4} || hour == hours{5}) << counter.key;
    current = counter.key;
    resets_at = counter.resets_at;
  }
  EXPECT_EQ(seen.size(), 301);
}

TEST(PolicyEngine, LeavesSessionAndTaskPoliciesOutWhereThereIsNone) {
  Policy session = policy_named("session");
  session.period.kind = Kind::per_session;
  Policy task = policy_named("task");
  task.period.kind = Kind::per_task;
  const auto set = compiled({session, task});
  Caller caller = apollo();
  EXPECT_EQ(set->plan(call_of(caller), noon).lines.size(), 2);
  caller.task_id = "";
  EXPECT_EQ(set->plan(call_of(caller), noon).lines.size(), 1);
  caller.context_id = "";
  EXPECT_EQ(set->plan(call_of(caller), noon).lines.size(), 0);
}

TEST(PolicyEngine, EnforcesByTheTypeOfThePolicy) {
  const struct {
    const char* why;
    PolicyType type;
    bool shadow;
    std::optional<int> bypass;
    int priority;
    Enforcement enforcement;
    Enforcement shadow_enforcement;
    std::int64_t compared_with;
  } cases[] = {
      {"ignore", PolicyType::ignore, false, {}, 5, Enforcement::count, Enforcement::count, 1000},
      {"warn", PolicyType::warn, false, {}, 5, Enforcement::count, Enforcement::count, 1000},
      {"soft",
       PolicyType::soft_limit,
       false,
       {},
       5,
       Enforcement::threshold,
       Enforcement::count,
       950},
      {"hard", PolicyType::hard_limit, false, {}, 5, Enforcement::room, Enforcement::count, 1000},
      {"soft, below the bypass", PolicyType::soft_limit, false, 8, 7, Enforcement::threshold,
       Enforcement::count, 950},
      {"soft, at the bypass", PolicyType::soft_limit, false, 8, 8, Enforcement::count,
       Enforcement::count, 950},
      {"hard knows no bypass", PolicyType::hard_limit, false, 8, 10, Enforcement::room,
       Enforcement::count, 1000},
      {"hard shadow",
       PolicyType::hard_limit,
       true,
       {},
       5,
       Enforcement::count,
       Enforcement::room,
       1000},
      {"soft shadow",
       PolicyType::soft_limit,
       true,
       {},
       5,
       Enforcement::count,
       Enforcement::threshold,
       950},
      {"soft shadow, bypassed", PolicyType::soft_limit, true, 3, 5, Enforcement::count,
       Enforcement::count, 950},
      {"warn shadow", PolicyType::warn, true, {}, 5, Enforcement::count, Enforcement::count, 1000},
  };
  for (const auto& c : cases) {
    Policy policy = policy_named("p");
    policy.type = c.type;
    policy.shadow = c.shadow;
    policy.priority_bypass = c.bypass;
    policy.action_threshold_ppm = 950'000;
    policy.limits = {.cost = Money(1000), .tokens = Tokens(1000), .requests = 1};
    const auto set = compiled({policy});
    Caller caller;
    caller.priority = c.priority;
    const Plan plan = set->plan(call_of(caller), noon);
    const PlannedLine& line = plan.lines.at(0);
    EXPECT_EQ(line.enforcement, c.enforcement) << c.why;
    EXPECT_EQ(line.shadow_enforcement, c.shadow_enforcement) << c.why;
    EXPECT_EQ(line.limits.cost, Money(c.compared_with)) << c.why;
    EXPECT_EQ(line.limits.tokens, Tokens(c.compared_with)) << c.why;
    EXPECT_EQ(line.limits.requests, 1) << c.why;
    EXPECT_EQ(line.limits.concurrent, std::nullopt) << c.why;
  }
}

TEST(PolicyEngine, HoldsASoftLimitToItsFullLimitWhenAnActionWasTaken) {
  Policy soft = policy_named("soft");
  soft.type = PolicyType::soft_limit;
  soft.action_threshold_ppm = 500'000;
  Policy other = soft;
  other.name = "other";
  other.id = "tekton/other";
  const auto set = compiled({soft, other, policy_named("hard")});
  Plan plan = set->plan({}, noon);
  hold_to_limit(plan, soft);
  EXPECT_EQ(plan.lines[0].enforcement, Enforcement::room);
  EXPECT_EQ(plan.lines[0].limits, soft.limits);
  EXPECT_EQ(plan.lines[1].enforcement, Enforcement::threshold);
  EXPECT_EQ(plan.lines[2].enforcement, Enforcement::room);
}

TEST(PolicyEngine, PlansTheSameFromManyThreadsAtOnce) {
  Policy policy = policy_named("p");
  policy.per = {{Partition::Kind::component, ""}};
  policy.match.model = {"gpt-*"};
  const auto set = compiled({policy, policy_named("all")}, "Europe/Berlin");
  const Caller caller = apollo();
  const std::string key = set->plan(call_of(caller), noon).lines[0].counter.key;
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const Plan plan = set->plan(call_of(caller), noon);
        if (plan.lines.size() != 2 || plan.lines[0].counter.key != key) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace budget::policy
