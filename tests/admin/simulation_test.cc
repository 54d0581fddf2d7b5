// Recorded calls against other policies.
#include "admin/simulation.h"

#include <gtest/gtest.h>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

using pricing::Money;
using pricing::Tokens;
using std::chrono::seconds;

constexpr policy::Time noon =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(12);

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

// One call of 100 tokens in, 100 out, 1,000 nano-USD each way.
ledger::UsageRecord call(policy::Time at, std::string component = "apollo",
                         seconds takes = seconds(1)) {
  ledger::UsageRecord record;
  record.request_id = std::to_string(at.time_since_epoch().count());
  record.timestamp = at;
  record.ended_at = at + takes;
  record.caller.component = std::move(component);
  record.provider = "openai";
  record.model = record.requested_model = "gpt-4o";
  record.operation = "chat";
  record.usage.input = record.usage.output = Tokens(100);
  record.cost = {Money(1000), Money(1000), Money(2000)};
  return record;
}

policy::Policy hard(std::string name, policy::Limits limits) {
  policy::Policy made;
  made.id = "b/" + name;
  made.name = std::move(name);
  made.limits = limits;
  made.warning_threshold_ppm = 900'000;
  return made;
}

Simulation simulation_of(std::vector<policy::Policy> policies, policy::Time from = noon) {
  policy::Budget budget;
  budget.name = "b";
  budget.policies = std::move(policies);
  const Reprice tenth = [](const ledger::UsageRecord& record, std::string_view,
                           std::string_view model) -> std::optional<pricing::Cost> {
    if (model == "unknown") return std::nullopt;
    if (model != "mini") return record.cost;
    return pricing::Cost{Money(100), Money(100), Money(200)};
  };
  return {policy::PolicySet::compile({{budget}, {}}).value(), tenth, from};
}

TEST(Simulation, AllowsWarnsAndDeniesByWhatWasSpentBefore) {
  Simulation simulation = simulation_of({hard("cap", {.cost = Money(10'000)})});
  for (int i = 0; i < 8; ++i) simulation.play(call(noon + seconds(10 * i)));
  const SimulatedCounts& total = simulation.total();
  EXPECT_EQ(total.calls, 8);
  EXPECT_EQ(total.allowed, 4);
  EXPECT_EQ(total.warned, 1);
  EXPECT_EQ(total.denied, 3);
  EXPECT_EQ(total.saved, Money(6000));
  EXPECT_EQ(simulation.by_policy().at({"b/cap", "apollo"}).denied, 3);
}

TEST(Simulation, BeginsAgainWithThePeriodAndCountsWhatWasBeforeTheReport) {
  policy::Policy minute = hard("minute", {.requests = 2});
  minute.period.kind = policy::Period::Kind::minute;
  Simulation simulation = simulation_of({minute}, noon + seconds(30));
  for (const int at : {0, 10, 40, 60, 70, 80}) simulation.play(call(noon + seconds(at)));
  EXPECT_EQ(simulation.total().calls, 4);
  EXPECT_EQ(simulation.total().denied, 2);
}

TEST(Simulation, LetsARollingWindowMoveOn) {
  policy::Policy rolling = hard("rolling", {.requests = 1});
  rolling.period.kind = policy::Period::Kind::rolling;
  rolling.period.rolling = seconds(60);
  Simulation simulation = simulation_of({rolling});
  for (const int at : {0, 30, 62, 90, 124}) simulation.play(call(noon + seconds(at)));
  EXPECT_EQ(simulation.total().denied, 2);
}

TEST(Simulation, CountsCallsThatAreStillRunning) {
  Simulation simulation = simulation_of({hard("two", {.concurrent = 2})});
  for (int i = 0; i < 4; ++i) simulation.play(call(noon + seconds(i), "apollo", seconds(3)));
  // The first has ended when the fourth comes.
  EXPECT_EQ(simulation.total().denied, 1);
}

TEST(Simulation, ClampsToTheRoomThatIsLeftAndNotBelowTheLeast) {
  policy::Policy clamp = hard("clamp", {.cost = Money(3500)});
  clamp.when_exceeded = {{policy::Action::Kind::clamp, {}, {}}};
  clamp.clamp_min = Tokens(50);
  Simulation simulation = simulation_of({clamp});
  for (int i = 0; i < 3; ++i) simulation.play(call(noon + seconds(10 * i)));
  EXPECT_EQ(simulation.total().clamped, 1);
  EXPECT_EQ(simulation.total().denied, 1);
  // 500 of the second's 2,000 had no room, and all of the third's.
  EXPECT_EQ(simulation.total().saved, Money(2500));
}

TEST(Simulation, DowngradesToTheFirstModelThatHasAPriceAndFits) {
  policy::Policy down = hard("down", {.cost = Money(2200)});
  down.when_exceeded = {{policy::Action::Kind::downgrade, {"unknown", "dear", "mini"}, {}}};
  Simulation simulation = simulation_of({down});
  for (int i = 0; i < 3; ++i) simulation.play(call(noon + seconds(10 * i)));
  EXPECT_EQ(simulation.total().downgraded, 1);
  EXPECT_EQ(simulation.total().denied, 1);
  EXPECT_EQ(simulation.total().saved, Money(1800 + 2000));
}

TEST(Simulation, TellsComponentsApartAndWhatShadowPoliciesWouldHaveRefused) {
  policy::Policy per = hard("per", {.requests = 1});
  per.per = {{policy::Partition::Kind::component, ""}};
  policy::Policy shadow = hard("shadow", {.requests = 1});
  shadow.shadow = true;
  Simulation simulation = simulation_of({per, shadow});
  int at = 0;
  for (const auto* component : {"apollo", "codex", "apollo"}) {
    simulation.play(call(noon + seconds(10 * at++), component));
  }
  EXPECT_EQ(simulation.by_component().at("apollo").denied, 1);
  EXPECT_EQ(simulation.by_component().at("codex").denied, 0);
  EXPECT_EQ(simulation.by_policy().at({"b/shadow", "codex"}).shadow_denied, 1);
  EXPECT_EQ(simulation.total().shadow_denied, 1);
}

std::string set(std::string_view what) {
  return R"({"start_time":"2026-11-24T00:00:00Z",)" + std::string(what) + "}";
}

TEST(Simulate, OfThePoliciesInForceDecidesAsTheyDid) {
  AdminUnderTest admin;
  for (int i = 0; i < 4; ++i) {
    admin.play_call("r" + std::to_string(i), "apollo", 100, 100, 200'000'000);
    admin.clock.time += seconds(10);
  }
  const Told told = admin.ask("POST", "/api/policies/simulate", set(R"("base":"current")"));
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  EXPECT_EQ(told.data().at("records").as_int64(), 4);
  EXPECT_EQ(told.data().at("total").at("denied").as_int64(), 0);
  EXPECT_EQ(told.data().at("total").at("calls").as_int64(), 4);
  EXPECT_EQ(told.data().at("total").at("saved_nano").as_int64(), 0);

  const Told tighter = admin.ask("POST", "/api/policies/simulate", set(R"("policies":[
      {"budget_id":"team","name":"daily-cap","cost_limit":"0.45"}])"));
  ASSERT_EQ(tighter.response.status, 200) << tighter.response.body;
  EXPECT_EQ(tighter.data().at("total").at("denied").as_int64(), 2);
  EXPECT_EQ(text_of(tighter.data().at("total").at("saved")), "0.400000000");
  const auto& policy = tighter.data().at("policies").at(1);
  EXPECT_EQ(text_of(policy.at("policy_id")), "team/daily-cap");
  EXPECT_EQ(text_of(policy.at("component")), "apollo");
  EXPECT_EQ(policy.at("denied").as_int64(), 2);
  // Nothing of it was put in force.
  EXPECT_EQ(text_of(admin.ask("GET", "/api/policies/team/daily-cap").data().at("cost_limit")),
            "1.000000000");

  const Told none = admin.ask("POST", "/api/policies/simulate",
                              set(R"("base":"empty","budgets":[{"name":"one","policies":[
                                    {"name":"p","request_limit":1}]}])"));
  EXPECT_EQ(none.data().at("total").at("denied").as_int64(), 3) << none.response.body;
  const Told removed =
      admin.ask("POST", "/api/policies/simulate", set(R"("remove":["team/daily-cap","idle"])"));
  for (const auto& each : removed.data().at("policies").as_array()) {
    EXPECT_NE(text_of(each.at("policy_id")), "team/daily-cap");
  }
}

TEST(Simulate, IsRefusedWithThePlaceOfWhatIsWrong) {
  AdminUnderTest admin;
  const std::pair<std::string, const char*> cases[] = {
      {R"({})", "start_time"},
      {R"({"start_time":"2026-11-25"})", "start_time"},
      {set(R"("remove":["team/none"])"), "remove"},
      {set(R"("base":"mine")"), "base"},
      {set(R"("policies":[{"budget_id":"none","name":"p","cost_limit":1}])"),
       "policies.0.budget_id"},
      {set(R"("policies":[{"budget_id":"team","name":"p"}])"), "policies.0"},
      {set(R"("policies":[{"budget_id":"team","name":"p","cost_limit":"x"}])"),
       "policies.0.cost_limit"},
      {set(R"("budgets":[{"name":"x","policies":[{"name":"p"}]}])"), "budgets.0.policies.0"},
      {set(R"("budgets":{})"), "budgets"}};
  for (const auto& [body, field] : cases) {
    const Told told = admin.ask("POST", "/api/policies/simulate", body);
    ASSERT_EQ(told.error(), "invalid_request") << body << told.response.body;
    EXPECT_EQ(text_of(told.body.at("error").at("details").at("problems").at(0).at("field")), field)
        << told.response.body;
  }
  EXPECT_EQ(admin.ask_with({}, "POST", "/api/policies/simulate", "{}").response.status, 401);
}

TEST(Components, AreThoseThatCalledOrThatAPolicyNames) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 10, 20, 1000);
  ASSERT_EQ(admin
                .ask("POST", "/api/policies",
                     R"({"budget_id":"team","name":"x","request_limit":1,
                          "match":{"component":["codex","e*"]}})")
                .response.status,
            201);
  const Told told = admin.ask("GET", "/api/components");
  ASSERT_EQ(told.body.at("total").as_int64(), 2) << told.response.body;
  EXPECT_EQ(text_of(told.body.at("items").at(0).at("component")), "apollo");
  EXPECT_EQ(told.body.at("items").at(0).at("requests").as_int64(), 1);
  EXPECT_EQ(text_of(told.body.at("items").at(1).at("policies").at(0)), "team/x");
  const Told tiers = admin.ask("GET", "/api/tiers");
  EXPECT_EQ(text_of(tiers.body.at("items").at(0).at("name")), "heavy");
  EXPECT_EQ(text_of(tiers.body.at("items").at(0).at("models").at(0)), "gpt-4o");
}

}  // namespace
}  // namespace budget::admin
