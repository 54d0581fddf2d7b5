// What must hold for every price and every usage: seeded random ones, and all
// the prices that ship.
#include <gtest/gtest.h>

#include <random>

#include "pricing/catalog.h"
#include "pricing/cost.h"
#include "pricing/rate.h"

namespace budget::pricing {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::int64_t up_to(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(engine_);
  }
  bool one_in(int n) { return up_to(n - 1) == 0; }

 private:
  std::mt19937_64 engine_;
};

Rates random_rates(Dice& dice, int stated_one_in) {
  Rates rates;
  for (const RateField& field : rate_fields) {
    if (dice.one_in(stated_one_in))
      rates.*field.member = dice.up_to(dice.one_in(2) ? 1'999 : 90'000'000);
  }
  return rates;
}

Price random_price(Dice& dice) {
  Price price;
  price.rates = random_rates(dice, 2);
  std::int64_t above = 0;
  for (std::int64_t i = dice.up_to(2); i > 0; --i) {
    above += 1 + dice.up_to(2'000);
    price.long_context.push_back({Tokens(above), random_rates(dice, 2)});
  }
  for (const ServiceTier tier : {ServiceTier::batch, ServiceTier::flex, ServiceTier::priority}) {
    if (dice.one_in(2)) price.service_tiers.push_back({tier, random_rates(dice, 2)});
  }
  price.cache_on_request = dice.one_in(2);
  return price;
}

WorstCase random_worst(Dice& dice) {
  return {
      .input = Tokens(dice.up_to(5'000)),
      .output_ceiling = Tokens(dice.up_to(5'000)),
      .cache_write_5m = dice.one_in(3),
      .cache_write_1h = dice.one_in(3),
      .audio_input = dice.one_in(2),
      .image_input = dice.one_in(2),
      .images = dice.up_to(3),
      .audio_milliseconds = dice.up_to(90'000),
      .characters = dice.up_to(300),
      .search_units = dice.up_to(5),
      .tier = dice.one_in(2) ? ServiceTier::priority : ServiceTier::standard,
  };
}

// Some usage that `worst` allows: often all of it, in as few buckets as may be.
Usage usage_within(const WorstCase& worst, bool cache_on_request, Dice& dice) {
  Usage usage;
  const auto spread = [&dice](Tokens most,
                              std::initializer_list<std::pair<Tokens*, bool>> buckets) {
    Tokens left = dice.one_in(3) ? Tokens(dice.up_to(most.value())) : most;
    for (int turn = 0; turn < 3; ++turn) {
      auto bucket = buckets.begin() + dice.up_to(static_cast<std::int64_t>(buckets.size()) - 1);
      if (!bucket->second) continue;
      const Tokens part = dice.one_in(2) ? left : Tokens(dice.up_to(left.value()));
      *bucket->first += part;
      left -= part;
    }
  };
  const bool writes = !cache_on_request;
  const bool writes_5m = writes || worst.cache_write_5m || worst.cache_write_1h;
  spread(worst.input, {{&usage.input, true},
                       {&usage.cache_read, true},
                       {&usage.cache_write_5m, writes_5m},
                       {&usage.cache_write_1h, writes || worst.cache_write_1h},
                       {&usage.audio_input, worst.audio_input},
                       {&usage.image_input, worst.image_input}});
  spread(worst.output_ceiling, {{&usage.output, true},
                                {&usage.reasoning, true},
                                {&usage.audio_output, true},
                                {&usage.image_output, true}});
  usage.images = dice.up_to(worst.images);
  usage.audio_milliseconds = dice.up_to(worst.audio_milliseconds);
  usage.characters = dice.up_to(worst.characters);
  usage.search_units = dice.up_to(worst.search_units);
  return usage;
}

void expect_bounded(const WorstCase& worst, const FoundPrice& found, Dice& dice) {
  const Cost most = worst_case_cost(worst, found);
  EXPECT_EQ(most.input + most.output, most.total);
  const bool on_request = found.price != nullptr && found.price->cache_on_request;
  for (int i = 0; i < 8; ++i) {
    const Usage usage = usage_within(worst, on_request, dice);
    ASSERT_LE(usage.input_total(), worst.input);
    ASSERT_LE(usage.output_total(), worst.output_ceiling);
    for (const ServiceTier tier :
         {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex, ServiceTier::priority}) {
      if (tier == ServiceTier::priority && worst.tier != tier) continue;
      const Cost cost = cost_of(usage, found, tier);
      ASSERT_EQ(cost.input + cost.output, cost.total);
      ASSERT_GE(cost.input, Money(0));
      ASSERT_GE(cost.output, Money(0));
      ASSERT_LE(cost.total, most.total);
    }
  }
}

TEST(CostProperties, NoUsageWithinTheCeilingCostsMoreThanTheWorstCase) {
  constexpr std::uint64_t seed = 20'261'124;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Dice dice(seed);
  for (int round = 0; round < 5'000; ++round) {
    const Price price = random_price(dice);
    const Rates own = random_rates(dice, 2);
    FoundPrice found{.price = &price, .match = PriceMatch::exact};
    if (dice.one_in(4)) found.stated = &own;
    found.adjust_ppm = dice.one_in(2) ? 1'000'000 : dice.up_to(3'000'000);
    expect_bounded(random_worst(dice), found, dice);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

TEST(CostProperties, HoldForEveryPriceThatShips) {
  constexpr std::uint64_t seed = 7;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Dice dice(seed);
  const auto catalog = Catalog::shipped();
  for (const Price& price : catalog->prices()) {
    const FoundPrice found{.price = &price, .match = PriceMatch::exact};
    WorstCase worst = random_worst(dice);
    worst.input = Tokens(dice.up_to(400'000));
    expect_bounded(worst, found, dice);
    if (HasFatalFailure()) FAIL() << price.id;
  }
}

TEST(CostProperties, WhatFitsIsTheExactInverse) {
  constexpr std::uint64_t seed = 42;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Dice dice(seed);
  for (int round = 0; round < 20'000; ++round) {
    const Price price = random_price(dice);
    FoundPrice found{.price = &price, .match = PriceMatch::exact};
    found.adjust_ppm = dice.one_in(2) ? 1'000'000 : dice.up_to(3'000'000);
    WorstCase worst = random_worst(dice);
    const Money most = worst_case_cost(worst, found).total;
    const Money room(dice.up_to(most.value() + most.value() / 8 + 2));
    const Tokens fits = output_that_fits(worst, found, room);
    const auto cost_at = [&worst, &found](Tokens ceiling) {
      WorstCase at = worst;
      at.output_ceiling = ceiling;
      return worst_case_cost(at, found).total;
    };
    ASSERT_LE(fits, worst.output_ceiling);
    if (fits < Tokens(0)) {
      ASSERT_GT(cost_at(Tokens(0)), room) << "round " << round;
    } else {
      ASSERT_LE(cost_at(fits), room) << "round " << round;
      if (fits < worst.output_ceiling) {
        ASSERT_GT(cost_at(fits + Tokens(1)), room) << "round " << round;
      }
    }
    ASSERT_LE(fits, output_that_fits(worst, found, room + Money(dice.up_to(1'000))));
  }
}

TEST(CostProperties, MoreUsageNeverCostsLessAtOneTier) {
  constexpr std::uint64_t seed = 3;
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Dice dice(seed);
  for (int round = 0; round < 5'000; ++round) {
    Price price = random_price(dice);
    price.long_context.clear();
    const FoundPrice found{.price = &price, .match = PriceMatch::exact};
    const Usage usage = usage_within(random_worst(dice), false, dice);
    Usage more = usage;
    more.reasoning += Tokens(dice.up_to(10));
    more.cache_read += Tokens(dice.up_to(10));
    more.images += dice.up_to(2);
    ASSERT_LE(cost_of(usage, found, ServiceTier::flex).total,
              cost_of(more, found, ServiceTier::flex).total);
  }
}

}  // namespace
}  // namespace budget::pricing
