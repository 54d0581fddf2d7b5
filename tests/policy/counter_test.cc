#include "policy/counter.h"

#include <gtest/gtest.h>

#include "policy/figures.h"

namespace budget::policy {
namespace {

constexpr std::int64_t max64 = std::numeric_limits<std::int64_t>::max();

Amount amount(std::int64_t cost, std::int64_t input, std::int64_t output) {
  return {Money(cost), Tokens(input), Tokens(output)};
}

TEST(Counter, NamesItsUnits) {
  EXPECT_EQ(name_of(Unit::cost), "cost");
  EXPECT_EQ(name_of(Unit::tokens), "tokens");
  EXPECT_EQ(name_of(Unit::input_tokens), "input_tokens");
  EXPECT_EQ(name_of(Unit::output_tokens), "output_tokens");
  EXPECT_EQ(name_of(Unit::requests), "requests");
  EXPECT_EQ(name_of(Unit::concurrent), "concurrent");
}

// 60 spent and 30 held of everything; 6 requests settled, 3 in flight.
const CounterState busy{amount(60, 40, 20), amount(30, 20, 10), 6, 3};

TEST(Counter, BreaksALimitOfEveryUnitAtTheRightAmount) {
  const struct {
    const char* why;
    Enforcement enforcement;
    Limits limits;
    Amount amount;
    std::optional<Unit> broken;
  } cases[] = {
      {"counting only", Enforcement::count, {.cost = Money(1)}, amount(9, 9, 9), std::nullopt},
      {"no limit", Enforcement::room, {}, amount(max64, max64, max64), std::nullopt},
      {"cost, exactly full",
       Enforcement::room,
       {.cost = Money(100)},
       amount(10, 0, 0),
       std::nullopt},
      {"cost, one over", Enforcement::room, {.cost = Money(100)}, amount(11, 0, 0), Unit::cost},
      {"tokens, full", Enforcement::room, {.tokens = Tokens(100)}, amount(0, 4, 6), std::nullopt},
      {"tokens, over", Enforcement::room, {.tokens = Tokens(100)}, amount(0, 5, 6), Unit::tokens},
      {"input, full",
       Enforcement::room,
       {.input_tokens = Tokens(70)},
       amount(0, 10, 99),
       std::nullopt},
      {"input, over",
       Enforcement::room,
       {.input_tokens = Tokens(70)},
       amount(0, 11, 0),
       Unit::input_tokens},
      {"output, full",
       Enforcement::room,
       {.output_tokens = Tokens(40)},
       amount(0, 99, 10),
       std::nullopt},
      {"output, over",
       Enforcement::room,
       {.output_tokens = Tokens(40)},
       amount(0, 0, 11),
       Unit::output_tokens},
      {"requests, the last", Enforcement::room, {.requests = 10}, {}, std::nullopt},
      {"requests, one more", Enforcement::room, {.requests = 9}, {}, Unit::requests},
      {"concurrency, the last", Enforcement::room, {.concurrent = 4}, {}, std::nullopt},
      {"concurrency, one more", Enforcement::room, {.concurrent = 3}, {}, Unit::concurrent},
      {"a limit of zero", Enforcement::room, {.cost = Money(0)}, amount(0, 0, 0), Unit::cost},
      {"the first of several",
       Enforcement::room,
       {.cost = Money(0), .tokens = Tokens(0), .requests = 0},
       {},
       Unit::cost},
      {"below the threshold, however large",
       Enforcement::threshold,
       {.cost = Money(91)},
       amount(1000, 0, 0),
       std::nullopt},
      {"at the threshold, however small",
       Enforcement::threshold,
       {.cost = Money(90)},
       amount(0, 0, 0),
       Unit::cost},
      {"requests below", Enforcement::threshold, {.requests = 10}, {}, std::nullopt},
      {"requests at", Enforcement::threshold, {.requests = 9}, {}, Unit::requests},
      {"an absurd amount does not wrap",
       Enforcement::room,
       {.tokens = Tokens(100)},
       amount(max64, max64, max64),
       Unit::tokens},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(broken_limit(c.enforcement, c.limits, busy, c.amount), c.broken) << c.why;
  }
}

TEST(Figures, AgreeWithTheLedgersComparisonForEveryUnit) {
  const Amount call = amount(10, 7, 3);
  for (const Unit unit : all_units) {
    const Figures figures = figures_of(unit, busy, call);
    for (const std::int64_t slack : {-1, 0}) {
      const std::int64_t value = figures.committed() + figures.requested + slack;
      Limits limits;
      switch (unit) {
        case Unit::cost:
          limits.cost = Money(value);
          break;
        case Unit::tokens:
          limits.tokens = Tokens(value);
          break;
        case Unit::input_tokens:
          limits.input_tokens = Tokens(value);
          break;
        case Unit::output_tokens:
          limits.output_tokens = Tokens(value);
          break;
        case Unit::requests:
          limits.requests = value;
          break;
        case Unit::concurrent:
          limits.concurrent = value;
          break;
      }
      EXPECT_EQ(limit_of(limits, unit), value);
      EXPECT_EQ(broken_limit(Enforcement::room, limits, busy, call),
                slack < 0 ? std::optional(unit) : std::nullopt)
          << name_of(unit);
    }
  }
}

TEST(Figures, RoundAShareUpToWhatHasReachedIt) {
  EXPECT_EQ(share_of(100, 950'000), 95);
  EXPECT_EQ(share_of(1, 950'000), 1);
  EXPECT_EQ(share_of(8, 950'000), 8);
  EXPECT_EQ(share_of(0, 950'000), 0);
  EXPECT_EQ(share_of(100, 0), 0);
  EXPECT_EQ(share_of(max64, 1'000'000), max64);
  EXPECT_EQ(share_of(max64, 500'000), max64 / 2 + 1);
  const Limits half =
      share_of(Limits{.cost = Money(10), .tokens = Tokens(9), .concurrent = 1}, 500'000);
  EXPECT_EQ(half, (Limits{.cost = Money(5), .tokens = Tokens(5), .concurrent = 1}));
}

}  // namespace
}  // namespace budget::policy
