#include "proxy/wire/media.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace budget::wire {
namespace {

using std::string_literals::operator""s;

TEST(Base64, ReadsWhatItWroteAndTheVectorsOfTheStandard) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
  EXPECT_EQ(decode_base64("Zm9v\r\nYmE"), "fooba");
  EXPECT_EQ(decode_base64("-_-_"), decode_base64("+/+/"));
  EXPECT_EQ(decode_base64("Zm9v!"), std::nullopt);
  EXPECT_EQ(decode_base64("Zm9vYmFy", 3), "foo");
  const unsigned seed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ASSERT_EQ(decode_base64(encode_base64(bytes)), bytes);
  }
}

TEST(Pictures, TellTheirSize) {
  const std::string tail(40, '\0');
  struct Case {
    const char* what;
    std::string bytes;
    std::int32_t width;
    std::int32_t height;
  };
  const Case cases[] = {
      {"PNG", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\xE8\0\0\x02\xEE"s + tail, 1000, 750},
      {"a PNG of four thousand million pixels a side",
       "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s + tail, 0, 0},
      {"GIF", "GIF89a\xE8\x03\xEE\x02"s + tail, 1000, 750},
      {"JPEG behind another segment",
       "\xFF\xD8\xFF\xE0\0\x04xx\xFF\xC0\0\x11\x08\x02\xEE\x03\xE8"s + tail, 1000, 750},
      {"JPEG with a table before its frame",
       "\xFF\xD8\xFF\xC4\0\x03x\xFF\xFF\xC2\0\x11\x08\x02\xEE\x03\xE8"s + tail, 1000, 750},
      {"JPEG that ends early", "\xFF\xD8\xFF\xE0\xFF\xFF"s + tail, 0, 0},
      {"WebP, lossy", "RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\xE8\x03\xEE\x02"s + tail,
       1000, 750},
      {"WebP, lossless", "RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\xE7\x43\xBB\0"s + tail, 1000, 750},
      {"WebP, extended", "RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\xE7\x03\0\xED\x02\0"s + tail, 1000,
       750},
      {"no picture", "hello hello hello hello hello hello hello", 0, 0},
      {"nothing", "", 0, 0},
  };
  for (const Case& c : cases) {
    const pricing::ImagePart size = picture_in(encode_base64(c.bytes));
    EXPECT_EQ(size.width, c.width) << c.what;
    EXPECT_EQ(size.height, c.height) << c.what;
  }
  EXPECT_EQ(picture_in("not base64 !!").width, 0);
}

TEST(SaysEachThingOnce, SeesANameThatStandsTwice) {
  const auto once = [](std::string_view text) {
    return says_each_thing_once(parse_json(text)->element());
  };
  EXPECT_TRUE(once("{}"));
  EXPECT_TRUE(once(R"({"a":1,"b":{"a":1},"A":1})"));
  EXPECT_FALSE(once(R"({"a":1,"b":1,"a":1})"));
  EXPECT_FALSE(once(R"({"a":1,"\u0061":1})"));
  EXPECT_FALSE(once("[]"));
  std::string many = "{";
  for (int i = 0; i < 32; ++i) many += "\"" + std::to_string(i) + "\":0,";
  many.back() = '}';
  EXPECT_TRUE(once(many));
  many.back() = ',';
  EXPECT_FALSE(once(many + R"("x":0})"));
}

TEST(MediaCount, NeverGoesBelowItsOwnTokens) {
  EXPECT_EQ((MediaCount{.bytes = 40, .tokens = 7}).input_bound(100, 3), 70);
  EXPECT_EQ((MediaCount{.bytes = 400, .tokens = 7}).input_bound(100, 3), 10);
}

}  // namespace
}  // namespace budget::wire
