#include "pricing/rate.h"

#include <gtest/gtest.h>

namespace budget::pricing {
namespace {

TEST(Rate, ReadsPricesPerMillionTokensExactly) {
  const struct {
    std::string_view text;
    std::optional<std::int64_t> rate;
  } cases[] = {
      {"0", 0},
      {"1", 1'000'000},
      {"2.50", 2'500'000},
      {"0.075", 75'000},
      {"0.003625", 3'625},
      {"0.000001", 1},
      {"180", 180'000'000},
      {"9223372036854.775807", 9'223'372'036'854'775'807},
      {"9223372036854.775808", std::nullopt},
      {"0.0000001", std::nullopt},
      {"-1", std::nullopt},
      {"", std::nullopt},
      {"1.", std::nullopt},
      {".1", std::nullopt},
      {"1e-6", std::nullopt},
      {"nan", std::nullopt},
  };
  for (const auto& [text, rate] : cases) EXPECT_EQ(parse_rate_per_million(text), rate) << text;
}

TEST(Rate, ReadsPricesPerUnitExactly) {
  EXPECT_EQ(parse_rate_per_unit("0.01"), 10'000'000'000);
  EXPECT_EQ(parse_rate_per_unit("0.0001"), 100'000'000);
  EXPECT_EQ(parse_rate_per_unit("0.000030833334"), 30'833'334);
  EXPECT_EQ(parse_rate_per_unit("0.0000000000001"), std::nullopt);
  EXPECT_EQ(parse_rate_per_unit("9223373"), std::nullopt);
}

TEST(Rate, WritesWhatItReads) {
  for (const std::string_view text : {"0", "1", "2.5", "0.003625", "180", "1000000"}) {
    EXPECT_EQ(to_usd_per_million(*parse_rate_per_million(text)), text);
    EXPECT_EQ(to_usd_per_unit(*parse_rate_per_unit(text)), text);
  }
}

}  // namespace
}  // namespace budget::pricing
