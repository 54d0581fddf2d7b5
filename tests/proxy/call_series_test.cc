#include "proxy/telemetry/call_series.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace budget::telemetry {
namespace {

TEST(CallTable, TellsCallsApartByEachLabel) {
  CallTable table;
  CallSeries& one = table.find("a", "m", "chat");
  EXPECT_EQ(&table.find("a", "m", "chat"), &one);
  EXPECT_NE(&table.find("b", "m", "chat"), &one);
  EXPECT_NE(&table.find("a", "n", "chat"), &one);
  EXPECT_NE(&table.find("a", "m", "embeddings"), &one);
}

TEST(CallTable, PutsModelsBeyondTheMostTogether) {
  CallTable table;
  std::set<const CallSeries*> own;
  for (std::size_t i = 0; i < CallTable::own_models_max; ++i) {
    own.insert(&table.find("a", "m" + std::to_string(i), "chat"));
  }
  EXPECT_EQ(own.size(), CallTable::own_models_max);
  CallSeries& more = table.find("a", "one more", "chat");
  EXPECT_EQ(more.key(), (CallSeries::Key{"a", "other", "chat"}));
  EXPECT_EQ(&table.find("a", "and another", "chat"), &more);
  EXPECT_TRUE(own.contains(&table.find("a", "m7", "chat"))) << "those that are there stay";
}

TEST(CallTable, IsBoundedWhateverItIsAskedFor) {
  CallTable table;
  for (int i = 0; i < 5'000; ++i) table.find("p" + std::to_string(i), "m", "chat").count(0, 200);
  std::size_t series = 0;
  std::int64_t calls = 0;
  table.each([&](const CallSeries& each) {
    ++series;
    calls += each.calls[0][2];
  });
  EXPECT_LE(series, 769);
  EXPECT_EQ(calls, 5'000);
}

TEST(CallTable, LosesNoCountWhenThreadsMeet) {
  constexpr int threads = 4;
  constexpr int rounds = 2'000;
  CallTable table;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&table] {
        for (int i = 0; i < rounds; ++i) {
          table.find("a", "m" + std::to_string(i % 300), "chat").count(0, 200);
        }
      });
    }
  }
  std::int64_t calls = 0;
  std::set<CallSeries::Key> keys;
  table.each([&](const CallSeries& each) {
    calls += each.calls[0][2];
    EXPECT_TRUE(keys.insert(each.key()).second) << each.key()[1];
  });
  EXPECT_EQ(calls, threads * rounds);
}

TEST(CallSeries, CountsByTheClassOfTheStatus) {
  CallSeries series({"a", "m", "chat"});
  for (const int status : {0, 200, 204, 429, 500, 599, 600, 99}) series.count(1, status);
  const std::int64_t expected[] = {3, 0, 2, 0, 1, 2};
  for (std::size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(series.calls[1][i], expected[i]);
}

TEST(Histogram, CountsABoundItselfAsBelow) {
  Histogram<own_bounds> histogram;
  for (const int us : {0, 50, 51, 5'000'000, 5'000'001}) {
    histogram.observe(std::chrono::microseconds(us));
  }
  const HistogramValues values = histogram.values();
  ASSERT_EQ(values.counts.size(), own_bounds.size() + 1);
  EXPECT_EQ(values.counts.front(), 2);
  EXPECT_EQ(values.counts[1], 1);
  EXPECT_EQ(values.counts[own_bounds.size() - 1], 1);
  EXPECT_EQ(values.counts.back(), 1);
  EXPECT_EQ(values.sum_us, 10'000'102);
}

}  // namespace
}  // namespace budget::telemetry
