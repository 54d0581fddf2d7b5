#include <gtest/gtest.h>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

TEST(Prices, AreListedByPageAndProvider) {
  AdminUnderTest admin;
  const Told all = admin.ask("GET", "/api/prices?limit=3");
  EXPECT_EQ(all.body.at("items").as_array().size(), 3U);
  EXPECT_EQ(all.body.at("total").as_int64(),
            static_cast<std::int64_t>(admin.view->catalog->prices().size()));
  const Told some = admin.ask("GET", "/api/prices?provider=openai&model=gpt-4o&limit=500");
  ASSERT_GT(some.body.at("items").as_array().size(), 0U);
  for (const auto& item : some.body.at("items").as_array()) {
    EXPECT_EQ(text_of(item.at("provider")), "openai");
    EXPECT_NE(text_of(item.at("model")).find("gpt-4o"), std::string::npos);
  }
}

TEST(Prices, InForceFollowTheOperatorsRules) {
  AdminUnderTest admin;
  const std::string body = R"({"provider":"openai","model":"gpt-4o"})";
  Told told = admin.ask("POST", "/api/prices/current", body);
  EXPECT_EQ(text_of(told.data().at("match")), "exact");
  EXPECT_EQ(text_of(told.data().at("price").at("model")), "gpt-4o");
  pricing::Rates rates;
  rates.input = 3'000'000;
  rates.output = 5'000'000;
  admin.view->price_rules.overrides.push_back({"openai/*", rates});
  told = admin.ask("POST", "/api/prices/current", body);
  EXPECT_EQ(text_of(told.data().at("match")), "override");
  EXPECT_EQ(text_of(told.data().at("stated_rates").at("usd_per_million_tokens").at("output")), "5");
  told = admin.ask("POST", "/api/prices/calculate",
                   R"({"provider":"openai","model":"gpt-4o","input_tokens":1000,
                       "output_tokens":1,"service_tier":"batch"})");
  EXPECT_EQ(text_of(told.data().at("total_cost")), "0.003005000");
  EXPECT_EQ(text_of(told.data().at("input_cost")), "0.003000000");
}

TEST(Prices, OfUnknownModelsAreNotGuessed) {
  AdminUnderTest admin;
  for (const auto* path : {"/api/prices/current", "/api/prices/calculate"}) {
    EXPECT_EQ(admin.ask("POST", path, R"({"provider":"openai","model":"no-such"})").error(),
              "resource_not_found");
    EXPECT_EQ(admin.ask("POST", path, "{}").error(), "invalid_request");
  }
}

TEST(Tokens, AreCountedExactlyWhereTheEncodingIsKnown) {
  AdminUnderTest admin;
  const auto count = [&admin](const std::string& body) {
    return admin.ask("POST", "/api/tokens/count", body);
  };
  Told told = count(R"({"model":"gpt-4o","text":"hello world"})");
  EXPECT_EQ(told.data().at("tokens").as_int64(), 2);
  EXPECT_EQ(text_of(told.data().at("method")), "exact");
  EXPECT_EQ(text_of(told.data().at("encoding")), "o200k_base");
  told = count(R"({"encoding":"cl100k_base","text":""})");
  EXPECT_EQ(told.data().at("tokens").as_int64(), 0);
  told = count(R"({"model":"claude-sonnet-4","text":"hello world"})");
  EXPECT_EQ(text_of(told.data().at("method")), "estimated");
  EXPECT_TRUE(told.data().at("encoding").is_null());
  EXPECT_GE(told.data().at("upper_bound").as_int64(), told.data().at("tokens").as_int64());
  told = count(R"({"model":"gpt-4o","messages":[{"role":"user","content":"hello world"}]})");
  EXPECT_GT(told.data().at("tokens").as_int64(), 2);
  for (const auto* body :
       {R"({})", R"({"model":"gpt-4o"})", R"({"text":"a"})", R"({"encoding":"x","text":"a"})",
        R"({"model":"gpt-4o","text":"a","messages":[]})", R"({"model":"gpt-4o","messages":"a"})",
        R"({"model":"gpt-4o","messages":[{"content":"a"}]})",
        R"({"encoding":"o200k_base","messages":[{"role":"user","content":"a"}]})"}) {
    EXPECT_EQ(count(body).error(), "invalid_request") << body;
  }
}

TEST(Providers, AreListedWithoutSecrets) {
  AdminUnderTest admin;
  const Told told = admin.ask("GET", "/api/providers");
  ASSERT_EQ(told.body.at("total").as_int64(), 1);
  EXPECT_EQ(text_of(told.body.at("items").at(0).at("name")), "openai");
  EXPECT_EQ(told.body.at("items").at(0).as_object().size(), 5U);
}

}  // namespace
}  // namespace budget::admin
