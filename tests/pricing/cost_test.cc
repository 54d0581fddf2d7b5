// Golden costs, computed by hand: USD per million tokens times tokens is
// micro-USD, and a micro-USD is 1,000 nano-USD.
#include "pricing/cost.h"

#include <gtest/gtest.h>

#include <limits>

#include "pricing/catalog.h"

namespace budget::pricing {
namespace {

using namespace std::chrono_literals;

constexpr auto standard = ServiceTier::standard;
constexpr auto evening = std::chrono::sys_days{2026y / 11 / 24} + 20h;
constexpr auto noon = std::chrono::sys_days{2026y / 11 / 24} + 12h;

FoundPrice shipped(std::string_view provider, std::string_view model,
                   std::chrono::sys_seconds at = evening) {
  static const auto catalog = Catalog::shipped();
  static const PriceRules rules;
  FoundPrice found =
      catalog->find({std::string(provider), std::string(provider), false}, model, at, rules);
  EXPECT_TRUE(found.priced()) << provider << "/" << model;
  return found;
}

Tokens t(std::int64_t n) {
  return Tokens(n);
}

struct Golden {
  std::string_view provider;
  std::string_view model;
  Usage usage;
  ServiceTier tier;
  std::int64_t input;   // nano-USD
  std::int64_t output;  // nano-USD
};

void check(const Golden& golden, std::chrono::sys_seconds at = evening) {
  const Cost cost = cost_of(golden.usage, shipped(golden.provider, golden.model, at), golden.tier);
  EXPECT_EQ(cost.input.value(), golden.input) << golden.provider << "/" << golden.model;
  EXPECT_EQ(cost.output.value(), golden.output) << golden.provider << "/" << golden.model;
  EXPECT_EQ(cost.total.value(), golden.input + golden.output);
}

TEST(Cost, IsRightForOpenAi) {
  const Golden cases[] = {
      // 600 × 2.50 + 400 × 1.25 = 1500 + 500 = 2000 µ$; 200 × 10 = 2000 µ$
      {"openai",
       "gpt-4o",
       {.input = t(600), .cache_read = t(400), .output = t(200)},
       standard,
       2'000'000,
       2'000'000},
      // batch: 1000 × 1.25; 200 × 5
      {"openai",
       "gpt-4o",
       {.input = t(1000), .output = t(200)},
       ServiceTier::batch,
       1'250'000,
       1'000'000},
      // priority: 600 × 4.25 + 400 × 2.125 = 2550 + 850 = 3400; 200 × 17
      {"openai",
       "gpt-4o",
       {.input = t(600), .cache_read = t(400), .output = t(200)},
       ServiceTier::priority,
       3'400'000,
       3'400'000},
      // a tier the price does not list is the standard one
      {"openai", "gpt-4o", {.input = t(1000)}, ServiceTier::flex, 2'500'000, 0},
      // reasoning as output: 1000 × 2; (300 + 700) × 8
      {"openai",
       "o3",
       {.input = t(1000), .output = t(300), .reasoning = t(700)},
       standard,
       2'000'000,
       8'000'000},
      // gpt-5.4, 271,999 in: 271999 × 2.50 = 679997.5 µ$; one more doubles: 272000 × 5 = 1360000
      {"openai", "gpt-5.4", {.input = t(271'999), .output = t(10)}, standard, 679'997'500, 150'000},
      {"openai",
       "gpt-5.4",
       {.input = t(272'000), .output = t(10)},
       standard,
       1'360'000'000,
       225'000},
      // flex above the threshold: half of 5 and of 22.50
      {"openai",
       "gpt-5.4",
       {.input = t(272'000), .output = t(10)},
       ServiceTier::flex,
       680'000'000,
       112'500},
      // cache writes at their own rate: 500 × 4 + 300 × 0.4 + 200 × 5 = 2000 + 120 + 1000; 10 × 20
      {"openai",
       "gpt-5.6-sol",
       {.input = t(500), .cache_read = t(300), .cache_write_5m = t(200), .output = t(10)},
       standard,
       3'120'000,
       200'000},
      // embeddings: 1234 × 0.02 = 24.68 µ$
      {"openai", "text-embedding-3-small", {.input = t(1234)}, standard, 24'680, 0},
      // 90.5 s × 0.36/3600 = 0.00905 USD
      {"openai", "whisper-1", {.audio_milliseconds = 90'500}, standard, 0, 9'050'000},
      // audio: 10 × 2.5 + 100 × 40 = 4025; 10 × 10 + 50 × 80 = 4100
      {"openai",
       "gpt-4o-audio-preview",
       {.input = t(10), .audio_input = t(100), .output = t(10), .audio_output = t(50)},
       standard,
       4'025'000,
       4'100'000},
      // two searches at 0.01 each, 1000 × 2.50
      {"openai", "gpt-4o", {.input = t(1000), .search_units = 2}, standard, 22'500'000, 0},
  };
  for (const Golden& golden : cases) check(golden);
}

TEST(Cost, IsRightForAnthropicAndBedrock) {
  const Golden cases[] = {
      // 100 × 3 + 1000 × 0.3 + 200 × 3.75 + 50 × 6 = 300 + 300 + 750 + 300; 100 × 15
      {"anthropic",
       "claude-sonnet-4-5",
       {.input = t(100),
        .cache_read = t(1000),
        .cache_write_5m = t(200),
        .cache_write_1h = t(50),
        .output = t(100)},
       standard,
       1'650'000,
       1'500'000},
      // above 200,000 in all, cached ones count: 1 × 6 + 200000 × 0.6 = 120006; 100 × 22.50
      {"anthropic",
       "claude-sonnet-4-5",
       {.input = t(1), .cache_read = t(200'000), .output = t(100)},
       standard,
       120'006'000,
       2'250'000},
      // at the threshold: 200000 × 0.3
      {"anthropic", "claude-sonnet-4-5", {.cache_read = t(200'000)}, standard, 60'000'000, 0},
      // 4.6 has had no long-context tier since March: 300000 × 3
      {"anthropic", "claude-sonnet-4-6", {.input = t(300'000)}, standard, 900'000'000, 0},
      // 7 × 0.8 = 5.6; 3 × 4 = 12
      {"anthropic",
       "claude-3-5-haiku-20241022",
       {.input = t(7), .output = t(3)},
       standard,
       5'600,
       12'000},
      // regional Bedrock: 1000 × 3.3 + 2387 × 4.125 = 3300 + 9846.375; 9 × 16.5 = 148.5
      {"bedrock",
       "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
       {.input = t(1000), .cache_write_5m = t(2387), .output = t(9)},
       standard,
       13'146'375,
       148'500},
      // 1000 × 0.06; 500 × 0.24
      {"bedrock",
       "amazon.nova-lite-v1:0",
       {.input = t(1000), .output = t(500)},
       standard,
       60'000,
       120'000},
  };
  for (const Golden& golden : cases) check(golden);
}

TEST(Cost, IsRightForGoogle) {
  const Golden cases[] = {
      // 1000 × 0.3 + 500 × 0.03 + 100 × 1 (audio) = 300 + 15 + 100; (50 + 150) × 2.5
      {"google",
       "gemini-2.5-flash",
       {.input = t(1000),
        .cache_read = t(500),
        .audio_input = t(100),
        .output = t(50),
        .reasoning = t(150)},
       standard,
       415'000,
       500'000},
      // above 200,000: 200001 × 2.5; 10 × 15
      {"google",
       "gemini-2.5-pro",
       {.input = t(200'001), .output = t(10)},
       standard,
       500'002'500,
       150'000},
      // 10 × 0.3; image output 1290 × 30
      {"google",
       "gemini-2.5-flash-image",
       {.input = t(10), .image_output = t(1290)},
       standard,
       3'000,
       38'700'000},
      // priority above 200,000: 3.6 × 4 / 2 = 7.2, 21.6 × 18 / 12 = 32.4, 0.36 × 0.4 / 0.2 = 0.72
      // 200000 × 7.2 + 100 × 0.72 = 1440072; 10 × 32.4
      {"google",
       "gemini-3.1-pro-preview",
       {.input = t(200'000), .cache_read = t(100), .output = t(10)},
       ServiceTier::priority,
       1'440'072'000,
       324'000},
  };
  for (const Golden& golden : cases) check(golden);
}

TEST(Cost, IsRightForTheOthers) {
  const Golden cases[] = {
      // 1000 × 3 + 1000 × 0.75; 100 × 15
      {"xai",
       "grok-4",
       {.input = t(1000), .cache_read = t(1000), .output = t(100)},
       standard,
       3'750'000,
       1'500'000},
      // 1000 × 2; 100 × 6
      {"mistral",
       "mistral-large-latest",
       {.input = t(1000), .output = t(100)},
       standard,
       2'000'000,
       600'000},
      // 1000 × 2.5 + 10 × 1.25; 100 × 10
      {"azure",
       "gpt-4o",
       {.input = t(1000), .cache_read = t(10), .output = t(100)},
       standard,
       2'512'500,
       1'000'000},
      // 1000 × 0.59; 100 × 0.79
      {"groq",
       "llama-3.3-70b-versatile",
       {.input = t(1000), .output = t(100)},
       standard,
       590'000,
       79'000},
      // a request at 0.012 and 10 × 1; 10 × 1
      {"perplexity", "sonar", {.input = t(10), .output = t(10)}, standard, 12'010'000, 10'000},
      // an hour at 0.111: 3600 × 30,833,334 pico-USD = 111,000,002.4 nano-USD, rounded up
      {"groq", "whisper-large-v3", {.audio_milliseconds = 3'600'000}, standard, 0, 111'000'003},
  };
  for (const Golden& golden : cases) check(golden);
}

TEST(Cost, FollowsDeepSeeksHoursOfTheDay) {
  // 20:00 UTC: 1000 × 0.135 + 100 × 0.035 = 138.5; 100 × 0.55
  check({"deepseek",
         "deepseek-chat",
         {.input = t(1000), .cache_read = t(100), .output = t(100)},
         standard,
         138'500,
         55'000});
  // 12:00 UTC: 1000 × 0.27 + 100 × 0.07 = 277; 100 × 1.10
  check({"deepseek",
         "deepseek-chat",
         {.input = t(1000), .cache_read = t(100), .output = t(100)},
         standard,
         277'000,
         110'000},
        noon);
}

FoundPrice stated(const Rates& rates, std::int64_t adjust_ppm = 1'000'000) {
  return {.stated = &rates, .match = PriceMatch::override_, .adjust_ppm = adjust_ppm};
}

TEST(Cost, RoundsUpOnceForTheWholeCall) {
  // Ten buckets of a third of a nano-USD are 3.33…, not ten.
  const Rates rates{.input = 333, .output = 334};
  const Usage usage{.input = t(1),
                    .cache_read = t(1),
                    .cache_write_5m = t(1),
                    .cache_write_1h = t(1),
                    .audio_input = t(1),
                    .output = t(1),
                    .reasoning = t(1),
                    .audio_output = t(1),
                    .image_output = t(1)};
  // 5 × 333 + 4 × 334 = 3001 pico-USD; the input alone 1665.
  const Cost cost = cost_of(usage, stated(rates), standard);
  EXPECT_EQ(cost.total, Money(4));
  EXPECT_EQ(cost.input, Money(2));
  EXPECT_EQ(cost.output, Money(2));
  EXPECT_EQ(cost_of({}, stated(rates), standard), Cost{});
}

TEST(Cost, AppliesANegotiatedFactorBeforeRounding) {
  const Rates rates{.input = 1'000'000, .output = 2'000'000};
  const Usage usage{.input = t(1), .output = t(1)};
  EXPECT_EQ(cost_of(usage, stated(rates, 900'000), standard).total, Money(2'700));
  EXPECT_EQ(cost_of(usage, stated(rates, 333'333), standard).total, Money(1'000));
  EXPECT_EQ(cost_of(usage, stated(rates, 0), standard).total, Money(0));
  EXPECT_EQ(cost_of(usage, stated(rates, 1'500'000), standard).total, Money(4'500));
}

TEST(Cost, IsNeverFreeByOmission) {
  const Usage both{.input = t(1000), .output = t(1000)};
  const Rates only_input{.input = 1'000'000};
  EXPECT_EQ(cost_of(both, stated(only_input), standard).total, Money(2'000'000));
  const Rates only_output{.output = 1'000'000};
  EXPECT_EQ(cost_of(both, stated(only_output), standard).total, Money(2'000'000));
}

TEST(Cost, SaturatesAtAbsurdFigures) {
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  const Rates rates{.input = huge, .output = huge, .audio_second = huge};
  const Usage absurd{
      .input = t(huge), .cache_read = t(huge), .output = t(huge), .audio_milliseconds = huge};
  EXPECT_EQ(cost_of(absurd, stated(rates), standard).total, Money::max());
  EXPECT_EQ(cost_of(absurd, stated(rates, 1), standard).total, Money::max());
  // A peer's negative figure is nothing, not a refund.
  EXPECT_EQ(cost_of({.input = t(-5), .output = t(-5), .images = -1}, stated(rates), standard).total,
            Money(0));
}

TEST(Cost, IsNothingAtAFreeProvider) {
  const FoundPrice free{.match = PriceMatch::free};
  EXPECT_EQ(cost_of({.input = t(1000), .output = t(1000)}, free, standard), Cost{});
  const WorstCase worst{.input = t(1000), .output_ceiling = t(1000)};
  EXPECT_EQ(worst_case_cost(worst, free), Cost{});
  EXPECT_EQ(output_that_fits(worst, free, Money(0)), t(1000));
}

TEST(Cost, CombinesAServiceTierWithTheLongContext) {
  Price price;
  price.rates = {.input = 3'000, .output = 6'000};
  price.long_context = {{t(10), {.input = 4'000}}, {t(20), {.input = 7'000, .cache_read = 1'000}}};
  price.service_tiers = {{ServiceTier::flex, {.input = 2'000, .output = 5'000}}};
  const FoundPrice found{.price = &price, .match = PriceMatch::exact};
  const struct {
    Usage usage;
    ServiceTier tier;
    std::int64_t nano;
  } cases[] = {
      {{.input = t(10)}, standard, 30},
      {{.input = t(11)}, standard, 44},
      {{.input = t(20)}, standard, 80},
      {{.input = t(21)}, standard, 147},
      {{.input = t(10)}, ServiceTier::flex, 20},
      // 2000 × 4000 / 3000 = 2666.67, up to 2667 pico-USD; times 20: 53.34 nano-USD, up to 54
      {{.input = t(20)}, ServiceTier::flex, 54},
      // 15 × 2667 = 40,005 and 1000 × 5000: 5040.005, up to 5041
      {{.input = t(15), .output = t(1'000)}, ServiceTier::flex, 5'041},
      // 2000 × 7000 / 3000 = 4666.67, up to 4667; 1 × 4667 + 20 × 1000 = 24,667
      {{.input = t(1), .cache_read = t(20)}, ServiceTier::flex, 25},
      // output has no rate of the long context: 6 and 5
      {{.input = t(21), .output = t(1)}, standard, 153},
  };
  for (const auto& [usage, tier, nano] : cases) {
    EXPECT_EQ(cost_of(usage, found, tier).total, Money(nano)) << nano;
  }
}

TEST(Cost, RoundsACombinedTierUp) {
  Price price;
  price.rates = {.input = 3};
  price.long_context = {{t(0), {.input = 4}}};
  price.service_tiers = {{ServiceTier::flex, {.input = 2}}};
  const FoundPrice found{.price = &price, .match = PriceMatch::exact};
  // 2 × 4 / 3 = 2.67, up to 3 pico-USD; times 1,000,000 is 3,000 nano-USD, not 2,000
  EXPECT_EQ(cost_of({.input = t(1'000'000)}, found, ServiceTier::flex).total, Money(3'000));
}

TEST(WorstCase, TakesTheDearestThatMayHappen) {
  const auto total = [](const WorstCase& worst, std::string_view provider, std::string_view model) {
    return worst_case_cost(worst, shipped(provider, model)).total.value();
  };
  const WorstCase plain{
      .input = t(1000), .output_ceiling = t(100), .audio_input = false, .image_input = false};
  // 1000 × 2.50 + 100 × 10; at priority 1000 × 4.25 + 100 × 17
  EXPECT_EQ(total(plain, "openai", "gpt-4o"), 3'500'000);
  WorstCase priority = plain;
  priority.tier = ServiceTier::priority;
  EXPECT_EQ(total(priority, "openai", "gpt-4o"), 5'950'000);
  // Claude writes a cache entry when asked: 1000 × 3, 3.75 or 6; 100 × 15
  EXPECT_EQ(total(plain, "anthropic", "claude-sonnet-4-6"), 4'500'000);
  WorstCase caching = plain;
  caching.cache_write_5m = true;
  EXPECT_EQ(total(caching, "anthropic", "claude-sonnet-4-6"), 5'250'000);
  caching.cache_write_1h = true;
  EXPECT_EQ(total(caching, "anthropic", "claude-sonnet-4-6"), 7'500'000);
  // GPT-5.6 may do so unasked: 1000 × 5; 100 × 20
  EXPECT_EQ(total(plain, "openai", "gpt-5.6-sol"), 7'000'000);
  // Audio in Gemini's input: 1000 × 1 rather than 0.3; 100 × 2.5
  EXPECT_EQ(total(plain, "google", "gemini-2.5-flash"), 550'000);
  WorstCase audible = plain;
  audible.audio_input = true;
  EXPECT_EQ(total(audible, "google", "gemini-2.5-flash"), 1'250'000);
}

TEST(WorstCase, SaysHowMuchOutputFits) {
  // 1000 × 2.50 = 2500 µ$ for the input, 10 µ$ for each token out.
  const WorstCase worst{.input = t(1000), .output_ceiling = t(500)};
  const FoundPrice found = shipped("openai", "gpt-4o");
  const auto fits = [&](std::int64_t nano) {
    return output_that_fits(worst, found, Money(nano)).value();
  };
  EXPECT_EQ(fits(2'500'000 - 1), -1);
  EXPECT_EQ(fits(2'500'000), 0);
  EXPECT_EQ(fits(2'510'000 - 1), 0);
  EXPECT_EQ(fits(2'510'000), 1);
  EXPECT_EQ(fits(7'500'000), 500);
  EXPECT_EQ(fits(Money::max().value()), 500);
  EXPECT_EQ(fits(-1), -1);
}

}  // namespace
}  // namespace budget::pricing
