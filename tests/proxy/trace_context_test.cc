#include "proxy/telemetry/trace_context.h"

#include <gtest/gtest.h>

namespace budget::telemetry {
namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c";
const std::string span = "b7ad6b7169203331";

TEST(TraceContext, ReadsAndWritesATraceparent) {
  const auto context = parse_traceparent("00-" + trace + "-" + span + "-01");
  ASSERT_TRUE(context);
  EXPECT_EQ(hex(context->trace_id), trace);
  EXPECT_EQ(hex(context->span_id), span);
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(traceparent_of(*context), "00-" + trace + "-" + span + "-01");
}

TEST(TraceContext, KeepsOfTheFlagsOnlyThoseThatAreDefined) {
  const auto context = parse_traceparent("00-" + trace + "-" + span + "-fe");
  ASSERT_TRUE(context);
  EXPECT_FALSE(context->sampled());
  EXPECT_EQ(traceparent_of(*context), "00-" + trace + "-" + span + "-02");
}

TEST(TraceContext, ReadsALaterVersionAsFarAsItIsKnown) {
  EXPECT_TRUE(parse_traceparent("cc-" + trace + "-" + span + "-01"));
  EXPECT_TRUE(parse_traceparent("cc-" + trace + "-" + span + "-01-what-comes"));
  EXPECT_FALSE(parse_traceparent("cc-" + trace + "-" + span + "-01what-comes"));
}

TEST(TraceContext, TakesNothingElse) {
  const std::string zeros(32, '0');
  const std::string others[] = {"",
                                "00",
                                trace,
                                "00-" + trace + "-" + span,
                                "00-" + trace + "-" + span + "-1",
                                "00-" + trace + "-" + span + "-01-",
                                "00-" + trace + "-" + span + "-01 ",
                                "ff-" + trace + "-" + span + "-01",
                                "0g-" + trace + "-" + span + "-01",
                                "00-" + zeros + "-" + span + "-01",
                                "00-" + trace + "-" + zeros.substr(16) + "-01",
                                "00_" + trace + "-" + span + "-01",
                                "00-" + trace + "_" + span + "-01",
                                "00-" + trace + "-" + span + "_01",
                                "00-0AF7651916CD43DD8448EB211C80319C-" + span + "-01"};
  for (const std::string& other : others) EXPECT_FALSE(parse_traceparent(other)) << other;
}

TEST(TraceContext, SamplesTheShareOfIdsThatIsAskedFor) {
  TraceId lowest{};
  TraceId highest;
  highest.fill(0xff);
  EXPECT_TRUE(sampled_by_id(lowest, 1'000'000));
  EXPECT_TRUE(sampled_by_id(highest, 1));
  EXPECT_FALSE(sampled_by_id(lowest, 999'999));
  for (const std::int64_t ppm : {100'000, 500'000, 900'000}) {
    int sampled = 0;
    for (int byte = 0; byte < 256; ++byte) {
      TraceId id{};
      id[9] = static_cast<std::uint8_t>(byte);
      sampled += sampled_by_id(id, ppm) ? 1 : 0;
    }
    EXPECT_NEAR(sampled, static_cast<double>(ppm) * 256 / 1e6, 1) << ppm;
  }
}

}  // namespace
}  // namespace budget::telemetry
