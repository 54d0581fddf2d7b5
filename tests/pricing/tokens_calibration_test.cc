#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "pricing/tokens/calibration.h"

namespace budget::pricing {
namespace {

constexpr Tokens byte_bound(100'000);

TEST(TokenCalibration, UsesTheByteBoundUntilItHasSeenEnough) {
  Calibration calibration({.samples_min = 10});
  EXPECT_EQ(calibration.bound("anthropic", "m", Tokens(1000), byte_bound), byte_bound);
  for (int i = 0; i < 9; ++i) calibration.observe("anthropic", "m", Tokens(1000), Tokens(1200));
  EXPECT_EQ(calibration.bound("anthropic", "m", Tokens(1000), byte_bound), byte_bound);
  calibration.observe("anthropic", "m", Tokens(1000), Tokens(1200));
  const auto bound = calibration.bound("anthropic", "m", Tokens(1000), byte_bound);
  EXPECT_GE(bound, Tokens(1200));
  EXPECT_LE(bound, Tokens(1275));  // a bucket is at most 1/16 wide
}

TEST(TokenCalibration, KeepsProvidersModelsAndSizesApart) {
  Calibration calibration({.samples_min = 1});
  calibration.observe("a", "m", Tokens(1000), Tokens(2000));
  EXPECT_EQ(calibration.bound("b", "m", Tokens(1000), byte_bound), byte_bound);
  EXPECT_EQ(calibration.bound("a", "n", Tokens(1000), byte_bound), byte_bound);
  EXPECT_EQ(calibration.bound("am", "", Tokens(1000), byte_bound), byte_bound);
  EXPECT_EQ(calibration.bound("a", "m", Tokens(10), byte_bound), byte_bound);
  EXPECT_LT(calibration.bound("a", "m", Tokens(1000), byte_bound), Tokens(2200));
}

TEST(TokenCalibration, IsNeverBelowWhatHasBeenSeenEvenAboveTheByteBound) {
  Calibration calibration({.samples_min = 10});
  calibration.observe("a", "m", Tokens(100), Tokens(900));
  EXPECT_GE(calibration.bound("a", "m", Tokens(100), Tokens(400)), Tokens(900));
  for (int i = 0; i < 20; ++i) calibration.observe("a", "m", Tokens(100), Tokens(900));
  EXPECT_GE(calibration.bound("a", "m", Tokens(100), Tokens(400)), Tokens(900));
}

TEST(TokenCalibration, LearnsAnIncreaseFromOneCall) {
  Calibration calibration({.quantile_ppm = 1'000'000, .samples_min = 10});
  for (int i = 0; i < 1000; ++i) calibration.observe("a", "m", Tokens(1000), Tokens(1100));
  calibration.observe("a", "m", Tokens(1000), Tokens(1700));
  EXPECT_GE(calibration.bound("a", "m", Tokens(1000), byte_bound), Tokens(1700));
}

TEST(TokenCalibration, ForgetsOldCallsInTime) {
  Calibration calibration({.quantile_ppm = 900'000, .samples_min = 10, .window = 100});
  for (int i = 0; i < 100; ++i) calibration.observe("a", "m", Tokens(1000), Tokens(3000));
  for (int i = 0; i < 1000; ++i) calibration.observe("a", "m", Tokens(1000), Tokens(1000));
  EXPECT_LE(calibration.bound("a", "m", Tokens(1000), byte_bound), Tokens(1063));
}

TEST(TokenCalibration, CoversTheConfiguredPartOfTheCallsSeen) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    for (const std::int64_t quantile : {500'000, 990'000, 1'000'000}) {
      Calibration calibration({.quantile_ppm = quantile, .samples_min = 1, .window = 100'000});
      std::vector<std::pair<std::int64_t, std::int64_t>> calls;
      for (int i = 0; i < 2000; ++i) {
        const auto local = static_cast<std::int64_t>(4096 + random() % 28'000);
        const auto reported = local * static_cast<std::int64_t>(10 + random() % 300) / 100;
        calls.emplace_back(local, reported);
        calibration.observe("a", "m", Tokens(local), Tokens(reported));
      }
      const auto within = std::count_if(calls.begin(), calls.end(), [&](const auto& call) {
        return Tokens(call.second) <=
               calibration.bound("a", "m", Tokens(call.first), Tokens(1 << 30));
      });
      EXPECT_GE(within * 1'000'000, quantile * 2000);
    }
  }
}

TEST(TokenCalibration, BearsAbsurdFigures) {
  constexpr auto huge = std::numeric_limits<std::int64_t>::max();
  Calibration calibration({.samples_min = 1, .models_max = 2});
  calibration.observe("a", "m", Tokens(1000), Tokens(0));
  calibration.observe("a", "m", Tokens(1000), Tokens(-5));
  EXPECT_EQ(calibration.bound("a", "m", Tokens(1000), byte_bound), byte_bound);
  calibration.observe("a", "m", Tokens(0), Tokens(huge));
  EXPECT_GE(calibration.bound("a", "m", Tokens(-1), byte_bound), Tokens(std::int64_t{1} << 40));
  calibration.observe("a", "m", Tokens(huge), Tokens(1));
  EXPECT_GT(calibration.bound("a", "m", Tokens(huge), byte_bound), Tokens(0));
  // No more than two models are learnt.
  calibration.observe("b", "m", Tokens(10), Tokens(10));
  calibration.observe("c", "m", Tokens(10), Tokens(10));
  EXPECT_LT(calibration.bound("b", "m", Tokens(10), byte_bound), byte_bound);
  EXPECT_EQ(calibration.bound("c", "m", Tokens(10), byte_bound), byte_bound);
}

TEST(TokenCalibration, IsReadWhileItLearns) {
  Calibration calibration({.samples_min = 1, .models_max = 64});
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&calibration, writer] {
      for (int i = 0; i < 3000; ++i) {
        const auto model = std::to_string((i + writer) % 100);
        calibration.observe("a", model, Tokens(1000), Tokens(1500));
      }
    });
  }
  for (int i = 0; i < 20'000; ++i) {
    const auto bound = calibration.bound("a", std::to_string(i % 100), Tokens(1000), byte_bound);
    // Either not known yet (or one too many), or what every call said.
    if (bound != byte_bound) {
      ASSERT_GE(bound, Tokens(1500));
      ASSERT_LE(bound, Tokens(1600));
    }
  }
  threads.clear();
  int learnt = 0;
  for (int i = 0; i < 100; ++i) {
    if (calibration.bound("a", std::to_string(i), Tokens(1000), byte_bound) != byte_bound) ++learnt;
  }
  EXPECT_EQ(learnt, 64);
}

}  // namespace
}  // namespace budget::pricing
