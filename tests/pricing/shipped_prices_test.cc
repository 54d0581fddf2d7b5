// The catalog that ships: complete, quick to read, and what its source says.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <chrono>
#include <filesystem>
#include <set>

#include "pricing/catalog.h"
#include "pricing/rate.h"

namespace budget::pricing {
namespace {

using namespace std::chrono_literals;

constexpr auto at_publication =
    std::chrono::sys_days{std::chrono::year(2026) / 9 / 23} + 20h;  // outside every daily window

const Catalog& shipped() {
  static const auto catalog = Catalog::shipped();
  return *catalog;
}

FoundPrice find(std::string_view provider, std::string_view model) {
  static const PriceRules rules;
  return shipped().find({std::string(provider), std::string(provider), false}, model,
                        at_publication, rules);
}

TEST(ShippedPrices, HaveUniqueIdsAndSaneRates) {
  std::set<std::string> ids;
  constexpr std::int64_t dearest = 1'000'000'000;  // 1,000 USD per million tokens
  for (const Price& price : shipped().prices()) {
    EXPECT_TRUE(ids.insert(price.id).second) << price.id;
    EXPECT_FALSE(price.source.empty()) << price.id;
    for (const RateField& field : rate_fields) {
      const Rate rate = price.rates.*field.member;
      if (!rate || !field.per_token) continue;
      EXPECT_GE(*rate, 0) << price.id;
      EXPECT_LE(*rate, dearest) << price.id;
    }
  }
  EXPECT_GT(ids.size(), 1500U);
}

TEST(ShippedPrices, AreReadInAFewMilliseconds) {
  const auto start = std::chrono::steady_clock::now();
  const auto catalog = Catalog::shipped();
  const auto took = std::chrono::steady_clock::now() - start;
  RecordProperty(
      "microseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  std::printf("read %zu prices in %.1f ms\n", catalog->prices().size(),
              std::chrono::duration<double, std::milli>(took).count());
  EXPECT_LT(took, 1s) << "a generous bound: sanitizers and busy machines are slow";
}

TEST(ShippedPrices, KnowTheNamesThatClientsUse) {
  const struct {
    std::string_view provider;
    std::string_view model;
    PriceMatch match;
    std::string_view input;
    std::string_view output;
  } cases[] = {
      {"openai", "gpt-4o", PriceMatch::exact, "2.5", "10"},
      {"openai", "gpt-4o-2024-08-06", PriceMatch::alias, "2.5", "10"},
      {"openai", "gpt-4o-2024-05-13", PriceMatch::exact, "5", "15"},
      {"openai", "gpt-5-nano-2025-08-07", PriceMatch::alias, "0.05", "0.4"},
      {"openai", "gpt-5.2-2031-01-01", PriceMatch::alias, "1.75", "14"},
      {"openai", "ft:gpt-4o-mini-2024-07-18:acme::abc", PriceMatch::family, "0.3", "1.2"},
      {"anthropic", "claude-3-5-haiku-20241022", PriceMatch::alias, "0.8", "4"},
      {"anthropic", "claude-3-5-haiku-latest", PriceMatch::exact, "0.8", "4"},
      {"anthropic", "claude-haiku-4-5-20251001", PriceMatch::alias, "1", "5"},
      {"anthropic", "claude-opus-4-1-20250805", PriceMatch::alias, "15", "75"},
      {"anthropic", "claude-sonnet-4-20250514", PriceMatch::alias, "3", "15"},
      {"google", "models/gemini-2.5-flash", PriceMatch::alias, "0.3", "2.5"},
      {"google", "gemini-2.0-flash-001", PriceMatch::alias, "0.1", "0.4"},
      {"bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", PriceMatch::alias, "3.3", "16.5"},
      {"bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", PriceMatch::exact, "3", "15"},
      {"bedrock", "anthropic.claude-3-5-haiku-20241022-v1:0", PriceMatch::alias, "0.8", "4"},
      {"bedrock", "us.amazon.nova-lite-v1:0", PriceMatch::alias, "0.06", "0.24"},
      {"azure", "gpt-4o", PriceMatch::exact, "2.5", "10"},
      {"azure", "gpt-4o-production", PriceMatch::family, "2.5", "10"},
      {"groq", "openai/gpt-oss-120b", PriceMatch::exact, "0.15", "0.6"},
      {"simulated", "sim-small", PriceMatch::exact, "0.15", "0.6"},
      {"simulated", "gpt-4o-mini", PriceMatch::exact, "0.15", "0.6"},
      {"simulated", "claude-3-5-haiku-20241022", PriceMatch::alias, "0.8", "4"},
      {"simulated", "gemini-2.5-flash", PriceMatch::exact, "0.3", "2.5"},
      {"simulated", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", PriceMatch::alias, "3.3",
       "16.5"},
  };
  for (const auto& [provider, model, match, input, output] : cases) {
    const FoundPrice found = find(provider, model);
    ASSERT_TRUE(found.priced()) << provider << "/" << model;
    EXPECT_EQ(name_of(found.match), name_of(match)) << provider << "/" << model;
    EXPECT_EQ(found.price->rates.input, parse_rate_per_million(input)) << model;
    EXPECT_EQ(found.price->rates.output, parse_rate_per_million(output)) << model;
  }
}

TEST(ShippedPrices, KnowTheConfiguredProviders) {
  const struct {
    std::string_view name;
    std::string_view url;
    std::string_view id;
  } cases[] = {
      {"a", "https://api.openai.com", "openai"},
      {"a", "https://api.anthropic.com", "anthropic"},
      {"a", "https://generativelanguage.googleapis.com", "google"},
      {"a", "https://bedrock-runtime.us-east-1.amazonaws.com", "bedrock"},
      {"a", "https://NAME.openai.azure.com", "azure"},
      {"a", "https://api.groq.com/openai", "groq"},
      {"a", "https://api.x.ai", "xai"},
      {"a", "https://openrouter.ai/api", "openrouter"},
      {"gemini", "http://127.0.0.1:1", "google"},
      {"vertex", "", "google"},
      {"simulated", "", "simulated"},
      {"ollama", "http://127.0.0.1:11434", "ollama"},
  };
  for (const auto& [name, url, id] : cases) EXPECT_EQ(shipped().provider_id(name, url), id) << url;
}

TEST(ShippedPrices, MarkWhatSourcesDisagreeOn) {
  EXPECT_TRUE(find("openai", "gpt-4o").price->verified);
  EXPECT_TRUE(find("anthropic", "claude-haiku-4-5").price->verified);
  EXPECT_FALSE(find("deepseek", "deepseek-chat").price->verified);
  EXPECT_FALSE(find("mistral", "mistral-large-latest").price->verified);
  EXPECT_FALSE(find("openai", "gpt-4o-mini").price->verified);
}

std::string_view text_of(simdjson::dom::element from, std::string_view key) {
  std::string_view text;
  return from[key].get(text) ? std::string_view() : text;
}

// Every model of the source is found under its name and aliases, with the
// source's own rates; what is missing is what the source states no price for.
TEST(ShippedPrices, AreThoseOfTheSource) {
  const std::filesystem::path file =
      std::filesystem::path(BUDGET_SHARED_DIR) / "prices" / "prices.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not here";
  simdjson::dom::parser parser;
  simdjson::dom::element root = parser.load(file.string());
  std::size_t checked = 0;
  std::size_t unknown = 0;
  std::set<std::string> seen;
  for (const simdjson::dom::element model : root["models"].get_array()) {
    const std::string provider(text_of(model, "provider"));
    const simdjson::dom::object rates = model["per_million"];
    std::vector<std::string> names;
    bool label = false;
    if (model["model_is_label"].get(label) || !label) names.emplace_back(text_of(model, "model"));
    for (const simdjson::dom::element alias : model["aliases"].get_array()) {
      names.emplace_back(std::string_view(alias));
    }
    for (const std::string& name : names) {
      if (!seen.insert(provider + "/" + name).second) continue;
      const FoundPrice found = find(provider, name);
      if (rates.size() == 0) {
        unknown += found.priced() ? 0 : 1;
        continue;
      }
      ASSERT_TRUE(found.priced()) << provider << "/" << name;
      if (found.price->model != text_of(model, "model")) continue;  // another model's own name
      EXPECT_TRUE(found.match == PriceMatch::exact || found.match == PriceMatch::alias) << name;
      for (const auto& [key, value] : rates) {
        const auto* field = std::ranges::find(rate_fields, key, &RateField::name);
        const auto rate = parse_rate_per_million(std::string_view(value));
        if (field == std::end(rate_fields) || !rate) continue;
        EXPECT_EQ(found.price->rates.*field->member, rate) << provider << "/" << name << " " << key;
        ++checked;
      }
    }
  }
  std::printf("%zu rates compared, %zu names unknown\n", checked, unknown);
  EXPECT_GT(checked, 4000U);
}

}  // namespace
}  // namespace budget::pricing
