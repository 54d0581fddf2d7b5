#include "proxy/simulated/words.h"

#include <gtest/gtest.h>

#include "pricing/tokens/count.h"

namespace budget::simulated {
namespace {

using pricing::Encoding;

std::string text_of(Words words) {
  std::string text;
  while (words.next(text)) {
  }
  return text;
}

TEST(Words, AreExactlyTheTokensAskedForInBothEncodings) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    for (const bool cut : {false, true}) {
      const auto tokens = static_cast<std::int64_t>(seed % 97);
      const std::string text = text_of(Words(seed, tokens, cut));
      EXPECT_EQ(pricing::count_tokens(Encoding::o200k_base, text).value(), tokens) << text;
      EXPECT_EQ(pricing::count_tokens(Encoding::cl100k_base, text).value(), tokens) << text;
    }
  }
}

TEST(Words, AreExactInALongTextToo) {
  const std::string text = text_of(Words(7, 200'000, false));
  EXPECT_EQ(pricing::count_tokens(Encoding::o200k_base, text).value(), 200'000);
  EXPECT_EQ(pricing::count_tokens(Encoding::cl100k_base, text).value(), 200'000);
}

TEST(Words, CutShortAreTheBeginningOfTheWholeText) {
  const std::string whole = text_of(Words(42, 60, false));
  for (std::int64_t tokens = 1; tokens < 60; ++tokens) {
    EXPECT_TRUE(whole.starts_with(text_of(Words(42, tokens, true)))) << tokens;
  }
}

TEST(Words, EndWithAFullStopWhenTheyAreNotCut) {
  for (std::int64_t tokens = 20; tokens <= 60; ++tokens) {
    const std::string text = text_of(Words(static_cast<std::uint64_t>(tokens), tokens, false));
    EXPECT_EQ(text.find(".."), std::string::npos);
    EXPECT_EQ(text.find(" ."), std::string::npos);
    EXPECT_TRUE(text[0] >= 'A' && text[0] <= 'Z') << text;
  }
}

TEST(Words, DifferBetweenSeeds) {
  EXPECT_NE(text_of(Words(1, 30, false)), text_of(Words(2, 30, false)));
  EXPECT_EQ(text_of(Words(1, 30, false)), text_of(Words(1, 30, false)));
}

}  // namespace
}  // namespace budget::simulated
