#include "admin/utf8.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

TEST(Utf8, IsLeftAsItIsAndWhatIsNotIsMarked) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"abc", "abc"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b"},
      {"\xc3", "\xef\xbf\xbd"},
      {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xe2\x82"
       "x\xc3\xa9",
       "\xef\xbf\xbd\xef\xbf\xbd"
       "x\xc3\xa9"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(repaired_utf8(text), expected);
}

// Boost.JSON checks the UTF-8 of what it parses, by code of its own.
TEST(Utf8, AgreesWithAnotherReaderOnRandomBytes) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string alphabet =
      "a\x80\x8f\x90\x9f\xa0\xbf\xc0\xc2\xdf\xe0\xe1\xed\xef\xf0\xf1\xf4\xf5\xff";
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 9, 'a');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    const auto sound = [](const std::string& each) {
      boost::system::error_code error;
      boost::json::parse("\"" + each + "\"", error);
      return !error;
    };
    const std::string repaired = repaired_utf8(text);
    ASSERT_TRUE(sound(repaired)) << testing::PrintToString(text);
    ASSERT_EQ(repaired == text, sound(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, IsWhatEveryAnswerIs) {
  AdminUnderTest admin;
  admin.play_call("r1", "caf\xe9", 1, 1, 1);
  EXPECT_TRUE(admin.ask("GET", "/api/usage/records/r1").body.is_object());
  EXPECT_TRUE(admin.ask("GET", "/api/budgets/%ff").body.is_object());
}

}  // namespace
}  // namespace budget::admin
