#include <gtest/gtest.h>

#include <random>

#include "admin/analytics/model_cost.h"
#include "admin/analytics/recommend.h"
#include "admin/analytics/spend_forecast.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

using ledger::UsageSum;
using pricing::Money;
using pricing::Tokens;

constexpr std::string_view catalog_json = R"({"format":1,"date":"2026-09-23","sources":["s"],
  "providers":[{"id":"openai","models":[
    {"model":"dear","context_window":100000,"max_output":8000,"rows":[
      {"source":0,"rates":{"input":"10","cache_read":"1","output":"40"}}]},
    {"model":"cheap","context_window":100000,"max_output":8000,"rows":[
      {"source":0,"rates":{"input":"5","output":"20"}}]},
    {"model":"small-window","context_window":8000,"max_output":8000,"rows":[
      {"source":0,"rates":{"input":"4","output":"16"}}]},
    {"model":"unknown-window","rows":[{"source":0,"rates":{"input":"4","output":"16"}}]},
    {"model":"another-class","context_window":100000,"max_output":8000,"rows":[
      {"source":0,"rates":{"input":"0.1","output":"0.4"}}]},
    {"model":"other-tier","context_window":100000,"max_output":8000,"rows":[
      {"source":0,"rates":{"input":"4","output":"16"}}]},
    {"model":"embedding","context_window":100000,"max_output":8000,"rows":[
      {"source":0,"rates":{"input":"4"}}]}]}]})";

struct World {
  World() {
    view.catalog = pricing::Catalog::parse(catalog_json).value();
    view.policies =
        policy::PolicySet::compile({{}, {{"other", {"other-tier"}}, {"all", {"*"}}}}).value();
    view.providers.push_back({"openai", "openai", "", {"openai", "openai"}});
  }
  View view;
  SetClock clock;

  [[nodiscard]] pricing::FoundPrice price(std::string_view model) const {
    return view.catalog->find({"openai", "openai", false}, model,
                              std::chrono::floor<std::chrono::seconds>(clock.now()), {});
  }
};

UsageSum used(std::string model, std::int64_t requests, std::int64_t input, std::int64_t output,
              std::int64_t cached = 0) {
  UsageSum sum;
  sum.group = {"openai", std::move(model)};
  sum.requests = requests;
  sum.input = Tokens(input);
  sum.output = Tokens(output);
  sum.cache_read = Tokens(cached);
  return sum;
}

TEST(Recommend, NamesTheComparableModelThatCostsLess) {
  const World world;
  const auto all = recommend(world.view, {used("dear", 10, 10'000, 1'000)}, world.clock.now());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].kind, Recommendation::Kind::cheaper_model);
  EXPECT_EQ(all[0].to_model, "cheap");
  EXPECT_EQ(all[0].cost, Money(140'000'000));
  EXPECT_EQ(all[0].saving, Money(70'000'000));
  EXPECT_TRUE(recommend(world.view, {used("cheap", 10, 10'000, 1'000)}, world.clock.now()).empty());
}

TEST(Recommend, SeesLongInputsThatAreNotCached) {
  const World world;
  auto all = recommend(world.view, {used("dear", 10, 100'000, 0)}, world.clock.now());
  const auto cache =
      std::ranges::find(all, Recommendation::Kind::prompt_cache, &Recommendation::kind);
  ASSERT_NE(cache, all.end());
  // Half of 100,000 tokens at 9 USD a million less.
  EXPECT_EQ(cache->saving, Money(450'000'000));
  EXPECT_EQ(cache->assumed_ppm, 500'000);
  all = recommend(world.view, {used("dear", 10, 100'000, 0, 90'000)}, world.clock.now());
  EXPECT_EQ(std::ranges::count(all, Recommendation::Kind::prompt_cache, &Recommendation::kind), 0);
  all = recommend(world.view, {used("dear", 1'000, 100'000, 0)}, world.clock.now());
  EXPECT_EQ(std::ranges::count(all, Recommendation::Kind::prompt_cache, &Recommendation::kind), 0)
      << "short calls";
}

TEST(Recommend, CountsTheBestOfEachModelOnce) {
  const World world;
  const auto all = recommend(world.view, {used("dear", 10, 100'000, 0)}, world.clock.now());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(total_saving(all), std::max(all[0].saving, all[1].saving));
}

TEST(ModelCost, IsWhatEachCallWouldHaveCost) {
  const World world;
  EXPECT_EQ(cost_at(used("dear", 1, 1000, 100, 400), world.price("dear")),
            Money(6'000'000 + 400'000 + 4'000'000));
  EXPECT_EQ(saved_by_cache(used("dear", 1, 1000, 100, 400), world.price("dear")), Money(3'600'000));
  EXPECT_EQ(saved_by_cache(used("cheap", 1, 1000, 100, 400), world.price("cheap")), Money(0));
}

std::chrono::sys_days day(int of_month) {
  return std::chrono::sys_days(std::chrono::year(2026) / 11 / of_month);
}

TEST(SpendForecast, GoesOnByTheWeekday) {
  // Two weeks before Tuesday the 24th: 10 on each day, none at weekends.
  std::vector<DaySpend> days;
  for (int date = 10; date < 24; ++date) {
    const auto weekday = std::chrono::weekday(day(date)).iso_encoding();
    if (weekday < 6) days.push_back({day(date), Money(10)});
  }
  const auto forecast = forecast_spend(days, day(24) + std::chrono::hours(12));
  EXPECT_EQ(forecast.basis, SpendForecast::Basis::weekday_mean);
  EXPECT_EQ(forecast.next_week, Money(50));
  EXPECT_EQ(forecast.month_so_far, Money(100));
  // The 24th to the 27th and the 30th.
  EXPECT_EQ(forecast.month_to_end, Money(150));
}

TEST(SpendForecast, SaysWhatItRestsOn) {
  const policy::Time now = day(24) + std::chrono::hours(12);
  EXPECT_EQ(forecast_spend({}, now).basis, SpendForecast::Basis::none);
  const std::vector<DaySpend> today{{day(24), Money(70)}};
  EXPECT_EQ(forecast_spend(today, now).basis, SpendForecast::Basis::none);
  EXPECT_EQ(forecast_spend(today, now).month_to_end, Money(70)) << "nothing is made up";
  const std::vector<DaySpend> two{{day(23), Money(10)}, {day(24), Money(70)}};
  const auto forecast = forecast_spend(two, now);
  EXPECT_EQ(forecast.basis, SpendForecast::Basis::daily_mean);
  EXPECT_EQ(forecast.next_week, Money(70));
  EXPECT_EQ(forecast.month_to_end, Money(80 + 6 * 10)) << "today has had its share";
}

// Against the plainest sum: a day costs as the mean of its weekday.
TEST(SpendForecast, IsNeverBelowWhatIsSpent) {
  const unsigned seed = 20261124;
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<DaySpend> days;
    for (int i = 0; i < 24; ++i) {
      if (random() % 3 != 0) days.push_back({day(1 + i), Money(random() % 1000)});
    }
    const auto forecast = forecast_spend(days, day(24) + std::chrono::hours(random() % 24));
    EXPECT_GE(forecast.month_to_end, forecast.month_so_far) << "seed " << seed;
    EXPECT_GE(forecast.next_week, Money(0));
  }
}

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

TEST(Analysis, TellsOnlyWhatIsRecorded) {
  AdminUnderTest admin;
  admin.play_call("a", "apollo", 100, 50, 300'000'000);
  admin.play_call("b", "codex", 100, 50, 100'000'000);
  admin.clock.time += std::chrono::seconds(1);  // the period ends before now
  const Told told = admin.ask("POST", "/api/assistant/analyze", R"({"group_by":["component"]})");
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  EXPECT_EQ(told.data().at("total").at("total_cost_nano").as_int64(), 400'000'000);
  EXPECT_TRUE(told.data().at("change_percent").is_null());
  const auto& top = told.data().at("top").at("component").as_array();
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(text_of(top[0].at("value")), "apollo");
  EXPECT_EQ(text_of(told.data().at("forecast").at("basis")), "none");
  EXPECT_FALSE(told.data().at("budgets").as_array().empty());
}

TEST(Analysis, IsRefusedWhereTheQuestionIsWrong) {
  AdminUnderTest admin;
  for (const auto* path : {"/api/assistant/analyze", "/api/assistant/optimize",
                           "/api/prices/recommendations", "/api/assistant/recommend-model"}) {
    EXPECT_EQ(admin.ask("POST", path, R"({"limit":0})").error(), "invalid_request") << path;
    EXPECT_EQ(admin.ask("POST", path, R"({"no_such":1})").error(), "invalid_request") << path;
    EXPECT_EQ(admin.ask("POST", path, "[").error(), "invalid_request") << path;
    EXPECT_EQ(admin.ask_with({}, "POST", path).response.status, 401) << path;
    EXPECT_EQ(admin.ask_with({{"x-api-key", std::string(AdminUnderTest::viewer_key)}}, "POST", path)
                  .response.status,
              200)
        << path;
  }
}

TEST(RecommendModel, NamesTheCheapestThatTheBudgetsAllow) {
  AdminUnderTest admin;
  admin.play_call("a", "apollo", 1000, 100, 1'000);
  Told told = admin.ask("POST", "/api/assistant/recommend-model", R"({"component":"apollo"})");
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  EXPECT_EQ(told.data().at("input_tokens").as_int64(), 1000);
  EXPECT_EQ(text_of(told.data().at("recommended").at("model")), "gpt-4o");
  EXPECT_TRUE(told.data().at("recommended").at("proven").as_bool());
  // The day's budget of one dollar is out.
  admin.play_call("b", "apollo", 1000, 100, 999'000'000);
  told = admin.ask("POST", "/api/assistant/recommend-model", R"({"component":"apollo"})");
  EXPECT_TRUE(told.data().at("recommended").is_null());
  EXPECT_EQ(text_of(told.data().at("candidates").at(0).at("denied_by")), "team/daily-cap");
  EXPECT_EQ(text_of(told.data().at("candidates").at(0).at("denied_unit")), "cost");
}

}  // namespace
}  // namespace budget::admin
