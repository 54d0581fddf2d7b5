// Budgets, policies and overrides made through the API.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <functional>
#include <thread>

#include "admin/state/sqlite_state_store.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

using Headers = std::vector<std::pair<std::string, std::string>>;

Told ask_as(AdminUnderTest& admin, Headers more, std::string method, std::string target,
            std::string body) {
  more.emplace_back("x-api-key", std::string(AdminUnderTest::operator_key));
  return admin.ask_with(std::move(more), std::move(method), std::move(target), std::move(body));
}

// The fields that an answer says are wrong.
std::vector<std::string> fields_of(const Told& told) {
  std::vector<std::string> fields;
  if (told.error() != "invalid_request") return fields;
  for (const auto& each : told.body.at("error").at("details").at("problems").as_array()) {
    fields.push_back(text_of(each.at("field")));
  }
  return fields;
}

const policy::Policy* in_force(const AdminUnderTest& admin, std::string_view id) {
  for (const policy::Budget& budget : admin.view->policies->config().budgets) {
    for (const policy::Policy& each : budget.policies) {
      if (each.id == id) return &each;
    }
  }
  return nullptr;
}

bool comes_true(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

constexpr const char* research = R"({"name":"research","owner":"ann","description":"Costs ${HOME}",
    "timezone":"Europe/Berlin","policies":[
      {"name":"cap","cost_limit":"2.50","period":"monthly","reset_day":"last",
       "match":{"provider":"openai","component":["apollo","codex"],"tags":{"team":"x"}},
       "per":["user","tag:team"],"when_exceeded":["clamp",{"downgrade":["gpt-4o-mini"]},
       {"queue":"5s"}],"warning_threshold":0.5,"deny_status":402},
      {"name":"window","type":"soft_limit","period":{"rolling":"5h"},"token_limit":1000,
       "action_threshold":0.95,"priority_bypass":8}]})";

TEST(BudgetWrites, AreInForceAtOnceAndAfterARestart) {
  AdminUnderTest admin;
  const Told made = ask_as(admin, {}, "POST", "/api/budgets", research);
  ASSERT_EQ(made.response.status, 201) << made.response.body;
  EXPECT_EQ(text_of(made.data().at("id")), "research");
  EXPECT_EQ(text_of(made.data().at("source")), "api");
  EXPECT_EQ(text_of(made.data().at("description")), "Costs ${HOME}");
  EXPECT_EQ(text_of(made.data().at("policies").at(0)), "research/cap");
  EXPECT_FALSE(made.header("etag").empty());
  for (int start = 0; start < 2; ++start) {
    const policy::Policy* cap = in_force(admin, "research/cap");
    ASSERT_TRUE(cap);
    EXPECT_EQ(cap->limits.cost, pricing::Money(2'500'000'000));
    EXPECT_EQ(cap->period.reset_day, 0);
    EXPECT_EQ(cap->deny_status, 402);
    EXPECT_EQ(cap->match.component, (std::vector<std::string>{"apollo", "codex"}));
    const policy::Policy* window = in_force(admin, "research/window");
    ASSERT_TRUE(window);
    EXPECT_EQ(window->period.rolling, std::chrono::hours(5));
    EXPECT_EQ(window->action_threshold_ppm, 950'000);
    EXPECT_EQ(text_of(admin.ask("GET", "/api/policies/research/cap").data().at("source")), "api");
    EXPECT_EQ(admin.ask("GET", "/api/budgets").body.at("total").as_int64(), 3);
    admin.restart();
  }
}

TEST(BudgetWrites, TakeBackWhatWasReadWithoutAChange) {
  AdminUnderTest admin;
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets", research).response.status, 201);
  for (const auto* path :
       {"/api/policies/research/cap", "/api/policies/research%2Fwindow", "/api/budgets/research"}) {
    const Told read = admin.ask("GET", path);
    ASSERT_EQ(read.response.status, 200) << read.response.body;
    const Told put = ask_as(admin, {{"if-match", read.header("etag")}}, "PUT", path,
                            boost::json::serialize(read.data()));
    ASSERT_EQ(put.response.status, 200) << put.response.body;
    EXPECT_EQ(put.data(), read.data()) << path;
  }
}

TEST(BudgetWrites, ChangeAndRemoveAPolicyAndKeepTheOthers) {
  AdminUnderTest admin;
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets", research).response.status, 201);
  const Told changed =
      ask_as(admin, {}, "PUT", "/api/policies/research/cap", R"({"cost_limit":7,"type":"warn"})");
  ASSERT_EQ(changed.response.status, 200) << changed.response.body;
  EXPECT_EQ(text_of(changed.data().at("cost_limit")), "7.000000000");
  // A PUT says the whole policy: what it does not say is the default again.
  EXPECT_EQ(text_of(changed.data().at("period")), "daily");
  EXPECT_EQ(in_force(admin, "research/cap")->limits.cost, pricing::Money(7'000'000'000));

  const Told renamed = ask_as(admin, {}, "PUT", "/api/budgets/research", R"({"owner":"bob"})");
  ASSERT_EQ(renamed.response.status, 200) << renamed.response.body;
  EXPECT_EQ(renamed.data().at("policies").as_array().size(), 2U);
  EXPECT_EQ(text_of(renamed.data().at("timezone")), "UTC");

  EXPECT_EQ(ask_as(admin, {}, "DELETE", "/api/policies/research/cap", "").response.status, 200);
  EXPECT_FALSE(in_force(admin, "research/cap"));
  EXPECT_TRUE(in_force(admin, "research/window"));
  EXPECT_EQ(ask_as(admin, {}, "DELETE", "/api/policies/research/cap", "").error(),
            "resource_not_found");
  EXPECT_EQ(ask_as(admin, {}, "DELETE", "/api/budgets/research", "").response.status, 200);
  EXPECT_FALSE(in_force(admin, "research/window"));
  EXPECT_EQ(admin.ask("GET", "/api/budgets/research").error(), "resource_not_found");
  EXPECT_EQ(ask_as(admin, {}, "DELETE", "/api/budgets/research", "").error(), "resource_not_found");
}

TEST(BudgetWrites, AddPoliciesToABudgetOfTheFile) {
  AdminUnderTest admin;
  const Told made = ask_as(admin, {}, "POST", "/api/policies",
                           R"({"budget_id":"team","name":"apollo","request_limit":3,
                               "match":{"component":"apollo"}})");
  ASSERT_EQ(made.response.status, 201) << made.response.body;
  EXPECT_EQ(text_of(made.data().at("id")), "team/apollo");
  EXPECT_EQ(text_of(made.data().at("source")), "api");
  EXPECT_EQ(text_of(admin.ask("GET", "/api/budgets/team").data().at("source")), "file");
  ASSERT_TRUE(in_force(admin, "team/apollo"));
  EXPECT_EQ(in_force(admin, "team/apollo")->limits.requests, 3);
  EXPECT_EQ(ask_as(admin, {}, "DELETE", "/api/policies/team/apollo", "").response.status, 200);
  EXPECT_FALSE(in_force(admin, "team/apollo"));
}

TEST(BudgetWrites, AreRefusedForWhatTheFileDefinesAndForNamesThatAreTaken) {
  AdminUnderTest admin;
  const std::string policy = R"({"cost_limit":"1"})";
  for (const auto& [method, path, body] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"PUT", "/api/budgets/team", R"({"owner":"me"})"},
           {"DELETE", "/api/budgets/team", ""},
           {"PUT", "/api/policies/team%2Fdaily-cap", policy},
           {"PUT", "/api/policies/team/daily-cap", policy},
           {"DELETE", "/api/policies/team/daily-cap", ""}}) {
    const Told told = ask_as(admin, {}, method, path, body);
    EXPECT_EQ(told.response.status, 409) << method << path;
    ASSERT_EQ(told.error(), "conflict") << told.response.body;
    EXPECT_NE(told.message().find("budget.yaml"), std::string::npos) << told.message();
  }
  EXPECT_EQ(ask_as(admin, {}, "POST", "/api/budgets", R"({"name":"team"})").error(),
            "resource_exists");
  EXPECT_EQ(ask_as(admin, {}, "POST", "/api/policies",
                   R"({"budget_id":"team","name":"daily-cap","cost_limit":1})")
                .error(),
            "resource_exists");
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets", research).response.status, 201);
  EXPECT_EQ(ask_as(admin, {}, "POST", "/api/budgets", R"({"name":"research"})").error(),
            "resource_exists");
  EXPECT_EQ(ask_as(admin, {}, "POST", "/api/policies",
                   R"({"budget_id":"nobody","name":"x","cost_limit":1})")
                .error(),
            "resource_not_found");
}

TEST(BudgetWrites, AreRefusedWithTheReadersWordsAndThePlace) {
  AdminUnderTest admin;
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {R"({"name":"a","policies":[{"name":"p"}]})", "policies.0", "has no limit"},
      {R"({"name":"a b"})", "name", "write 'a-b'"},
      {R"({})", "name", "required"},
      {R"({"name":"a","timezone":"Europe/Berln"})", "timezone", "Europe/Berlin"},
      {R"({"name":"a","limits":3})", "limits", "is not a field"},
      {R"({"name":"a","owner":3})", "owner", "string"},
      {R"({"name":"a","policies":{}})", "policies", "list"},
      {R"({"name":"a","policies":["x",{}]})", "policies.0", "object"},
      {R"({"name":"a","policies":[{"name":"p","cost_limit":1},{"name":"p","cost_limit":1}]})",
       "policies.1.name", "already"},
      {R"({"name":"a","policies":[{"name":"p","cost_limit":"cheap"}]})", "policies.0.cost_limit",
       "cheap"},
      {R"({"name":"a","policies":[{"name":"p","cost_limit":1,"perod":"daily"}]})",
       "policies.0.perod", "did you mean 'period'"},
      {R"({"name":"a","policies":[{"name":"p","cost_limit":1,"match":{"provider":"opnai"}}]})",
       "policies.0.match.provider", "openai"},
      {R"({"name":"a","policies":[{"name":"p","cost_limit":1,"match":{"tier":["x"]}}]})",
       "policies.0.match.tier.0", "tier"},
      {R"({"name":"a","policies":[{"name":"p","cost_limit":1,"period":"fortnightly"}]})",
       "policies.0.period", "fortnightly"},
      {R"({"name":"a","policies":[{"name":"p","cost_limit":"${HOME}"}]})", "policies.0.cost_limit",
       "${HOME}"}};
  for (const auto& [body, field, word] : cases) {
    const Told told = ask_as(admin, {}, "POST", "/api/budgets", body);
    EXPECT_EQ(told.response.status, 400) << body;
    const auto fields = fields_of(told);
    ASSERT_FALSE(fields.empty()) << body << told.response.body;
    EXPECT_EQ(fields[0], field) << told.response.body;
    EXPECT_NE(told.response.body.find(word), std::string::npos) << told.response.body;
  }
  EXPECT_EQ(fields_of(ask_as(admin, {}, "POST", "/api/policies",
                             R"({"budget_id":"team","name":"x","cost_limit":-1})")),
            std::vector<std::string>{"cost_limit"});
  EXPECT_EQ(admin.ask("GET", "/api/budgets").body.at("total").as_int64(), 2);
}

TEST(BudgetWrites, OfWhatAnotherChangedMeanwhileAreRefused) {
  AdminUnderTest admin;
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets", research).response.status, 201);
  for (const std::string path : {"/api/policies/research/cap", "/api/budgets/research"}) {
    const std::string first = admin.ask("GET", path).header("etag");
    const std::string change = path.ends_with("cap") ? R"({"cost_limit":3})" : R"({"owner":"eve"})";
    ASSERT_EQ(ask_as(admin, {{"if-match", first}}, "PUT", path, change).response.status, 200);
    for (const std::string method : {"PUT", "DELETE"}) {
      const Told late = ask_as(admin, {{"if-match", first}}, method, path,
                               method == "PUT" ? change : std::string());
      EXPECT_EQ(late.response.status, 412) << method << path << late.response.body;
      EXPECT_EQ(late.error(), "conflict");
    }
    EXPECT_EQ(ask_as(admin, {{"if-match", "\"x\", " + admin.ask("GET", path).header("etag")}},
                     "PUT", path, change)
                  .response.status,
              200);
    EXPECT_EQ(ask_as(admin, {{"if-match", "*"}}, "PUT", path, change).response.status, 200);
  }
}

TEST(BudgetWrites, AreForOperatorsAlone) {
  AdminUnderTest admin;
  for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
           {"POST", "/api/budgets"},
           {"PUT", "/api/budgets/team"},
           {"DELETE", "/api/budgets/team"},
           {"POST", "/api/policies"},
           {"PUT", "/api/policies/team/daily-cap"},
           {"DELETE", "/api/policies/team%2Fdaily-cap"},
           {"POST", "/api/policies/team%2Fdaily-cap/overrides"},
           {"DELETE", "/api/policies/team%2Fdaily-cap/overrides"}}) {
    const Told told = admin.ask_with({{"x-api-key", std::string(AdminUnderTest::viewer_key)}},
                                     method, path, "{}");
    EXPECT_EQ(told.error(), "authorization_error") << method << path;
    EXPECT_EQ(admin.ask_with({}, method, path, "{}").response.status, 401) << method << path;
  }
}

TEST(BudgetWrites, ThatTheFileNoLongerFitsAreSkippedAndNamedAndComeBack) {
  AdminUnderTest admin;
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets",
                   R"({"name":"extra","policies":[
                        {"name":"heavy","cost_limit":1,"match":{"tier":"heavy"}},
                        {"name":"all","cost_limit":2}]})")
                .response.status,
            201);
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/policies",
                   R"({"budget_id":"team","name":"mine","request_limit":9})")
                .response.status,
            201);
  const policy::PolicyConfig before = admin.file;
  admin.file.tiers.clear();
  admin.file.budgets.erase(admin.file.budgets.begin());
  admin.restart();
  EXPECT_FALSE(in_force(admin, "extra/heavy"));
  EXPECT_TRUE(in_force(admin, "extra/all"));
  EXPECT_FALSE(in_force(admin, "team/mine"));
  const Told health = admin.ask_with({}, "GET", "/health");
  EXPECT_EQ(text_of(health.body.at("status")), "degraded");
  const std::string why = text_of(health.body.at("components").at("policies").at("message"));
  EXPECT_NE(why.find("'extra/heavy' is not enforced"), std::string::npos) << why;
  EXPECT_NE(why.find("'team/mine' is not enforced"), std::string::npos) << why;
  const Told shown = admin.ask("GET", "/api/policies/extra/heavy");
  ASSERT_EQ(shown.response.status, 200);
  EXPECT_FALSE(shown.data().at("in_force").as_bool());
  EXPECT_NE(text_of(shown.data().at("problem")).find("heavy"), std::string::npos);

  // The file takes the name of a whole budget.
  admin.file = before;
  admin.file.budgets.push_back(before.budgets.front());
  admin.file.budgets.back().name = "extra";
  for (policy::Policy& each : admin.file.budgets.back().policies) each.id = "extra/" + each.name;
  admin.restart();
  EXPECT_FALSE(in_force(admin, "extra/all"));
  EXPECT_TRUE(in_force(admin, "extra/daily-cap"));
  EXPECT_EQ(ask_as(admin, {}, "PUT", "/api/budgets/extra", "{}").error(), "conflict");

  admin.file = before;
  admin.restart();
  EXPECT_TRUE(in_force(admin, "extra/heavy"));
  EXPECT_TRUE(in_force(admin, "team/mine"));
  EXPECT_EQ(text_of(admin.ask_with({}, "GET", "/health").body.at("status")), "ok");
}

TEST(BudgetWrites, OfManyAtOnceAreAllKept) {
  AdminUnderTest admin;
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets", R"({"name":"many"})").response.status, 201);
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&admin, &made, i] {
      const Told told = ask_as(
          admin, {}, "POST", "/api/policies",
          R"({"budget_id":"many","request_limit":1,"name":"p)" + std::to_string(i % 4) + "\"}");
      if (told.response.status == 201) ++made;
      if (told.response.status != 201) EXPECT_EQ(told.error(), "resource_exists");
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(made, 4);
  EXPECT_EQ(admin.ask("GET", "/api/budgets/many").data().at("policies").as_array().size(), 4U);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(in_force(admin, "many/p" + std::to_string(i)));
}

TEST(BudgetWrites, OfOneReplicaAreInForceOnEveryOther) {
  AdminUnderTest here;
  AdminUnderTest there;
  const auto shared = SqliteStateStore::open(here.folder / "shared.db", here.clock).value();
  here.state = there.state = shared.get();
  here.restart();
  there.restart();
  ASSERT_EQ(ask_as(here, {}, "POST", "/api/budgets", research).response.status, 201);
  const auto known_there = [&there] {
    return there.ask("GET", "/api/policies/research/cap").response.status == 200;
  };
  EXPECT_TRUE(comes_true(known_there));
  ASSERT_EQ(ask_as(there, {}, "DELETE", "/api/budgets/research", "").response.status, 200);
  EXPECT_TRUE(comes_true(
      [&here] { return here.ask("GET", "/api/budgets/research").response.status == 404; }));
  here.service.reset();
  there.service.reset();
}

std::string override_until(std::string_view until, std::string_view limit) {
  return R"({"until":")" + std::string(until) + R"(","reason":"launch","cost_limit":)" +
         std::string(limit) + "}";
}

TEST(Overrides, RaiseAndStopAPolicyUntilTheirTimeAndAreSeenInTheSummary) {
  AdminUnderTest admin;
  const std::string path = "/api/policies/team%2Fdaily-cap/overrides";
  const Told raised = ask_as(admin, {}, "POST", path, override_until("2026-11-24T13:00:00Z", "5"));
  ASSERT_EQ(raised.response.status, 201) << raised.response.body;
  EXPECT_EQ(text_of(raised.data().at("state")), "active");
  EXPECT_EQ(text_of(raised.data().at("created_by")), "o");
  EXPECT_EQ(in_force(admin, "team/daily-cap")->limits.cost, pricing::Money(5'000'000'000));
  const Told summary = admin.ask("GET", "/api/budgets/team/summary");
  const auto& item = summary.body.at("items").at(0);
  EXPECT_EQ(text_of(item.at("limit")), "5.000000000");
  EXPECT_EQ(text_of(item.at("override").at("reason")), "launch");
  EXPECT_TRUE(summary.body.at("items").at(1).at("override").is_null());
  // The policy itself is as it was defined.
  const Told policy = admin.ask("GET", "/api/policies/team/daily-cap");
  EXPECT_EQ(text_of(policy.data().at("cost_limit")), "1.000000000");
  EXPECT_EQ(policy.data().at("override").at("id"), raised.data().at("id"));

  admin.clock.time += std::chrono::seconds(1);
  ASSERT_EQ(
      ask_as(admin, {}, "POST", path, override_until("2026-11-24T12:30:00Z", "0")).response.status,
      201);
  EXPECT_EQ(in_force(admin, "team/daily-cap")->limits.cost, pricing::Money(0));
  const Told listed = admin.ask("GET", path);
  ASSERT_EQ(listed.body.at("total").as_int64(), 2);
  EXPECT_EQ(text_of(listed.body.at("items").at(0).at("state")), "active");
  EXPECT_EQ(text_of(listed.body.at("items").at(1).at("state")), "superseded");

  // The stop ends, the raise is still there; then it ends too.
  admin.clock.time += std::chrono::hours(1) - std::chrono::minutes(20);
  admin.restart();
  EXPECT_EQ(in_force(admin, "team/daily-cap")->limits.cost, pricing::Money(5'000'000'000));
  admin.clock.time += std::chrono::hours(1);
  admin.restart();
  EXPECT_EQ(in_force(admin, "team/daily-cap")->limits.cost, pricing::Money(1'000'000'000));
  EXPECT_EQ(text_of(admin.ask("GET", path).body.at("items").at(0).at("state")), "ended");
}

TEST(Overrides, AreRemovedByHandAndWithTheirPolicy) {
  AdminUnderTest admin;
  const std::string path = "/api/policies/team%2Fdaily-cap/overrides";
  ASSERT_EQ(ask_as(admin, {}, "POST", path, override_until("2026-11-25", "5")).response.status,
            201);
  const Told removed = ask_as(admin, {}, "DELETE", path, "");
  EXPECT_EQ(removed.data().at("deleted").as_int64(), 1);
  EXPECT_EQ(in_force(admin, "team/daily-cap")->limits.cost, pricing::Money(1'000'000'000));

  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets", research).response.status, 201);
  const std::string own = "/api/policies/research%2Fcap/overrides";
  ASSERT_EQ(ask_as(admin, {}, "POST", own, override_until("2026-11-25", "9")).response.status, 201);
  ASSERT_EQ(ask_as(admin, {}, "DELETE", "/api/budgets/research", "").response.status, 200);
  ASSERT_EQ(ask_as(admin, {}, "POST", "/api/budgets", research).response.status, 201);
  EXPECT_EQ(admin.ask("GET", own).body.at("total").as_int64(), 0);
  EXPECT_EQ(in_force(admin, "research/cap")->limits.cost, pricing::Money(2'500'000'000));
}

TEST(Overrides, AreRefusedWithThePlaceOfWhatIsWrong) {
  AdminUnderTest admin;
  const std::string path = "/api/policies/team%2Fdaily-cap/overrides";
  const std::pair<const char*, const char*> cases[] = {
      {R"({"reason":"x","cost_limit":1})", "until"},
      {R"({"reason":"x","cost_limit":1,"until":"2026-11-24T11:00:00Z"})", "until"},
      {R"({"cost_limit":1,"until":"2026-11-25"})", "reason"},
      {R"({"reason":"x","until":"2026-11-25"})", "cost_limit"},
      {R"({"reason":"x","until":"2026-11-25","token_limit":-1})", "token_limit"},
      {R"({"reason":"x","until":"2026-11-25","cost_limit":1,"limit":1})", "limit"}};
  for (const auto& [body, field] : cases) {
    const Told told = ask_as(admin, {}, "POST", path, body);
    EXPECT_EQ(told.response.status, 400) << body;
    ASSERT_FALSE(fields_of(told).empty()) << told.response.body;
    EXPECT_EQ(fields_of(told)[0], field);
  }
  EXPECT_EQ(ask_as(admin, {}, "POST", "/api/policies/team%2Frolling/overrides",
                   override_until("2026-11-25", "1"))
                .response.status,
            400);
  for (const std::string method : {"GET", "POST", "DELETE"}) {
    EXPECT_EQ(ask_as(admin, {}, method, "/api/policies/team%2Fx/overrides", "").error(),
              "resource_not_found");
  }
}

}  // namespace
}  // namespace budget::admin
