#include "pricing/price_list.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace budget::pricing {
namespace {

const Catalog& names() {
  static const std::shared_ptr<const Catalog> catalog = Catalog::shipped();
  return *catalog;
}

std::expected<PriceList, std::string> read(std::string_view json, ListFormat format) {
  return read_price_list(json, format, "theirs", names());
}

const Price* row_of(const PriceList& list, std::string_view provider, std::string_view model) {
  for (const ProviderEntry& each : list.file.providers) {
    if (each.id != provider) continue;
    for (const ModelEntry& entry : each.models) {
      if (entry.name == model) return &entry.rows.front();
    }
  }
  return nullptr;
}

constexpr std::string_view litellm = R"({
  "sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "one of https://example",
                  "max_input_tokens": "a text"},
  "gpt-4o": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06,
    "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 1.25e-06,
    "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_priority": 0.00002,
    "input_cost_per_token_above_200k_tokens": 5e-6,
    "output_cost_per_token_above_200k_tokens_priority": 1.0,
    "max_input_tokens": 128000, "max_output_tokens": 16384,
    "search_context_cost_per_query": {"search_context_size_high": 0.05, "search_context_size_low": 0.03}},
  "azure/gpt-4o": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 2.75e-06,
    "output_cost_per_token": 0.000011},
  "azure/eu/gpt-4o": {"litellm_provider": "azure", "input_cost_per_token": 9.0},
  "hd/1024-x-1024/dall-e-3": {"litellm_provider": "openai", "output_cost_per_image": 0.08},
  "vertex_ai/claude-x": {"litellm_provider": "vertex_ai-anthropic_models",
    "input_cost_per_token": "3e-06", "output_cost_per_token": 1.5e-05},
  "whisper-1": {"litellm_provider": "openai", "mode": "audio_transcription",
    "input_cost_per_second": 0.0001, "output_cost_per_second": 0.0},
  "hired": {"litellm_provider": "bedrock", "mode": "chat", "input_cost_per_second": 0.01},
  "unknown-price": {"litellm_provider": "openai", "input_cost_per_token": 0, "output_cost_per_token": 0.0},
  "negative": {"litellm_provider": "openai", "input_cost_per_token": -1, "output_cost_per_token": -1},
  "no-object": 17,
  "half": {"litellm_provider": "mistral", "input_cost_per_token": 1e-6, "output_cost_per_token": 0},
  "openrouter/some/model:free": {"litellm_provider": "openrouter", "input_cost_per_token": 0.0,
    "output_cost_per_token": 0.0}
})";

TEST(LitellmList, IsReadExactly) {
  const auto list = read(litellm, ListFormat::litellm);
  ASSERT_TRUE(list) << list.error();
  const Price* gpt = row_of(*list, "openai", "gpt-4o");
  ASSERT_NE(gpt, nullptr);
  EXPECT_EQ(gpt->rates.input, 2'500'000);
  EXPECT_EQ(gpt->rates.output, 10'000'000);
  EXPECT_EQ(gpt->rates.cache_read, 1'250'000);
  EXPECT_EQ(gpt->rates.search_unit, 50'000'000'000);
  EXPECT_EQ(gpt->source, "theirs");
  EXPECT_EQ(gpt->context_window, Tokens(128'000));
  EXPECT_EQ(gpt->max_output, Tokens(16'384));
  ASSERT_EQ(gpt->long_context.size(), 1U);
  EXPECT_EQ(gpt->long_context[0].above_input, Tokens(200'000));
  EXPECT_EQ(gpt->long_context[0].rates.input, 5'000'000);
  EXPECT_FALSE(gpt->long_context[0].rates.output) << "what two tiers share is not one tier's";
  ASSERT_EQ(gpt->service_tiers.size(), 2U);
  EXPECT_EQ(gpt->service_tiers[0].tier, ServiceTier::batch);
  EXPECT_EQ(gpt->service_tiers[1].rates.output, 20'000'000);
}

TEST(LitellmList, FindsTheModelBehindAKey) {
  const auto list = read(litellm, ListFormat::litellm);
  ASSERT_TRUE(list) << list.error();
  ASSERT_NE(row_of(*list, "azure", "gpt-4o"), nullptr);
  EXPECT_EQ(row_of(*list, "azure", "gpt-4o")->rates.input, 2'750'000) << "not a region's price";
  ASSERT_NE(row_of(*list, "google", "claude-x"), nullptr);
  EXPECT_EQ(row_of(*list, "google", "claude-x")->rates.input, 3'000'000);
  ASSERT_NE(row_of(*list, "openai", "whisper-1"), nullptr);
  EXPECT_EQ(row_of(*list, "openai", "whisper-1")->rates.audio_second, 100'000'000);
}

TEST(LitellmList, NeverMakesAModelFreeByOmission) {
  const auto list = read(litellm, ListFormat::litellm);
  ASSERT_TRUE(list) << list.error();
  for (const auto* name : {"unknown-price", "negative", "no-object", "hired"}) {
    EXPECT_EQ(row_of(*list, "openai", name), nullptr) << name;
    EXPECT_EQ(row_of(*list, "bedrock", name), nullptr) << name;
  }
  const Price* half = row_of(*list, "mistral", "half");
  ASSERT_NE(half, nullptr);
  EXPECT_FALSE(half->rates.output) << "falls back to input rather than to nothing";
  const Price* free = row_of(*list, "openrouter", "some/model:free");
  ASSERT_NE(free, nullptr);
  EXPECT_TRUE(free->free);
  EXPECT_EQ(list->models, 6);
  EXPECT_EQ(list->skipped, 5);
}

TEST(ModelsDevList, IsReadExactly) {
  const auto list = read(R"({
    "openai": {"id": "openai", "env": ["A"], "models": {
      "gpt-5.4": {"name": "GPT", "cost": {"input": 2.5, "output": 15.0, "cache_read": 0.25,
        "tiers": [{"input": 5.0, "output": 22.5, "tier": {"size": 272000, "type": "context"}}]},
        "limit": {"context": 400000, "output": 128000}},
      "older": {"cost": {"output": 1.075, "input": 0.1, "context_over_200k": {"input": 0.2}}},
      "no-cost": {"limit": {"context": 1}},
      "nothing": {"cost": {"input": 0, "output": 0}},
      "odd": []}},
    "google-vertex": {"models": {"gemini-x": {"cost": {"input": 1, "output": 2, "input_audio": 3}}}},
    "empty": {"models": {}}, "none": {}, "odd": 3})",
                         ListFormat::models_dev);
  ASSERT_TRUE(list) << list.error();
  EXPECT_EQ(list->models, 3);
  EXPECT_EQ(list->skipped, 2);
  const Price* gpt = row_of(*list, "openai", "gpt-5.4");
  ASSERT_NE(gpt, nullptr);
  EXPECT_EQ(gpt->rates.input, 2'500'000);
  EXPECT_EQ(gpt->rates.cache_read, 250'000);
  EXPECT_EQ(gpt->context_window, Tokens(400'000));
  ASSERT_EQ(gpt->long_context.size(), 1U);
  EXPECT_EQ(gpt->long_context[0].above_input, Tokens(272'000));
  EXPECT_EQ(gpt->long_context[0].rates.output, 22'500'000);
  const Price* older = row_of(*list, "openai", "older");
  ASSERT_NE(older, nullptr);
  EXPECT_EQ(older->rates.output, 1'075'000);
  ASSERT_EQ(older->long_context.size(), 1U);
  EXPECT_EQ(older->long_context[0].rates.input, 200'000);
  ASSERT_NE(row_of(*list, "google", "gemini-x"), nullptr);
  EXPECT_EQ(row_of(*list, "google", "gemini-x")->rates.audio_input, 3'000'000);
}

TEST(PriceList, OfOurOwnFormatStatesWhatIsInForce) {
  const auto list = read(R"({"format":1,"date":"2026-01-01","sources":["s"],"providers":[
    {"id":"openai","models":[
      {"model":"a","rows":[{"source":0,"rates":{"input":"1","output":"2"}},
                           {"source":0,"from":"2026-02-01","rates":{"input":"3","output":"4"}}]},
      {"model":"by-the-hour","rows":[{"source":0,"rates":{"input":"1","output":"2"}},
        {"source":0,"utc":["00:30","16:30"],"rates":{"input":"0.5","output":"1"}}]}]}]})",
                         ListFormat::budget);
  ASSERT_TRUE(list) << list.error();
  const Price* a = row_of(*list, "openai", "a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->rates.input, 3'000'000);
  EXPECT_FALSE(a->effective_from);
  EXPECT_EQ(list->skipped, 1);
}

TEST(PriceList, RefusesGarbage) {
  const std::string deep = "{\"a\":" + std::string(5000, '[');
  const std::string cut(litellm.substr(0, litellm.size() / 2));
  for (const std::string_view text :
       {std::string_view(""), std::string_view("<html>503</html>"), std::string_view("[]"),
        std::string_view("{}"), std::string_view("null"), std::string_view("{\"a\":{\"b\":"),
        std::string_view("{\"a\" 1}"), std::string_view("\xff\xfe\x00{", 4), std::string_view(deep),
        std::string_view(cut), std::string_view("{\"gpt\":{\"litellm_provider\":\"openai\"}}")}) {
    for (const ListFormat format :
         {ListFormat::budget, ListFormat::litellm, ListFormat::models_dev}) {
      EXPECT_FALSE(read(text, format)) << text.substr(0, 40);
    }
  }
  const auto more = read(std::string(litellm) + "{}", ListFormat::litellm);
  EXPECT_FALSE(more);
  EXPECT_FALSE(read(std::string(price_list_bytes_max + 1, ' '), ListFormat::litellm));
}

TEST(PriceList, CutAnywhereIsRefusedOrWhole) {
  for (std::size_t length = 0; length < litellm.size(); ++length) {
    EXPECT_FALSE(read(litellm.substr(0, length), ListFormat::litellm)) << length;
  }
}

TEST(PriceList, ReadsWhatThePublishersPublish) {
  const std::string folder = std::string(BUDGET_SHARED_DIR) + "/prices/formats/";
  const auto contents = [&folder](const char* name) {
    std::ifstream in(folder + name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string theirs = contents("litellm.json");
  const std::string others = contents("models.dev.json");
  if (theirs.empty() || others.empty()) GTEST_SKIP() << "no published lists in " << folder;
  const auto first = read(theirs, ListFormat::litellm);
  ASSERT_TRUE(first) << first.error();
  EXPECT_GT(first->models, 2000);
  const Price* gpt = row_of(*first, "openai", "gpt-4o");
  ASSERT_NE(gpt, nullptr);
  EXPECT_EQ(gpt->rates.input, 2'500'000);
  const auto second = read(others, ListFormat::models_dev);
  ASSERT_TRUE(second) << second.error();
  EXPECT_GT(second->models, 4000);
  ASSERT_NE(row_of(*second, "openai", "gpt-5.4"), nullptr);
  // What is written is what is read again.
  for (const PriceList& list : {*first, *second}) {
    PriceFile file = list.file;
    file.date = "2026-11-24";
    const auto again = read_price_file(write_price_file(file));
    ASSERT_TRUE(again) << again.error();
    ASSERT_EQ(again->providers.size(), file.providers.size());
    for (std::size_t p = 0; p < file.providers.size(); ++p) {
      ASSERT_EQ(again->providers[p].models.size(), file.providers[p].models.size());
      for (std::size_t m = 0; m < file.providers[p].models.size(); ++m) {
        const Price& before = file.providers[p].models[m].rows.front();
        const Price& after = again->providers[p].models[m].rows.front();
        EXPECT_EQ(before.rates, after.rates) << before.provider << "/" << before.model;
        EXPECT_EQ(before.long_context, after.long_context);
        EXPECT_EQ(before.service_tiers, after.service_tiers);
        EXPECT_EQ(before.context_window, after.context_window);
      }
    }
  }
}

}  // namespace
}  // namespace budget::pricing
