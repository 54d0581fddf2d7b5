// How long deciding takes, without any ledger. Targets: a window under 200 ns,
// a plan of 8 matching policies under 1.5 us.
#include <benchmark/benchmark.h>

#include <string>

#include "policy/engine.h"
#include "policy/period.h"

namespace budget::policy {
namespace {

constexpr Time noon = std::chrono::sys_days(std::chrono::year{2026} / std::chrono::November / 24) +
                      std::chrono::hours{12};

void window(benchmark::State& state, Period::Kind kind, const char* name) {
  const Zone zone = *Zone::load(name);
  const Period period{.kind = kind};
  Time at = noon;
  for (auto _ : state) {
    benchmark::DoNotOptimize(window_of(period, zone, at));
    at += std::chrono::minutes{7};
  }
}
BENCHMARK_CAPTURE(window, minute, Period::Kind::minute, "America/New_York");
BENCHMARK_CAPTURE(window, hourly, Period::Kind::hourly, "America/New_York");
BENCHMARK_CAPTURE(window, daily, Period::Kind::daily, "America/New_York");
BENCHMARK_CAPTURE(window, daily_utc, Period::Kind::daily, "UTC");
BENCHMARK_CAPTURE(window, weekly, Period::Kind::weekly, "America/New_York");
BENCHMARK_CAPTURE(window, monthly, Period::Kind::monthly, "America/New_York");
BENCHMARK_CAPTURE(window, yearly, Period::Kind::yearly, "America/New_York");

Caller apollo() {
  Caller caller;
  caller.component = "apollo";
  caller.context_id = "session-17";
  caller.task_type = "coding";
  caller.user = "ada@example.org";
  caller.key_id = "k1";
  caller.tags = {{"cost_center", "77"}, {"team", "research"}};
  return caller;
}

Policy policy(int number, Match match, std::vector<Partition> per, Period::Kind kind) {
  Policy made;
  made.id = "tekton/policy-" + std::to_string(number);
  made.name = "policy-" + std::to_string(number);
  made.match = std::move(match);
  made.per = std::move(per);
  made.period.kind = kind;
  made.limits.cost = Money(5'000'000'000);
  made.limits.tokens = Tokens(1'000'000);
  return made;
}

// Eight policies that match the call, among `others` for other users.
PolicyConfig config(int others) {
  using P = Partition::Kind;
  using K = Period::Kind;
  Budget budget{.name = "tekton", .timezone = "America/New_York"};
  budget.policies = {
      policy(0, {}, {}, K::daily),
      policy(1, {.component = {"apollo", "codex"}}, {{P::component, ""}}, K::hourly),
      policy(2, {.model = {"gpt-4*"}}, {{P::component, ""}, {P::user, ""}}, K::monthly),
      policy(3, {.tier = {"remote_heavyweight"}}, {{P::tier, ""}}, K::weekly),
      policy(4, {.tags = {{"team", {"research"}}}}, {{P::tag, "team"}}, K::daily),
      policy(5, {.provider = {"openai"}}, {{P::model, ""}}, K::minute),
      policy(6, {.task_type = {"coding"}}, {}, K::per_session),
      policy(7, {.key = {"*"}}, {{P::key, ""}}, K::yearly),
  };
  for (int i = 0; i < others; ++i) {
    budget.policies.push_back(
        policy(8 + i, {.user = {"user" + std::to_string(i)}}, {{P::user, ""}}, K::daily));
  }
  PolicyConfig config;
  config.budgets.push_back(std::move(budget));
  config.tiers = {{"local_lightweight", {"codellama*", "deepseek-coder*", "starcoder*"}},
                  {"local_midweight", {"*haiku*", "llama-3*", "mistral*", "qwen*"}},
                  {"remote_heavyweight", {"*"}}};
  return config;
}

void plan_8_matching(benchmark::State& state) {
  const auto set = *PolicySet::compile(config(static_cast<int>(state.range(0))));
  const Caller caller = apollo();
  const CallFacts call{
      .caller = &caller, .provider = "openai", .model = "gpt-4o-mini", .operation = "chat"};
  Time now = noon;
  for (auto _ : state) {
    const Plan plan = set->plan(call, now);
    if (plan.lines.size() != 8) state.SkipWithError("not eight lines");
    benchmark::DoNotOptimize(plan.lines.data());
    now += std::chrono::milliseconds{3};
  }
}
BENCHMARK(plan_8_matching)->Arg(0)->Arg(1000)->Arg(10'000);

void decide_8_admitted(benchmark::State& state) {
  const auto set = *PolicySet::compile(config(0));
  const Caller caller = apollo();
  const Plan plan = set->plan(
      {.caller = &caller, .provider = "openai", .model = "gpt-4o-mini", .operation = "chat"}, noon);
  const std::vector<CounterState> states(plan.lines.size(),
                                         {{Money(1'000'000), Tokens(900), Tokens(100)},
                                          {Money(1'000), Tokens(90), Tokens(10)},
                                          12,
                                          1});
  const Amount amount{Money(1'000), Tokens(90), Tokens(10)};
  for (auto _ : state) benchmark::DoNotOptimize(decide_admitted(plan, states, amount));
}
BENCHMARK(decide_8_admitted);

void compile_set(benchmark::State& state) {
  const PolicyConfig source = config(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(PolicySet::compile(source));
}
BENCHMARK(compile_set)->Arg(0)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace budget::policy
