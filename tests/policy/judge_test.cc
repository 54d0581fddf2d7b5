#include <gtest/gtest.h>

#include "policy/engine.h"
#include "tests/policy/policies.h"

namespace budget::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Kind = Period::Kind;

constexpr std::int64_t usd = 1'000'000'000;

CounterState state(std::int64_t spent, std::int64_t reserved, std::int64_t requests = 0,
                   std::int64_t in_flight = 0) {
  return {amount(spent), amount(reserved), requests, in_flight};
}

// `policies` planned for a call of the component "apollo".
struct Planned {
  explicit Planned(std::vector<Policy> policies) : set(compiled(std::move(policies))) {
    Caller caller;
    caller.component = "apollo";
    plan = set->plan({.caller = &caller, .provider = "openai", .model = "gpt-4o"}, noon);
  }
  std::shared_ptr<const PolicySet> set;
  Plan plan;
};

Policy per_component(const std::string& name) {
  Policy policy = policy_named(name);
  policy.per = {{Partition::Kind::component, ""}};
  return policy;
}

TEST(Verdict, HasAName) {
  EXPECT_EQ(name_of(Verdict::allow), "allow");
  EXPECT_EQ(name_of(Verdict::warn), "warn");
  EXPECT_EQ(name_of(Verdict::clamp), "clamp");
  EXPECT_EQ(name_of(Verdict::downgrade), "downgrade");
  EXPECT_EQ(name_of(Verdict::queue), "queue");
  EXPECT_EQ(name_of(Verdict::deny), "deny");
}

TEST(PolicyEngine, WarnsFromTheWarningThresholdOn) {
  const struct {
    const char* why;
    PolicyType type;
    bool shadow;
    CounterState state;
    std::vector<std::string> warnings;
  } cases[] = {
      {"just below", PolicyType::hard_limit, false, state(4 * usd - 1, 0), {}},
      {"at 80 %",
       PolicyType::hard_limit,
       false,
       state(3 * usd, usd),
       {"Budget 'tekton', policy 'p' (component=apollo): of the daily limit of $5.00 $3.00 is "
        "spent and $1.00 is held by calls in flight."}},
      {"soft",
       PolicyType::soft_limit,
       false,
       state(4 * usd, 0),
       {"Budget 'tekton', policy 'p' (component=apollo): of the daily limit of $5.00 $4.00 is "
        "spent and nothing is held."}},
      {"warn, exactly at the limit",
       PolicyType::warn,
       false,
       state(5 * usd, 0),
       {"Budget 'tekton', policy 'p' (component=apollo): of the daily limit of $5.00 $5.00 is "
        "spent and nothing is held."}},
      {"warn, passed",
       PolicyType::warn,
       false,
       state(5 * usd, 1),
       {"Budget 'tekton', policy 'p' (component=apollo): the daily limit of $5.00 is passed: "
        "$5.00 is spent and $0.000000001 is held by calls in flight."}},
      {"ignore never warns", PolicyType::ignore, false, state(9 * usd, 0), {}},
      {"nor does a shadow", PolicyType::warn, true, state(9 * usd, 0), {}},
  };
  for (const auto& c : cases) {
    Policy policy = per_component("p");
    policy.type = c.type;
    policy.shadow = c.shadow;
    const Planned planned({policy});
    const Decision decision = decide_admitted(planned.plan, {c.state}, amount(0));
    EXPECT_EQ(decision.warnings, c.warnings) << c.why;
    EXPECT_EQ(decision.verdict, c.warnings.empty() ? Verdict::allow : Verdict::warn) << c.why;
    EXPECT_FALSE(decision.denial) << c.why;
  }
}

TEST(PolicyEngine, WarnsOfConcurrencyOnlyWhenItIsPassed) {
  Policy policy = policy_named("p");
  policy.type = PolicyType::warn;
  policy.limits = {.concurrent = 2};
  const Planned planned({policy});
  EXPECT_EQ(decide_admitted(planned.plan, {state(0, 0, 0, 2)}, {}).verdict, Verdict::allow);
  EXPECT_EQ(decide_admitted(planned.plan, {state(0, 0, 0, 3)}, {}).warnings,
            (std::vector<std::string>{"Budget 'tekton', policy 'p': the limit of 2 calls in flight "
                                      "is passed: 3 calls are in flight."}));
}

TEST(PolicyEngine, WarnsOncePerPolicyOfTheTightestLimit) {
  Policy policy = policy_named("p");
  policy.limits = {.cost = Money(100), .tokens = Tokens(100), .requests = 10};
  const Planned planned({policy, policy_named("other")});
  const CounterState s{amount(85, 50, 40), {}, 8, 1};
  const Decision decision = decide_admitted(planned.plan, {s, s}, {});
  EXPECT_EQ(decision.warnings,
            (std::vector<std::string>{"Budget 'tekton', policy 'p': of the daily limit of 100 "
                                      "tokens 90 tokens are spent and nothing is held."}));
}

TEST(PolicyEngine, NamesNoFiguresInWarningsUnlessAskedTo) {
  Policy warn = policy_named("w");
  warn.type = PolicyType::warn;
  const Planned planned({policy_named("p"), warn});
  const Decision decision =
      decide_admitted(planned.plan, {state(4 * usd, 0), state(6 * usd, 0)}, {}, false);
  EXPECT_EQ(decision.warnings,
            (std::vector<std::string>{
                "Budget 'tekton', policy 'p': the daily cost limit is nearly reached.",
                "Budget 'tekton', policy 'w': the daily cost limit is passed."}));
}

TEST(PolicyEngine, JudgesShadowPoliciesAsOfBeforeTheCall) {
  const Amount call = amount(usd);
  const struct {
    const char* why;
    PolicyType type;
    std::int64_t threshold;
    CounterState after;
    bool denied;
  } cases[] = {
      {"hard, it fits exactly", PolicyType::hard_limit, 1'000'000, state(4 * usd, usd, 4, 1),
       false},
      {"hard, one too much", PolicyType::hard_limit, 1'000'000, state(4 * usd + 1, usd, 4, 1),
       true},
      {"soft, below before, past it after", PolicyType::soft_limit, 900'000,
       state(4 * usd, usd, 4, 1), false},
      {"soft, at it before", PolicyType::soft_limit, 800'000, state(4 * usd, usd, 4, 1), true},
      {"warn refuses nothing", PolicyType::warn, 0, state(9 * usd, usd, 4, 1), false},
      {"nor does ignore", PolicyType::ignore, 0, state(9 * usd, usd, 4, 1), false},
  };
  for (const auto& c : cases) {
    Policy policy = per_component("p");
    policy.type = c.type;
    policy.shadow = true;
    policy.action_threshold_ppm = c.threshold;
    const Planned planned({policy});
    const Decision decision = decide_admitted(planned.plan, {c.after}, call);
    EXPECT_EQ(decision.verdict, Verdict::allow) << c.why;
    EXPECT_FALSE(decision.tightest) << c.why;
    ASSERT_EQ(decision.shadow_denials.size(), c.denied ? 1 : 0) << c.why;
    if (!c.denied) continue;
    const Denial& denial = decision.shadow_denials[0];
    EXPECT_EQ(denial.policy, "p");
    EXPECT_EQ(denial.partition, "component=apollo");
    EXPECT_EQ(denial.spent, c.after.spent.cost.value());
    EXPECT_EQ(denial.reserved, 0) << "this call's own hold is not counted against it";
    EXPECT_EQ(denial.requested, usd);
    EXPECT_EQ(denial.limit, 5 * usd);
  }
}

TEST(PolicyEngine, NamesTheLimitWithTheLeastShareLeft) {
  Policy a = policy_named("a");  // 1000 of money, of which 60 % is used
  a.limits = {.cost = Money(1000)};
  Policy b = policy_named("b");  // 10 requests, of which 70 %
  b.limits = {.requests = 10};
  Policy c = policy_named("c");  // full, but only warns
  c.type = PolicyType::warn;
  c.limits = {.cost = Money(1)};
  Policy d = policy_named("d");  // full, but concurrency comes and goes
  d.limits = {.concurrent = 1};
  const CounterState s = state(500, 100, 6, 1);

  const Planned all({a, b, c, d});
  const auto tightest = decide_admitted(all.plan, {s, s, s, s}, {}).tightest;
  ASSERT_TRUE(tightest);
  EXPECT_EQ(tightest->policy_id, "tekton/b");
  EXPECT_EQ(tightest->unit, Unit::requests);
  EXPECT_EQ(tightest->limit, 10);
  EXPECT_EQ(tightest->remaining, 3);

  const Planned concurrency({d, c});
  const auto only = decide_admitted(concurrency.plan, {s, s}, {}).tightest;
  ASSERT_TRUE(only);
  EXPECT_EQ(only->unit, Unit::concurrent);
  EXPECT_EQ(only->remaining, 0);

  const Planned none({c});
  EXPECT_FALSE(decide_admitted(none.plan, {s}, {}).tightest);
}

TEST(PolicyEngine, SaysWhatIsOverspentAsANegativeRemainder) {
  Policy soft = policy_named("soft");
  soft.type = PolicyType::soft_limit;
  soft.action_threshold_ppm = 950'000;
  const Planned planned({soft});
  const auto tightest = decide_admitted(planned.plan, {state(6 * usd, usd)}, {}).tightest;
  ASSERT_TRUE(tightest);
  EXPECT_EQ(tightest->limit, 5 * usd) << "the policy's own limit, not its threshold";
  EXPECT_EQ(tightest->remaining, -2 * usd);
}

TEST(PolicyEngine, FillsADenialForEveryUnit) {
  Policy policy = per_component("p");
  policy.deny_status = 402;
  policy.limits = {.cost = Money(100),
                   .tokens = Tokens(200),
                   .input_tokens = Tokens(300),
                   .output_tokens = Tokens(400),
                   .requests = 500,
                   .concurrent = 600};
  const Planned planned({policy_named("first"), policy});
  const CounterState s{amount(60, 40, 20), amount(30, 12, 10), 6, 3};
  const struct {
    Unit unit;
    std::int64_t limit, spent, reserved, requested;
    bool resets;
  } cases[] = {
      {Unit::cost, 100, 60, 30, 11, true},        {Unit::tokens, 200, 60, 22, 15, true},
      {Unit::input_tokens, 300, 40, 12, 7, true}, {Unit::output_tokens, 400, 20, 10, 8, true},
      {Unit::requests, 500, 6, 3, 1, true},       {Unit::concurrent, 600, 0, 3, 1, false},
  };
  for (const auto& c : cases) {
    const Decision decision = decide_refused(planned.plan, {{}, s}, amount(11, 7, 8), 1, c.unit);
    EXPECT_EQ(decision.verdict, Verdict::deny);
    ASSERT_TRUE(decision.denial);
    const Denial& d = *decision.denial;
    EXPECT_EQ(d.budget, "tekton");
    EXPECT_EQ(d.policy, "p");
    EXPECT_EQ(d.unit, c.unit);
    EXPECT_EQ(d.limit, c.limit) << name_of(c.unit);
    EXPECT_EQ(d.acts_from, c.limit) << name_of(c.unit);
    EXPECT_EQ(d.spent, c.spent) << name_of(c.unit);
    EXPECT_EQ(d.reserved, c.reserved) << name_of(c.unit);
    EXPECT_EQ(d.requested, c.requested) << name_of(c.unit);
    EXPECT_EQ(d.partition, "component=apollo");
    EXPECT_EQ(d.status, 402);
    EXPECT_EQ(d.resets_at, c.resets ? std::optional<Time>(noon + hours{12}) : std::nullopt);
    ASSERT_TRUE(decision.tightest);
    EXPECT_EQ(decision.tightest->policy_id, "tekton/p");
    EXPECT_EQ(decision.tightest->unit, c.unit);
    EXPECT_EQ(decision.tightest->remaining, c.limit - c.spent - c.reserved);
  }
}

TEST(PolicyEngine, FindsTheLeastRoomOverAllEnforcedLines) {
  Policy hard = policy_named("hard");
  hard.limits = {.cost = Money(100), .tokens = Tokens(50), .requests = 1};
  Policy harder = policy_named("harder");
  harder.limits = {.cost = Money(80), .input_tokens = Tokens(30), .output_tokens = Tokens(20)};
  Policy warn = policy_named("warn");
  warn.type = PolicyType::warn;
  warn.limits = {.cost = Money(1)};
  Policy shadow = policy_named("shadow");
  shadow.shadow = true;
  shadow.limits = {.cost = Money(1)};
  const Planned planned({hard, harder, warn, shadow});
  const CounterState s{amount(50, 5, 6), amount(20, 7, 8), 1, 1};
  const Room room = room_left(planned.plan, {s, s, s, s});
  EXPECT_EQ(room.cost, Money(10));
  EXPECT_EQ(room.tokens, Tokens(24));
  EXPECT_EQ(room.input_tokens, Tokens(18));
  EXPECT_EQ(room.output_tokens, Tokens(6));

  const CounterState over{amount(200, 5, 6), {}, 1, 0};
  EXPECT_EQ(room_left(planned.plan, {over, {}, {}, {}}).cost, Money(-100));

  const Planned unlimited({warn});
  const Room any = room_left(unlimited.plan, {s});
  EXPECT_FALSE(any.cost || any.tokens || any.input_tokens || any.output_tokens);
}

TEST(PolicyEngine, LeavesAnyRoomBelowASoftLimitsThresholdAndTheRestAboveIt) {
  Policy soft = policy_named("soft");
  soft.type = PolicyType::soft_limit;
  soft.limits = {.cost = Money(100)};
  soft.action_threshold_ppm = 900'000;
  const Planned planned({soft});
  EXPECT_EQ(room_left(planned.plan, {state(89, 0)}).cost, std::nullopt);
  EXPECT_EQ(room_left(planned.plan, {state(85, 6)}).cost, Money(9));
  EXPECT_EQ(room_left(planned.plan, {state(120, 0)}).cost, Money(-20));
}

// What a call is clamped to, the ledger then admits: the two agree.
TEST(PolicyEngine, AdmitsACallThatTakesExactlyTheRoomLeftAndNotOneMore) {
  Policy soft = policy_named("soft");
  soft.type = PolicyType::soft_limit;
  soft.limits = {.cost = Money(100)};
  soft.action_threshold_ppm = 500'000;
  for (const bool is_soft : {false, true}) {
    Policy policy = soft;
    if (!is_soft) policy.type = PolicyType::hard_limit;
    Planned planned({policy});
    const CounterState s = state(55, 10);
    const Money room = *room_left(planned.plan, {s}).cost;
    hold_to_limit(planned.plan, policy);
    const PlannedLine& line = planned.plan.lines[0];
    EXPECT_FALSE(broken_limit(line.enforcement, line.limits, s, {.cost = room}));
    EXPECT_TRUE(broken_limit(line.enforcement, line.limits, s, {.cost = room + Money(1)}));
  }
}

Denial denial_of(Unit unit) {
  return {.budget = "tekton",
          .policy = "daily-cap",
          .unit = unit,
          .limit = 5 * usd,
          .spent = 4'900'000'000,
          .reserved = 80'000'000,
          .requested = 32'100'000,
          .partition = "component=apollo",
          .resets_at = noon + hours{3} + minutes{12},
          .acts_from = 5 * usd};
}

TEST(Describe, SaysWhatIsSpentHeldAndLeftAndWhenItResets) {
  EXPECT_EQ(describe(denial_of(Unit::cost), noon, true),
            "Budget 'tekton', policy 'daily-cap' (component=apollo): this call may cost up to "
            "$0.0321, but of the daily limit of $5.00 $4.90 is spent and $0.08 is held by calls in "
            "flight. It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
}

TEST(Describe, FindsWordsForEveryUnit) {
  Denial d = denial_of(Unit::tokens);
  d.partition = "";
  d.limit = d.acts_from = 1000;
  d.spent = 998;
  d.reserved = 1;
  d.requested = 200;
  const std::string reset = " It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).";
  const std::string who = "Budget 'tekton', policy 'daily-cap': ";
  EXPECT_EQ(describe(d, noon, true),
            who +
                "this call may use up to 200 tokens, but of the daily limit of 1000 tokens 998 "
                "tokens are spent and 1 token is held by calls in flight." +
                reset);
  d.unit = Unit::input_tokens;
  d.reserved = 0;
  EXPECT_EQ(describe(d, noon, true),
            who +
                "this call may use up to 200 input tokens, but of the daily limit of 1000 input "
                "tokens 998 input tokens are spent and nothing is held." +
                reset);
  d.unit = Unit::requests;
  d.reserved = 2;
  EXPECT_EQ(describe(d, noon, true),
            who + "of the daily limit of 1000 requests 998 requests are counted and 2 in flight." +
                reset);
  d.unit = Unit::concurrent;
  d.resets_at = std::nullopt;
  d.spent = 0;
  d.reserved = d.limit = d.acts_from = 8;
  EXPECT_EQ(describe(d, noon, true),
            who +
                "8 calls are in flight, and at most 8 calls may be. There is room again when one "
                "of them has ended.");
}

TEST(Describe, SaysFromWhereASoftLimitActs) {
  Denial d = denial_of(Unit::cost);
  d.enforcement = Enforcement::threshold;
  d.acts_from = 4'750'000'000;
  EXPECT_EQ(describe(d, noon, true),
            "Budget 'tekton', policy 'daily-cap' (component=apollo): of the daily limit of $5.00 "
            "$4.90 is spent and $0.08 is held by calls in flight, and calls are refused from $4.75 "
            "on. It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
}

TEST(Describe, SaysWhatKindOfResetThereIs) {
  const struct {
    Period period;
    std::optional<Time> resets_at;
    std::string kind;
    std::string ends;
  } cases[] = {
      {{.kind = Kind::minute},
       noon + std::chrono::milliseconds{30'500},
       "minute",
       "It resets at 2026-11-24T12:00:31Z (in 31 s)."},
      {{.kind = Kind::hourly},
       noon + minutes{5},
       "hourly",
       "It resets at 2026-11-24T12:05:00Z (in 5 min)."},
      {{.kind = Kind::weekly},
       noon + hours{60},
       "weekly",
       "It resets at 2026-11-27T00:00:00Z (in 2 days 12 h)."},
      {{.kind = Kind::monthly},
       noon + hours{47} + minutes{59},
       "monthly",
       "It resets at 2026-11-26T11:59:00Z (in 47 h 59 min)."},
      {{.kind = Kind::yearly}, noon, "yearly", "It resets at 2026-11-24T12:00:00Z (in 0 s)."},
      {{.kind = Kind::daily},
       noon - minutes{1},
       "daily",
       "It resets at 2026-11-24T11:59:00Z (in 0 s)."},
      {{.kind = Kind::total}, std::nullopt, "total", "It does not reset."},
      {{.kind = Kind::per_session}, std::nullopt, "session", "It does not reset in this session."},
      {{.kind = Kind::per_task}, std::nullopt, "task", "It does not reset in this task."},
      {{.kind = Kind::rolling, .rolling = hours{5}},
       noon + hours{5},
       "rolling 5 h",
       "There is room again as past calls leave the window, by 2026-11-24T17:00:00Z (in 5 h) at "
       "the latest."},
  };
  for (const auto& c : cases) {
    Denial d = denial_of(Unit::cost);
    d.period = c.period;
    d.resets_at = c.resets_at;
    const std::string text = describe(d, noon, true);
    EXPECT_NE(text.find("of the " + c.kind + " limit of $5.00"), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with(c.ends)) << text;
  }
}

TEST(Describe, NamesNoFiguresWhenToldNotTo) {
  Denial d = denial_of(Unit::cost);
  EXPECT_EQ(describe(d, noon, false),
            "Budget 'tekton', policy 'daily-cap' (component=apollo): the daily cost limit has no "
            "room for this call. It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
  d.enforcement = Enforcement::threshold;
  d.partition = "";
  EXPECT_EQ(describe(d, noon, false),
            "Budget 'tekton', policy 'daily-cap': the daily cost limit refuses further calls. It "
            "resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
  d.unit = Unit::concurrent;
  d.enforcement = Enforcement::room;
  EXPECT_EQ(describe(d, noon, false),
            "Budget 'tekton', policy 'daily-cap': the concurrency limit has no room for this call; "
            "there is room again when a call has ended.");
}

}  // namespace
}  // namespace budget::policy
