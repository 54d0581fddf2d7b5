#include "policy/yaml/document.h"

#include <gtest/gtest.h>

#include <string>

namespace budget::policy {
namespace {

std::string problem_of(std::string_view text) {
  const auto document = parse_yaml(text, "f");
  if (document) return "accepted";
  return document.error().empty() ? "no problem" : document.error().front().to_string();
}

TEST(YamlDocument, KnowsWhereEveryKeyAndValueStands) {
  const auto document = parse_yaml("a: 1\n\"ä b\": {c: [x, 'y']}\n", "f");
  ASSERT_TRUE(document);
  ASSERT_EQ(document->members.size(), 2U);
  EXPECT_EQ(document->members[0].value.text, "1");
  EXPECT_EQ(document->members[0].value.place.column, 4);
  const YamlValue& map = document->members[1].value;
  EXPECT_EQ(document->members[1].key, "ä b");
  EXPECT_EQ(map.place.line, 2);
  EXPECT_EQ(map.place.column, 8) << "characters, not bytes";
  const YamlValue& list = map.members.at(0).value;
  EXPECT_EQ(list.items.at(1).text, "y");
  EXPECT_EQ(list.items.at(1).place.column, 16);
}

TEST(YamlDocument, TellsAWrittenNullFromNothing) {
  const auto document = parse_yaml("a: null\nb: ~\nc:\nd: ''\n", "f");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->members[0].value.kind, YamlValue::Kind::null);
  EXPECT_EQ(document->members[1].value.kind, YamlValue::Kind::null);
  EXPECT_EQ(document->members[2].value.kind, YamlValue::Kind::absent);
  EXPECT_EQ(document->members[3].value.kind, YamlValue::Kind::scalar);
}

TEST(YamlDocument, FollowsAliases) {
  const auto document = parse_yaml("a: &x {k: [1]}\nb: *x\n", "f");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->members[1].value.members.at(0).value.items.at(0).text, "1");
}

TEST(YamlDocument, IsAnEmptyMapForAnEmptyFile) {
  for (const std::string_view text : {"", "# nothing\n", "---\n", "\xEF\xBB\xBF"}) {
    const auto document = parse_yaml(text, "f");
    ASSERT_TRUE(document) << text;
    EXPECT_EQ(document->kind, YamlValue::Kind::map);
  }
}

struct Refused {
  std::string text;
  std::string problem;
};

class RefusedYaml : public testing::TestWithParam<Refused> {};

TEST_P(RefusedYaml, IsReportedAtItsPlace) {
  const std::string problem = problem_of(GetParam().text);
  EXPECT_TRUE(problem.starts_with(GetParam().problem)) << problem;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedYaml,
    testing::Values(
        Refused{"a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' is already on line 1; keep one"},
        Refused{"m: {k: 1, \"k\": 2}\n", "f:1:11: the key 'k' is already on line 1"},
        Refused{"a: 1\n---\nb: 2\n", "f:2:1: a second document begins here"},
        Refused{"- a\nb: 1\n", "f:2:1: a second document begins here"},
        Refused{"a: 1\nb: \"x\nc: 2\n", "f:2:4: this quotation has no end"},
        Refused{"a: 'it''s\n", "f:1:4: this quotation has no end"},
        Refused{"a: [1, 2\n", "f:2:1: not YAML"},
        Refused{"a: 1\n\tb: 2\n", "f:2:1: a tab in the indentation of line 2; indent with spaces"},
        Refused{"a:\n\tb: 1\n", "f:2:3: a tab in the indentation of line 2"},
        Refused{"a: b: c\n", "f:1:5: not YAML: a second ':'"},
        Refused{"a: *nowhere\n", "f:1:4: not YAML: the referenced anchor is not defined"},
        Refused{"a: &x [*x]\n", "f:1:8: an alias inside of what it refers to"},
        Refused{"a: &x {b: 1}\nc:\n  <<: *x\n", "f:3:3: merge keys (<<) are not supported"},
        Refused{"? [a]\n: b\n", "f:1:3: a key has to be text"},
        Refused{"a: 1\nb: caf\xE9\n", "f:2:7: not UTF-8"},
        Refused{"a: \xC0\xAF\n", "f:1:4: not UTF-8"},
        Refused{"a: \xED\xA0\x80\n", "f:1:4: not UTF-8"},
        Refused{std::string("a: 1\nb\0: 2\n", 11), "f:2:2: a control character"},
        Refused{"- a\n- b\n", "f:1:1: expected sections such as 'providers:'"},
        Refused{"just text\n", "f:1:1: expected sections"},
        Refused{"a: " + std::string(40, '[') + std::string(40, ']') + "\n",
                "f:1:35: nested more than 32 deep"},
        Refused{"a: " + std::string(3000, '[') + "\n", "f:1:"},
        Refused{std::string((1U << 20U) + 1, '#'), "f: larger than 1048576 bytes"}));

TEST(YamlDocument, RefusesABillionLaughsInLittleTime) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int level = 1; level < 30; ++level) {
    const std::string below = "*a" + std::to_string(level - 1);
    text += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + below;
    for (int times = 1; times < 10; ++times) text += "," + below;
    text += "]\n";
  }
  const std::string problem = problem_of(text);
  EXPECT_TRUE(problem.contains("more than 100000 values with all aliases written out")) << problem;
}

TEST(YamlDocument, EndsBehindAStrayBracket) {
  for (const std::string_view text : {"a: 1\n]\n", "a: 1\n}\n", "]", "a: [1]]\n", "{a: 1}}\n"}) {
    EXPECT_NE(problem_of(text), "accepted") << text;
  }
}

TEST(YamlDocument, ReportsNoMoreThanAHundredDocuments) {
  std::string text;
  for (int document = 0; document < 5000; ++document) text += "---\na: 1\na: 2\n";
  const auto document = parse_yaml(text, "f");
  ASSERT_FALSE(document);
  EXPECT_LE(document.error().size(), 101U);
}

}  // namespace
}  // namespace budget::policy
