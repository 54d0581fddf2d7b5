#include "admin/input.h"

#include <gtest/gtest.h>

#include "admin/time_text.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

TEST(TimeText, ReadsRfc3339AndDates) {
  const std::pair<const char*, const char*> good[] = {
      {"2026-11-24", "2026-11-24T00:00:00Z"},
      {"2026-11-24T13:05:09Z", "2026-11-24T13:05:09Z"},
      {"2026-11-24t13:05:09z", "2026-11-24T13:05:09Z"},
      {"2026-11-24 13:05:09Z", "2026-11-24T13:05:09Z"},
      {"2026-11-24T13:05:09.2Z", "2026-11-24T13:05:09.200Z"},
      {"2026-11-24T13:05:09.123456789Z", "2026-11-24T13:05:09.123Z"},
      {"2026-11-24T13:05:09+01:30", "2026-11-24T11:35:09Z"},
      {"2026-01-01T00:00:00-00:30", "2026-01-01T00:30:00Z"},
      {"2024-02-29", "2024-02-29T00:00:00Z"}};
  for (const auto& [text, expected] : good) {
    const auto time = parse_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(policy::rfc3339(*time), expected);
  }
  for (const auto* text :
       {"", "2026", "2026-13-01", "2026-02-29", "2026-00-01", "2026-11-24T", "2026-11-24T13:05Z",
        "2026-11-24T13:05:09", "2026-11-24T24:00:00Z", "2026-11-24T13:60:00Z",
        "2026-11-24T13:05:60Z", "2026-11-24T13:05:09.Z", "2026-11-24T13:05:09Zx",
        "2026-11-24T13:05:09+0100", "2026-11-24T13:05:09+24:00", "1 6-11-24", "+026-11-24"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Input, DecodesPercentEscapes) {
  EXPECT_EQ(percent_decoded("a%2Fb+c%c3%A9"), "a/b+c\xc3\xa9");
  for (const auto* text : {"%", "%2", "%2g", "a%"}) EXPECT_FALSE(percent_decoded(text)) << text;
}

TEST(Input, TellsAllThatIsWrongAtOnce) {
  auto input = Input::of_body(R"({"a":1,"b":"x","surprise":true,"c":null})").value();
  EXPECT_EQ(input.text("a"), "");
  EXPECT_FALSE(input.integer("b", 0, 1));
  EXPECT_EQ(input.text("c"), "");
  EXPECT_EQ(input.required_text("d"), "");
  const auto problem = input.problem();
  ASSERT_TRUE(problem);
  const auto& all = problem->details.at("problems").as_array();
  ASSERT_EQ(all.size(), 4U);
  const char* fields[] = {"a", "b", "d", "surprise"};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(all[i].at("field").as_string(), fields[i]);
}

TEST(Input, ReadsMoneyFromStringsAndNumbersExactly) {
  const std::pair<const char*, std::int64_t> good[] = {{"5", 5'000'000'000},
                                                       {"0.25", 250'000'000},
                                                       {"0.1", 100'000'000},
                                                       {"\"0.000000001\"", 1},
                                                       {"1e-9", 1},
                                                       {"123456.789", 123'456'789'000'000},
                                                       {"0", 0}};
  for (const auto& [text, nano] : good) {
    auto input = Input::of_body("{\"m\":" + std::string(text) + "}").value();
    const auto money = input.usd("m");
    ASSERT_TRUE(money) << text;
    EXPECT_EQ(money->value(), nano);
  }
  for (const auto* text : {"-1", "\"-1\"", "\"x\"", "1e300", "true", "\"1e-9\"", "1e-10"}) {
    auto input = Input::of_body("{\"m\":" + std::string(text) + "}").value();
    EXPECT_FALSE(input.usd("m")) << text;
    EXPECT_TRUE(input.problem()) << text;
  }
}

TEST(Input, RefusesBodiesThatAreNoObjectsOrTooDeep) {
  EXPECT_TRUE(Input::of_body("").has_value());
  for (const std::string& body : {std::string("[]"), std::string("{"), std::string("null"),
                                  "{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}",
                                  std::string("{} {}"), std::string("{\"a\":\"\xff\"}")}) {
    EXPECT_FALSE(Input::of_body(body).has_value()) << body;
  }
}

}  // namespace
}  // namespace budget::admin
