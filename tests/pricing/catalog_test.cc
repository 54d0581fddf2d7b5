// How a price is found.
#include "pricing/catalog.h"

#include <gtest/gtest.h>

namespace budget::pricing {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr std::chrono::sys_seconds today = sys_days{2026y / 11 / 24} + 12h;

// Prices tell the models apart: a model's input rate is its number.
constexpr std::string_view small_file =
    R"({"format":1,"date":"2026-01-02","sources":["s"],"providers":[
{"id":"openai","hosts":["api.openai.com"],"names":["oai"],"models":[
{"model":"gpt-4o","aliases":["chatgpt-4o"],"context_window":128000,"max_output":16384,"rows":[{"source":0,"rates":{"input":"1"}}]},
{"model":"gpt-4o-mini","rows":[{"source":0,"rates":{"input":"2"}}]},
{"model":"gpt-4o-2024-05-13","rows":[{"source":0,"rates":{"input":"3"}}]},
{"model":"ft:gpt-4o","label":true,"families":["ft:gpt-4o-2024-*"],"rows":[{"source":0,"rates":{"input":"4"}}]},
{"model":"free-model","rows":[{"source":0,"rates":{"input":"0","output":"0"}}]},
{"model":"scheduled","rows":[{"source":0,"rates":{"input":"10"}},
 {"source":0,"from":"2026-03-13","rates":{"input":"11"}},
 {"source":0,"from":"2026-03-13","rates":{"input":"12"},"utc":["22:30","06:00"]},
 {"source":0,"from":"2027-01-01","rates":{"input":"13"}}]}]},
{"id":"anthropic","hosts":["api.anthropic.com"],"models":[
{"model":"claude-3-5-haiku-latest","rows":[{"source":0,"rates":{"input":"20"}}]},
{"model":"claude-opus-4","families":["claude-opus-4-0*","claude-4-opus*"],"rows":[{"source":0,"rates":{"input":"21"}}]},
{"model":"claude-4-opus-lite","families":["claude-4-opus-lite*"],"rows":[{"source":0,"rates":{"input":"22"}}]}]},
{"id":"google","hosts":["*.googleapis.com"],"names":["gemini"],"models":[
{"model":"gemini-2.5-pro","families":["gemini-2.5-pro*"],"rows":[{"source":0,"rates":{"input":"30"}}]}]},
{"id":"bedrock","hosts":["bedrock-runtime.*.amazonaws.com"],"models":[
{"model":"global.anthropic.claude-9-v1:0","aliases":["global.anthropic.claude-9"],"rows":[{"source":0,"rates":{"input":"40"}}]},
{"model":"regional.anthropic.claude-9-v1:0","label":true,"aliases":["us.anthropic.claude-9","anthropic.claude-9-v1:0"],
 "families":["*us.anthropic.claude-9*"],"rows":[{"source":0,"rates":{"input":"41"}}]}]},
{"id":"hub","hosts":["router.example.com/hub","api.example.com/v1/accounts/*/ai"],"models":[]}
]})";

std::shared_ptr<const Catalog> small_catalog() {
  auto catalog = Catalog::parse(small_file);
  EXPECT_TRUE(catalog) << catalog.error();
  return *catalog;
}

FoundPrice find(const Catalog& catalog, std::string_view provider, std::string_view model,
                const PriceRules& rules, std::chrono::sys_seconds at = today) {
  return catalog.find({.name = std::string(provider), .catalog = std::string(provider)}, model, at,
                      rules);
}

TEST(Catalog, FindsAModelByEveryNameItHas) {
  const auto catalog = small_catalog();
  const struct {
    std::string_view provider;
    std::string_view model;
    PriceMatch match;
    std::int64_t input;  // USD per million
  } cases[] = {
      {"openai", "gpt-4o", PriceMatch::exact, 1},
      {"openai", "GPT-4o", PriceMatch::exact, 1},
      {"openai", "chatgpt-4o", PriceMatch::alias, 1},
      {"openai", "gpt-4o-2024-08-06", PriceMatch::alias, 1},
      {"openai", "gpt-4o-2024-05-13", PriceMatch::exact, 3},
      {"openai", "gpt-4o-latest", PriceMatch::alias, 1},
      {"openai", "openai/gpt-4o", PriceMatch::alias, 1},
      {"openai", "gpt-4o-mini-2031-01-01", PriceMatch::alias, 2},
      {"openai", "gpt-4o-my-deployment", PriceMatch::family, 1},
      {"openai", "gpt-4o-mini-eu", PriceMatch::family, 2},
      {"openai", "ft:gpt-4o-2024-08-06:org:search-bot:id", PriceMatch::family, 4},
      {"anthropic", "claude-3-5-haiku-20241022", PriceMatch::alias, 20},
      {"anthropic", "claude-3-5-haiku", PriceMatch::alias, 20},
      {"anthropic", "claude-opus-4@20250514", PriceMatch::alias, 21},
      {"anthropic", "claude-4-opus-20250514", PriceMatch::family, 21},
      {"anthropic", "claude-4-opus-lite-x", PriceMatch::family, 22},
      {"google", "models/gemini-2.5-pro", PriceMatch::alias, 30},
      {"google", "gemini-2.5-pro-preview-05-06", PriceMatch::family, 30},
      {"bedrock", "global.anthropic.claude-9-v1:0", PriceMatch::exact, 40},
      {"bedrock", "us.anthropic.claude-9-v1:0", PriceMatch::alias, 41},
      {"bedrock", "eu.anthropic.claude-9-v1:0", PriceMatch::alias, 41},
      {"bedrock", "anthropic.claude-9-v1:0", PriceMatch::alias, 41},
      {"bedrock", "us.anthropic.claude-9-20300101-v1:0", PriceMatch::alias, 41},
      {"bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-9-v1:0",
       PriceMatch::alias, 41},
  };
  for (const auto& [provider, model, match, input] : cases) {
    const PriceRules rules;
    const FoundPrice found = find(*catalog, provider, model, rules);
    ASSERT_TRUE(found.priced()) << model;
    EXPECT_EQ(name_of(found.match), name_of(match)) << model;
    EXPECT_EQ(found.price->rates.input, input * 1'000'000) << model;
    EXPECT_EQ(found.id(), found.price->id);
  }
}

TEST(Catalog, GuessesNoPriceForAnotherModel) {
  const auto catalog = small_catalog();
  const struct {
    std::string_view provider;
    std::string_view model;
  } cases[] = {
      {"anthropic", "gpt-4o"},               // another provider's
      {"nobody", "gpt-4o"},                  // no such provider
      {"openai", ""},                        //
      {"openai", "gpt-5"},                   // another version
      {"openai", "gpt-4o.1"},                //
      {"openai", "gpt-4o-2"},                //
      {"openai", "gpt-4o-pro"},              // a dearer product
      {"openai", "gpt-4o-audio-preview"},    //
      {"openai", "gpt-4o-mini-transcribe"},  //
      {"openai", "ft:gpt-4o-mini:org::id"},  // fine-tunes cost more than their base
      {"openai", "free-model-two"},          // never guessed to be free
      {"google", "gemini-2.5-pro-tts"},      // outside the family
      {"bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"},
  };
  for (const auto& [provider, model] : cases) {
    const PriceRules rules;
    const FoundPrice found = find(*catalog, provider, model, rules);
    EXPECT_EQ(found.match, PriceMatch::unknown) << model;
    EXPECT_FALSE(found.priced()) << model;
    EXPECT_EQ(found.id(), "unknown");
  }
  const PriceRules rules;
  EXPECT_FALSE(find(*catalog, "openai", std::string(10'000, 'a'), rules).priced());
}

TEST(Catalog, PricesACallAtTheTimeItWasAdmitted) {
  const auto catalog = small_catalog();
  const struct {
    std::chrono::sys_seconds at;
    std::int64_t input;
  } cases[] = {
      {sys_days{2020y / 1 / 1} + 0h, 10},
      {sys_days{2026y / 3 / 12} + 23h + 59min + 59s, 10},
      {sys_days{2026y / 3 / 13} + 0h, 12},
      {sys_days{2026y / 3 / 13} + 6h, 11},
      {sys_days{2026y / 6 / 1} + 22h + 29min + 59s, 11},
      {sys_days{2026y / 6 / 1} + 22h + 30min, 12},
      {sys_days{2027y / 1 / 1} + 0h, 13},
      {sys_days{2030y / 1 / 1} + 23h, 13},
  };
  for (const auto& [at, input] : cases) {
    const PriceRules rules;
    EXPECT_EQ(find(*catalog, "openai", "scheduled", rules, at).price->rates.input,
              input * 1'000'000);
  }
}

TEST(Catalog, LetsTheOperatorsRulesGoFirst) {
  const auto catalog = small_catalog();
  PriceRules rules;
  rules.overrides.push_back({"openai/gpt-4o*", Rates{.input = 7}});
  rules.overrides.push_back({"openai/gpt-4o-mini", Rates{.input = 8}});
  rules.overrides.push_back({"*", Rates{.input = 9}});
  rules.adjustments.push_back({"openai/*", 900'000});

  const FoundPrice longest = find(*catalog, "openai", "GPT-4o-mini", rules);
  EXPECT_EQ(longest.match, PriceMatch::override_);
  EXPECT_EQ(longest.stated->input, 8);
  EXPECT_EQ(longest.adjust_ppm, 1'000'000) << "what an operator states is what is paid";
  EXPECT_EQ(longest.id(), "override");

  const FoundPrice wider = find(*catalog, "openai", "gpt-4o", rules);
  EXPECT_EQ(wider.stated->input, 7);
  EXPECT_EQ(wider.price->max_output, Tokens(16384)) << "the limits are still the model's";

  const FoundPrice any = find(*catalog, "nobody", "whatever", rules);
  EXPECT_EQ(any.stated->input, 9);
  EXPECT_EQ(any.price, nullptr);

  const FoundPrice free = catalog->find({"openai", "openai", true}, "gpt-4o", today, rules);
  EXPECT_EQ(free.match, PriceMatch::free);
  EXPECT_EQ(free.stated, nullptr);
}

TEST(Catalog, MatchesRulesOnTheConfiguredNameAndPricesOnTheCatalogs) {
  const auto catalog = small_catalog();
  PriceRules rules;
  rules.adjustments.push_back({"*", 1'100'000});
  rules.adjustments.push_back({"work/*", 900'000});
  const FoundPrice found = catalog->find({"work", "openai", false}, "gpt-4o", today, rules);
  EXPECT_EQ(found.match, PriceMatch::exact);
  EXPECT_EQ(found.adjust_ppm, 900'000);
  EXPECT_EQ(catalog->find({"play", "openai", false}, "gpt-4o", today, rules).adjust_ppm, 1'100'000);
}

TEST(Catalog, LeavesTheUnknownModelToTheRule) {
  const auto catalog = small_catalog();
  PriceRules rules;
  EXPECT_FALSE(find(*catalog, "openai", "mystery", rules).priced());
  rules.unknown_model = PriceRules::Unknown::free;
  EXPECT_EQ(find(*catalog, "openai", "mystery", rules).match, PriceMatch::free);
  EXPECT_EQ(find(*catalog, "openai", "gpt-4o", rules).match, PriceMatch::exact);
  rules.unknown_model = PriceRules::Unknown::price;
  rules.unknown_rates = Rates{.input = 5, .output = 6};
  const FoundPrice priced = find(*catalog, "openai", "mystery", rules);
  EXPECT_EQ(priced.match, PriceMatch::unknown);
  EXPECT_EQ(priced.stated->output, 6);
  EXPECT_TRUE(priced.priced());
}

TEST(Catalog, KnowsAProviderByItsHostThenByItsName) {
  const auto catalog = small_catalog();
  const struct {
    std::string_view name;
    std::string_view url;
    std::string_view id;
  } cases[] = {
      {"work", "https://api.openai.com/v1", "openai"},
      {"work", "https://API.OpenAI.com:443", "openai"},
      {"work", "https://user@api.openai.com", "openai"},
      {"anthropic", "https://api.openai.com", "openai"},
      {"openai", "http://127.0.0.1:9000", "openai"},
      {"OAI", "http://127.0.0.1:9000", "openai"},
      {"gemini", "", "google"},
      {"v", "https://us-central1-aiplatform.googleapis.com/v1", "google"},
      {"aws", "https://bedrock-runtime.us-east-1.amazonaws.com", "bedrock"},
      {"x", "https://api.openai.com.evil.example", "x"},
      {"x", "https://evil.example/api.openai.com", "x"},
      {"x", "https://router.example.com/hub/v1", "hub"},
      {"x", "https://router.example.com/hub", "hub"},
      {"x", "https://router.example.com/other", "x"},
      {"x", "https://api.example.com/v1/accounts/7/ai/run", "hub"},
      {"Mine", "", "mine"},
  };
  for (const auto& [name, url, id] : cases) {
    EXPECT_EQ(catalog->provider_id(name, url), id) << name << " " << url;
  }
}

}  // namespace
}  // namespace budget::pricing
