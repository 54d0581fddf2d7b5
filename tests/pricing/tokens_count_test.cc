#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "pricing/tokens/bpe.h"
#include "pricing/tokens/count.h"
#include "tests/pricing/tokens_naive.h"

namespace budget::pricing {
namespace {

using Ids = std::vector<std::uint32_t>;
constexpr std::array encodings = {Encoding::o200k_base, Encoding::cl100k_base};

TEST(TokenCount, KnowsWellKnownTexts) {
  EXPECT_EQ(encode(Encoding::o200k_base, "hello world"), (Ids{24912, 2375}));
  EXPECT_EQ(encode(Encoding::cl100k_base, "hello world"), (Ids{15339, 1917}));
  EXPECT_EQ(encode(Encoding::cl100k_base, ""), Ids{});
  // Special tokens are ordinary text here.
  EXPECT_GT(count_tokens(Encoding::o200k_base, "<|endoftext|>").value(), 1);
  // A byte that is not UTF-8 is the token of that byte.
  EXPECT_EQ(encode(Encoding::o200k_base, "\xFF"),
            Ids{RankTable::of(Encoding::o200k_base).byte(0xFF)});
}

TEST(TokenCount, NamesEncodings) {
  for (const auto encoding : encodings) EXPECT_EQ(encoding_named(name_of(encoding)), encoding);
  EXPECT_EQ(encoding_named("p50k_base"), std::nullopt);
  EXPECT_EQ(encoding_named(""), std::nullopt);
}

TEST(TokenCount, KnowsTheEncodingsOfOpenAisModels) {
  for (const std::string_view model :
       {"gpt-4o", "gpt-4o-2024-08-06", "ft:gpt-4o:org::id", "ft:gpt-4o-mini-2024-07-18:org::id",
        "openai/gpt-4o", "chatgpt-4o-latest", "gpt-4.1-nano", "gpt-4.5-preview", "gpt-5",
        "gpt-5-mini", "gpt-5.2-codex", "o1", "o1-mini", "o3-pro", "o4-mini-high", "gpt-oss-120b"}) {
    EXPECT_EQ(encoding_of(model), Encoding::o200k_base) << model;
  }
  for (const std::string_view model :
       {"gpt-4", "gpt-4-0613", "gpt-4-turbo", "gpt-4-32k", "gpt-3.5-turbo", "gpt-3.5-turbo-0125",
        "gpt-35-turbo", "ft:gpt-3.5-turbo:org::id", "ft:gpt-4", "text-embedding-3-small",
        "text-embedding-ada-002", "davinci-002", "ft:babbage-002:org"}) {
    EXPECT_EQ(encoding_of(model), Encoding::cl100k_base) << model;
  }
  for (const std::string_view model :
       {"", "claude-sonnet-4-5", "gemini-2.5-pro", "o100", "gpt-4x", "gpt-4.9", "gpt", "davinci",
        "text-embedding-3-small-x", "llama-3", "openai/", "anthropic/gpt-4o"}) {
    EXPECT_EQ(encoding_of(model), std::nullopt) << model;
  }
}

// Texts that are likely to be split and merged in unusual ways.
std::string random_text(std::mt19937_64& random) {
  static const std::vector<std::string> atoms = {
      "a",  "b",  "A",    "the",    " of",    "ing",  "'s",           "'LL", "1",       "23", " ",
      "  ", "\n", "\r\n", "\t",     "!",      "/",    "//",           "é",   "e\u0301", "中", "。",
      "ก",  "अ",  "ا",    "\u0301", "\u3000", "\xFF", "\xE4\xB8\x2D", "😀",  "\uFEFF",  "_"};
  std::string text;
  const auto length = random() % 40;
  for (std::uint64_t i = 0; i < length; ++i) {
    switch (random() % 8) {
      case 0:
        text.append(random() % 20, static_cast<char>('a' + random() % 3));
        break;
      case 1:
        text += static_cast<char>(random());
        break;
      default:
        text += atoms[random() % atoms.size()];
    }
  }
  return text;
}

TEST(TokenCount, AgreesWithTheSlowWayOnRandomTexts) {
  constexpr std::uint64_t seed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 4000; ++round) {
    const auto text = random_text(random);
    for (const auto encoding : encodings) {
      const auto expected = naive_encode(encoding, text);
      ASSERT_EQ(encode(encoding, text), expected) << "round " << round << ": " << text;
      ASSERT_EQ(count_tokens(encoding, text).value(), static_cast<std::int64_t>(expected.size()));
    }
  }
}

// A piece of `size` bytes of random runs and symbols over `alphabet`.
std::string random_piece(std::mt19937_64& random, std::string_view alphabet, std::size_t size) {
  std::string piece;
  while (piece.size() < size) {
    const auto run = random() % 4 == 0 ? 1 + random() % 30 : 1;
    piece.append(run, alphabet[random() % alphabet.size()]);
  }
  piece.resize(size);
  return piece;
}

TEST(TokenCount, JoinsTheBlocksOfLongPiecesExactly) {
  constexpr std::uint64_t seed = 7;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const std::vector<std::string_view> alphabets = {
      "a", "ab", "aA", "  \n", "abcdefghijklmnopqrstuvwxyz", "-=", "\xE4\xB8\xAD", all_bytes};
  for (const auto encoding : encodings) {
    const auto& ranks = RankTable::of(encoding);
    for (const auto alphabet : alphabets) {
      Merger merger(ranks);  // shared, so that left-over state would show
      for (const std::size_t size : {39, 40, 41, 129, 383, 384, 385, 720, 1025, 3000}) {
        const auto piece = random_piece(random, alphabet, size);
        const auto expected = naive_merge(ranks, piece);
        if (expected.size() == 1) continue;
        Ids ids;
        merger.append(piece, ids);
        ASSERT_EQ(ids, expected) << size << " bytes of " << alphabet;
        ASSERT_EQ(merger.count(piece), expected.size());
      }
    }
  }
}

// The longest row of bytes in which each pair has a lower rank than the one
// before it. There the last pair is merged first, which decides all the others
// back to the first: a block must reach back that far to be in step.
std::string falling_ranks(const RankTable& ranks) {
  struct Edge {
    std::uint32_t rank;
    unsigned char first;
    unsigned char second;
  };
  std::vector<Edge> edges;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const auto from = static_cast<unsigned char>(first);
      const auto to = static_cast<unsigned char>(second);
      const auto rank = ranks.byte_pair(from, to);
      if (rank != no_rank) edges.push_back({rank, from, to});
    }
  }
  std::ranges::sort(edges, {}, &Edge::rank);
  // The longest row from each byte, over the pairs seen so far, all of lower rank.
  std::vector<std::string> rows(256);
  for (int byte = 0; byte < 256; ++byte) rows[byte] = static_cast<char>(byte);
  for (const auto& edge : edges) {
    if (rows[edge.second].size() + 1 > rows[edge.first].size()) {
      rows[edge.first] = static_cast<char>(edge.first) + rows[edge.second];
    }
  }
  return *std::ranges::max_element(rows, {}, &std::string::size);
}

TEST(TokenCount, JoinsBlocksThatDependOnWhatFollowsFarAway) {
  constexpr std::uint64_t seed = 17;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const auto encoding : encodings) {
    const auto& ranks = RankTable::of(encoding);
    const auto row = falling_ranks(ranks);
    ASSERT_GT(row.size(), 20);
    for (int round = 0; round < 30; ++round) {
      std::string piece;
      while (piece.size() < 4000) piece += row.substr(0, row.size() - random() % 2);
      Ids ids;
      Merger merger(ranks);
      merger.append(piece, ids);
      ASSERT_EQ(ids, naive_merge(ranks, piece));
      EXPECT_LT(merger.steps(), 6 * piece.size());
    }
  }
}

// The pair table must know each merge on the way to any token, also from pieces
// that begin and end in the middle of words and characters.
TEST(TokenCount, FindsEveryMergeThatTheBytesAllow) {
  std::mt19937_64 random(11);
  for (const auto encoding : encodings) {
    const auto& ranks = RankTable::of(encoding);
    Merger merger(ranks);
    for (int round = 0; round < 3000; ++round) {
      std::string piece;
      while (piece.size() < 30) {
        // Common words in many scripts come out of ordinary text's tokens.
        static const std::vector<std::string> words = {
            "International", "Verbraucher", "développement", "програм",  "ものの", "的时间",
            "प्रदेश",          "ประเทศ",      "조선민주",      "function", "====",   "\t\t\t\t"};
        const auto& word = words[random() % words.size()];
        const auto from = random() % word.size();
        piece += word.substr(from, 1 + random() % 12);
      }
      const auto expected = naive_merge(ranks, piece);
      if (expected.size() == 1) continue;
      Ids ids;
      merger.append(piece, ids);
      ASSERT_EQ(ids, expected) << piece;
    }
  }
}

TEST(TokenCount, TakesStepsInProportionToAnyPiece) {
  std::mt19937_64 random(13);
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const std::vector<std::string_view> alphabets = {
      "a", " ", "ab", "\n", "aab", "=-", "abcdefghijklmnopqrstuvwxyz", "\xE0\xB8", all_bytes};
  for (const auto encoding : encodings) {
    for (const auto alphabet : alphabets) {
      for (const std::size_t size : {std::size_t{1} << 14, std::size_t{1} << 18}) {
        const std::string piece = random_piece(random, alphabet, size);
        Merger merger(RankTable::of(encoding));
        static_cast<void>(merger.count(piece));
        // A byte is looked at a few times: pushed twice, popped twice, and again
        // in the overlap.
        EXPECT_LT(merger.steps(), 6 * size) << size << " bytes of " << alphabet;
      }
      // Many short pieces may not be dearer than one long one by more than the
      // bounded scan.
      Merger merger(RankTable::of(encoding));
      std::uint64_t total = 0;
      for (int round = 0; round < 500; ++round) {
        const auto piece = random_piece(random, alphabet, 40);
        total += piece.size();
        static_cast<void>(merger.count(piece));
      }
      EXPECT_LE(merger.steps(), 21 * total);
    }
  }
}

// Pieces are found by looking at each symbol a bounded number of times, so a
// text that is all one piece, or that makes a pattern look far ahead again and
// again, ends (in any time at all: the quadratic way would take hours).
TEST(TokenCount, EndsOnTextsThatMakePatternsBacktrack) {
  for (const auto encoding : encodings) {
    for (const std::string_view unit : {"A", "\u0301A", "\u4E2DA", " \n", "\t ", "!/", "'s", "1"}) {
      std::string text;
      while (text.size() < 2'000'000) text += unit;
      EXPECT_GT(count_tokens(encoding, text).value(), 0);
      EXPECT_LE(count_tokens(encoding, text).value(), static_cast<std::int64_t>(text.size()));
    }
  }
}

}  // namespace
}  // namespace budget::pricing
