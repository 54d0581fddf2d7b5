#include "admin/policy_metrics.h"

#include <gtest/gtest.h>

#include <limits>

#include "admin/metrics.h"

namespace budget::admin {
namespace {

policy::CounterState state(std::int64_t spent_nano, std::int64_t reserved_nano,
                           std::int64_t tokens = 0, std::int64_t in_flight = 0) {
  policy::CounterState made;
  made.spent.cost = pricing::Money(spent_nano);
  made.spent.input = pricing::Tokens(tokens);
  made.reserved.cost = pricing::Money(reserved_nano);
  made.in_flight = in_flight;
  return made;
}

TEST(PolicyMetrics, TellTheFullestPartitionOfEachLimitAndNoPartitionsName) {
  policy::Policy capped;
  capped.id = "team/per \"user\"\\";
  capped.limits.cost = pricing::Money(5'000'000'000);
  capped.limits.tokens = pricing::Tokens(1'000);
  policy::Policy crowd;
  crowd.id = "team/crowd";
  crowd.limits.concurrent = 8;
  policy::Policy counted;
  counted.id = "team/counted";
  const auto line = [](const policy::Policy& of, const std::string& partition) {
    BudgetLine made{&of, {}};
    made.counter.partition = partition;
    return made;
  };
  const std::vector<BudgetLine> lines = {line(capped, "user=secret-a"),
                                         line(capped, "user=secret-b"), line(crowd, ""),
                                         line(counted, "")};
  const std::vector<policy::CounterState> states = {state(1'500'000'000, 1, 900),
                                                    state(1'000'000'000, 2'000'000'000, 20),
                                                    state(0, 0, 0, 3), state(7, 0)};

  const std::string text = exposition_of(policy_families(lines, states));
  const auto has = [&text](std::string_view sample) {
    EXPECT_NE(text.find(std::string(sample) + "\n"), std::string::npos) << sample << "\n" << text;
  };
  const std::string name = R"(policy="team/per \"user\"\\")";
  has("budget_policy_limit{" + name + R"(,unit="cost"} 5.000000000)");
  has("budget_policy_spent{" + name + R"(,unit="cost"} 1.000000000)");
  has("budget_policy_reserved{" + name + R"(,unit="cost"} 2.000000000)");
  has("budget_policy_limit{" + name + R"(,unit="tokens"} 1000)");
  has("budget_policy_spent{" + name + R"(,unit="tokens"} 900)");
  has("budget_policy_partitions{" + name + "} 2");
  has(R"(budget_policy_limit{policy="team/crowd",unit="concurrent"} 8)");
  has(R"(budget_policy_partitions{policy="team/counted"} 1)");
  EXPECT_EQ(text.find(R"(policy="team/counted",unit)"), std::string::npos) << text;
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
}

TEST(PolicyMetrics, ASetWithoutPoliciesTellsNoSample) {
  for (const MetricFamily& family : policy_families({}, {})) EXPECT_TRUE(family.samples.empty());
}

TEST(Metrics, WriteDecimalsExactly) {
  const auto written = [](std::int64_t value, int decimals) {
    const std::string text = exposition_of({{"m", "h", "gauge", {{"m", "", value, decimals}}}});
    return text.substr(text.rfind(' ') + 1);
  };
  EXPECT_EQ(written(15, 0), "15\n");
  EXPECT_EQ(written(1, 9), "0.000000001\n");
  EXPECT_EQ(written(-1'500'000'000, 9), "-1.500000000\n");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min(), 9), "-9223372036.854775808\n");
}

}  // namespace
}  // namespace budget::admin
