#include "proxy/pipeline/request_id.h"

#include <gtest/gtest.h>

#include <set>

namespace budget::pipeline {
namespace {

policy::Time at(std::int64_t ticks) {
  return policy::Time(policy::Time::duration(ticks));
}

TEST(RequestId, IsAPrefixAndTwentySixDigitsOfCrockfordsBase32) {
  const std::string id = make_request_id(at(1'732'000'000'000));
  ASSERT_EQ(id.size(), 30U);
  EXPECT_TRUE(id.starts_with("req_"));
  EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4), std::string::npos);
}

TEST(RequestId, SortsByTime) {
  std::string last = make_request_id(at(0));
  for (std::int64_t time = 1; time < (std::int64_t{1} << 47); time *= 3) {
    const std::string next = make_request_id(at(time));
    EXPECT_LT(last.substr(0, 14), next.substr(0, 14)) << time;
    last = next;
  }
}

TEST(RequestId, NeverMeetsAnotherOfTheSameInstant) {
  std::set<std::string> seen;
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(seen.insert(make_request_id(at(42))).second);
}

}  // namespace
}  // namespace budget::pipeline
