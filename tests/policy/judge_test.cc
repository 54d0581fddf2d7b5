#include <gtest/gtest.h>

#include "policy/engine.h"
#include "tests/policy/policies.h"

namespace budget::policy {
namespace {

using std::chrono::hours;

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

TEST(PolicyEngine, DoesNotCountACallAgainstItselfInAShadow) {
  Policy policy = policy_named("p");
  policy.shadow = true;
  const Amount call = amount(0, 60, 40);
  for (const Limits& limits :
       {Limits{.tokens = Tokens(100)}, Limits{.input_tokens = Tokens(60)},
        Limits{.output_tokens = Tokens(40)}, Limits{.requests = 1}, Limits{.concurrent = 1}}) {
    policy.limits = limits;
    const Planned planned({policy});
    const CounterState alone{{}, call, 0, 1};
    EXPECT_TRUE(decide_admitted(planned.plan, {alone}, call).shadow_denials.empty());
    const CounterState second{{}, amount(0, 120, 80), 0, 2};
    EXPECT_EQ(decide_admitted(planned.plan, {second}, call).shadow_denials.size(), 1);
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

}  // namespace
}  // namespace budget::policy
