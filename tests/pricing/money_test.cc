#include "pricing/money.h"

#include <gtest/gtest.h>

namespace budget::pricing {
namespace {

TEST(Money, ReadsDecimalDollarsExactly) {
  const struct {
    std::string_view text;
    std::optional<std::int64_t> nano;
  } cases[] = {
      {"0", 0},
      {"5", 5'000'000'000},
      {"0.25", 250'000'000},
      {"-1.5", -1'500'000'000},
      {"-0.000000001", -1},
      {"0.000000001", 1},
      {"0.1", 100'000'000},
      {"007", 7'000'000'000},
      {"9223372036.854775807", 9'223'372'036'854'775'807},
      {"-9223372036.854775807", -9'223'372'036'854'775'807},
      {"9223372036.854775808", std::nullopt},
      {"9223372037", std::nullopt},
      {"99999999999999999999", std::nullopt},
      {"0.0000000001", std::nullopt},
      {"", std::nullopt},
      {"-", std::nullopt},
      {".5", std::nullopt},
      {"5.", std::nullopt},
      {"+5", std::nullopt},
      {"--5", std::nullopt},
      {"1e3", std::nullopt},
      {"1,5", std::nullopt},
      {" 1", std::nullopt},
      {"1 ", std::nullopt},
      {"1.2.3", std::nullopt},
      {"0x1", std::nullopt},
      {"1.-5", std::nullopt},
      {"$5", std::nullopt},
  };
  for (const auto& [text, nano] : cases) {
    const auto money = parse_usd(text);
    ASSERT_EQ(money.has_value(), nano.has_value()) << text;
    if (nano) EXPECT_EQ(money->value(), *nano) << text;
  }
}

TEST(Money, WritesNinePlacesAndReadsThemBack) {
  const struct {
    std::int64_t nano;
    std::string_view full;
    std::string_view brief;
  } cases[] = {
      {0, "0.000000000", "0.00"},
      {1, "0.000000001", "0.000000001"},
      {-1, "-0.000000001", "-0.000000001"},
      {1'234'500, "0.001234500", "0.0012345"},
      {5'000'000'000, "5.000000000", "5.00"},
      {-1'500'000'000, "-1.500000000", "-1.50"},
      {9'223'372'036'854'775'807, "9223372036.854775807", "9223372036.854775807"},
  };
  for (const auto& [nano, full, brief] : cases) {
    EXPECT_EQ(to_usd(Money(nano)), full);
    EXPECT_EQ(to_usd_short(Money(nano)), brief);
    EXPECT_EQ(parse_usd(full), Money(nano));
    EXPECT_EQ(parse_usd(brief), Money(nano));
  }
  EXPECT_EQ(to_usd(Money(std::numeric_limits<std::int64_t>::min())), "-9223372036.854775808");
}

TEST(Money, SaturatesInsteadOfWrapping) {
  const Money most = Money::max();
  const Money least(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(most + Money(1), most);
  EXPECT_EQ(least + Money(-1), least);
  EXPECT_EQ(least - Money(1), least);
  EXPECT_EQ(most - Money(-1), most);
}

}  // namespace
}  // namespace budget::pricing
