#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

std::int64_t spent_of(AdminUnderTest& admin) {
  return admin.ask("GET", "/api/budgets/team/summary")
      .body.at("items")
      .at(0)
      .at("spent_nano")
      .as_int64();
}

constexpr const char* full_record = R"({
  "request_id":"x1","timestamp":"2026-11-24T11:00:00.5Z","ended_at":"2026-11-24T11:00:02Z",
  "component":"apollo","context_id":"c","task_id":"t","task_type":"coding","user":"ann",
  "tags":{"b":"2","a":"1"},"priority":7,"provider":"openai","model":"gpt-4o",
  "operation":"chat","stream":true,"status":200,"input_tokens":100,"cache_read_tokens":40,
  "cache_write_tokens":10,"audio_input_tokens":5,"output_tokens":50,"reasoning_tokens":20,
  "audio_output_tokens":3,"images":2,"seconds":3,"input_cost":"0.000000001",
  "output_cost":0.25,"total_cost":"0.250000001","latency_ms":1500,"time_to_first_byte_ms":90,
  "upstream_request_id":"up"})";

TEST(UsageRecord, ComesBackAsItWasSent) {
  AdminUnderTest admin;
  const Told told = admin.ask("POST", "/api/usage/record", full_record);
  ASSERT_EQ(told.response.status, 201) << told.response.body;
  EXPECT_FALSE(told.data().at("corrected").as_bool());
  const auto& sent = told.data().at("record");
  const Told read = admin.ask("GET", "/api/usage/records/x1");
  EXPECT_EQ(boost::json::serialize(read.data()), boost::json::serialize(sent));
  const std::pair<const char*, std::int64_t> figures[] = {{"input_tokens", 100},
                                                          {"cache_read_tokens", 40},
                                                          {"cache_write_tokens", 10},
                                                          {"audio_input_tokens", 5},
                                                          {"output_tokens", 50},
                                                          {"reasoning_tokens", 20},
                                                          {"audio_output_tokens", 3},
                                                          {"total_tokens", 150},
                                                          {"images", 2},
                                                          {"seconds", 3},
                                                          {"input_cost_nano", 1},
                                                          {"output_cost_nano", 250'000'000},
                                                          {"total_cost_nano", 250'000'001},
                                                          {"latency_ms", 1500},
                                                          {"time_to_first_byte_ms", 90},
                                                          {"status", 200},
                                                          {"priority", 7}};
  for (const auto& [name, value] : figures) {
    EXPECT_EQ(read.data().at(name).as_int64(), value) << name;
  }
  EXPECT_EQ(text_of(read.data().at("timestamp")), "2026-11-24T11:00:00.500Z");
  EXPECT_EQ(text_of(read.data().at("total_cost")), "0.250000001");
  EXPECT_EQ(text_of(read.data().at("usage_source")), "reported");
  EXPECT_EQ(text_of(read.data().at("price_id")), "stated");
  EXPECT_EQ(read.data().at("policies").as_array().size(), 3U);
  EXPECT_EQ(spent_of(admin), 250'000'001);
}

TEST(UsageRecord, IsPricedFromTheCatalogWhereNoCostIsStated) {
  AdminUnderTest admin;
  const std::string body =
      R"({"provider":"openai","model":"gpt-4o","input_tokens":1000,"output_tokens":100})";
  const Told told = admin.ask("POST", "/api/usage/record", body);
  ASSERT_EQ(told.response.status, 201) << told.response.body;
  const Told price = admin.ask("POST", "/api/prices/calculate", body);
  ASSERT_EQ(price.response.status, 200) << price.response.body;
  const std::int64_t cost = told.data().at("record").at("total_cost_nano").as_int64();
  EXPECT_GT(cost, 0);
  EXPECT_EQ(cost, price.data().at("total_cost_nano").as_int64());
  EXPECT_EQ(told.data().at("record").at("price_id"), price.data().at("price_id"));
  EXPECT_EQ(spent_of(admin), cost);
}

TEST(UsageRecord, BooksATotalAloneSoThatItsPartsAddUp) {
  AdminUnderTest admin;
  const Told output = admin.ask("POST", "/api/usage/record",
                                R"({"provider":"x","model":"m","output_tokens":1,"total_cost":2})");
  EXPECT_EQ(text_of(output.data().at("record").at("output_cost")), "2.000000000");
  const Told input = admin.ask("POST", "/api/usage/record",
                               R"({"provider":"x","model":"m","input_tokens":1,"total_cost":2})");
  EXPECT_EQ(text_of(input.data().at("record").at("input_cost")), "2.000000000");
}

TEST(UsageRecord, CorrectsAnEstimateAndMovesTheCountersByTheDifference) {
  AdminUnderTest admin;
  admin.play_lapsed_call("r1");
  ASSERT_EQ(spent_of(admin), 500'000'000);
  const Told told = admin.ask("POST", "/api/usage/record",
                              R"({"request_id":"r1","input_tokens":80,"output_tokens":10,
                                  "total_cost":"0.2"})");
  ASSERT_EQ(told.response.status, 200) << told.response.body;
  EXPECT_TRUE(told.data().at("corrected").as_bool());
  EXPECT_EQ(spent_of(admin), 200'000'000);
  const Told read = admin.ask("GET", "/api/usage/records/r1");
  EXPECT_FALSE(read.data().at("estimated").as_bool());
  EXPECT_EQ(text_of(read.data().at("component")), "apollo");
  EXPECT_EQ(text_of(read.data().at("timestamp")), "2026-11-24T12:00:00Z");
  EXPECT_EQ(read.data().at("input_tokens").as_int64(), 80);

  const Told again = admin.ask("POST", "/api/usage/record",
                               R"({"request_id":"r1","input_tokens":1,"total_cost":9})");
  EXPECT_EQ(again.error(), "conflict");
  EXPECT_EQ(spent_of(admin), 200'000'000);
}

TEST(UsageRecord, OfACallThatStillRunsIsRefused) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 1, 1, 1, true);
  const Told told = admin.ask("POST", "/api/usage/record",
                              R"({"request_id":"r1","provider":"openai","model":"gpt-4o",
                                  "input_tokens":1,"total_cost":9})");
  EXPECT_EQ(told.error(), "conflict") << told.response.body;
}

TEST(UsageRecord, IsRefusedWithThePlaceOfWhatIsWrong) {
  AdminUnderTest admin;
  const std::pair<const char*, const char*> cases[] = {
      {R"("model":"m","total_cost":1)", "provider"},
      {R"("provider":"p","total_cost":1)", "model"},
      {R"("provider":"p","model":"m")", "input_tokens"},
      {R"("provider":"p","model":"no-such","input_tokens":1)", "total_cost"},
      {R"("provider":"p","model":"m","total_cost":-1)", "total_cost"},
      {R"("provider":"p","model":"m","total_cost":"1e3")", "total_cost"},
      {R"("provider":"p","model":"m","total_cost":"0.0000000001")", "total_cost"},
      {R"("provider":"p","model":"m","total_cost":3,"input_cost":1,"output_cost":1)", "total_cost"},
      {R"("provider":"p","model":"m","total_cost":1,"input_tokens":-1)", "input_tokens"},
      {R"("provider":"p","model":"m","total_cost":1,"input_tokens":1.5)", "input_tokens"},
      {R"("provider":"p","model":"m","total_cost":1,"input_tokens":1,"cache_read_tokens":2)",
       "input_tokens"},
      {R"("provider":"p","model":"m","total_cost":1,"output_tokens":1,"reasoning_tokens":2)",
       "output_tokens"},
      {R"("provider":"p","model":"m","total_cost":1,"status":99)", "status"},
      {R"("provider":"p","model":"m","total_cost":1,"priority":11)", "priority"},
      {R"("provider":"p","model":"m","total_cost":1,"timestamp":"2026-11-24T13:00:00Z")",
       "timestamp"},
      {R"("provider":"p","model":"m","total_cost":1,"ended_at":"2026-11-24T11:00:00Z")",
       "ended_at"},
      {R"("provider":"p","model":"m","total_cost":1,"cost":1)", "cost"},
      {R"("provider":"p\n","model":"m","total_cost":1)", "provider"},
      {R"("request_id":"0123456789012345678901234567890123456789012345678901234567890123456789")",
       "request_id"}};
  for (const auto& [fields, field] : cases) {
    const Told told = admin.ask("POST", "/api/usage/record", "{" + std::string(fields) + "}");
    ASSERT_EQ(told.error(), "invalid_request") << fields << told.response.body;
    bool named = false;
    for (const auto& problem : told.body.at("error").at("details").at("problems").as_array()) {
      named = named || text_of(problem.at("field")) == field;
    }
    EXPECT_TRUE(named) << told.response.body;
  }
  EXPECT_EQ(admin.ask("GET", "/api/usage/records").body.at("total").as_int64(), 0);
}

}  // namespace
}  // namespace budget::admin
