#include "proxy/wire/json.h"

#include <gtest/gtest.h>

#include <array>

#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

TEST(Json, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::pair<std::string, bool> cases[] = {
      {R"({"a":1})", true},
      {R"( {"a":[1,2,{"b":null}]} )", true},
      {R"({"a":NaN})", false},
      {R"({"a":Infinity})", false},
      {R"({"a":1e999})", false},
      {R"({"a":123456789012345678901234567890})", false},
      {R"({"a":01})", false},
      {R"({"a":1}x)", false},
      {R"({"a":1}{})", false},
      {R"({"a":1,})", false},
      {R"({a:1})", false},
      {R"({'a':1})", false},
      {R"({"a":1 // no
})",
       false},
      {"{\"a\":\"\xFF\"}", false},
      {"{\"a\":\"\xC0\xAF\"}", false},
      {"\xEF\xBB\xBF{}", false},
      {"{\"a\":\"\n\"}", false},
      {R"({"a":"\ud800"})", false},
      {"", false},
      {"{", false},
      {std::string("{}\0", 3), false},
      // What is skipped is checked as well.
      {R"({"skipped":{"deep":[tru]},"model":"m"})", false},
  };
  for (const auto& [text, good] : cases) {
    EXPECT_EQ(parse_json(text).has_value(), good) << text;
  }
}

TEST(Json, RefusesNestingBeyondTheLimitAndOnlyThat) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(json_depth_max - 2)));
  EXPECT_FALSE(parse_json(nested(json_depth_max + 1)));
  EXPECT_FALSE(parse_json(nested(1'000'000)));
  EXPECT_TRUE(parse_json("{}"));
  EXPECT_FALSE(parse_json(std::string_view()));
}

TEST(Json, FindsTheBytesOfValues) {
  const std::string text =
      "{ \"skip\" : {\"model\":[{},[1 , 2]]}, \"mod\\u0065l\" :\t\"a\\\"}b\" ,\"n\": 12 \n,"
      "\"o\":{\"x\" : [ ] } , \"z\":null}";
  const auto body = parse_json(text);
  ASSERT_TRUE(body);
  constexpr std::array<std::string_view, 4> names = {"model", "n", "o", "z"};
  std::array<JsonValue, 4> found;
  ASSERT_TRUE(pick(*body, names, found));
  EXPECT_EQ(found[0].text(), R"("a\"}b")");
  EXPECT_EQ(found[0].string(), "a\"}b");
  EXPECT_EQ(found[1].text(), "12");
  EXPECT_EQ(found[2].text(), R"({"x" : [ ] })");
  EXPECT_EQ(found[3].text(), "null");
  EXPECT_TRUE(found[3].present());
  EXPECT_FALSE(found[3].given());
  EXPECT_EQ(body->insert_at(), 1U);
  EXPECT_TRUE(body->has_members());
  EXPECT_EQ(body->text(), text);
}

TEST(Json, RefusesRepeatedAndLookAlikeNames) {
  constexpr std::array<std::string_view, 2> names = {"model", "stream"};
  const std::pair<const char*, bool> cases[] = {
      {R"({"model":1,"other":2,"other":3})", true},
      {R"({"model":1,"model":1})", false},
      {R"({"model":1,"\u006dodel":1})", false},
      {R"({"model":1,"Model":1})", false},
      {R"({"MODEL":1})", false},
      {R"({"\u017ftream":true})", false},
      {R"({"models":1,"mode":2,"":3,"m":4})", true},
      {R"({"x":{"model":1},"model":2})", true},
  };
  for (const auto& [text, good] : cases) {
    std::array<JsonValue, 2> found;
    EXPECT_EQ(pick(*parse_json(text), names, found).has_value(), good) << text;
  }
}

TEST(Json, ReadsRequestedCountsStrictlyAndReportedOnesKindly) {
  struct Case {
    const char* text;
    std::optional<std::int64_t> requested;  // nullopt: an error
    std::optional<std::int64_t> reported;
  };
  const Case cases[] = {
      {"0", 0, 0},
      {"1024", 1024, 1024},
      {"1024.0", 1024, 1024},
      {"1e3", 1000, 1000},
      {"1.5", {}, 2},
      {"-1", {}, 0},
      {"-0.5", {}, 0},
      {"18446744073709551615", {}, tokens_max},
      {"9223372036854775807", {}, tokens_max},
      {"1e300", {}, tokens_max},
      {"\"5\"", {}, {}},
      {"true", {}, {}},
      {"[5]", {}, {}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    const std::string text = "{\"x\":" + std::string(test.text) + "}";
    const auto body = parse_json(text);
    ASSERT_TRUE(body);
    constexpr std::array<std::string_view, 1> names = {"x"};
    std::array<JsonValue, 1> found;
    ASSERT_TRUE(pick(*body, names, found));
    const auto requested = requested_count(found[0], "x", ceiling_max);
    EXPECT_EQ(requested.has_value(), test.requested.has_value());
    if (requested) EXPECT_EQ(*requested, test.requested);
    EXPECT_EQ(reported_count(body->element(), "x"), test.reported);
  }
  EXPECT_EQ(*requested_count(JsonValue(), "x", 1), std::nullopt);
}

TEST(Json, WritesStringsAndSplices) {
  std::string out;
  append_json_string(out, "a\"\\\n\x01\xC3\xA9");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\xC3\xA9\"");
  out.clear();
  append_json_string(out, "\xFF");
  EXPECT_EQ(out, "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(splice("abcdef", {{{4, 1}, "E"}, {{0, 0}, "<"}, {{1, 2}, ""}, {{0, 0}, ">"}}),
            "<>adEf");
}

TEST(Json, GivesMemoryBackAfterALargeText) {
  const std::string large = "[\"" + std::string(5'000'000, 'x') + "\"]";
  EXPECT_TRUE(parse_json(large));
  EXPECT_EQ(parse_json("{\"a\":\"b\"}")->text(), "{\"a\":\"b\"}");
}

}  // namespace
}  // namespace budget::wire
