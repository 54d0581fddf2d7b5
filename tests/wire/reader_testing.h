// Feeding readers in pieces, for the tests of all formats.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/wire/format.h"

namespace budget::wire {

using Pieces = std::vector<std::string_view>;

struct ReadResult {
  Reading reading;
  std::string text;
  std::string out;
  std::string ending;  // cut_ending() after all of it
};

// Each piece is given in memory of its own, so that a sanitizer sees a read
// behind it.
inline ReadResult read_pieces(const Format& format, const ReaderOptions& options,
                              const Pieces& pieces, bool with_out) {
  ReadResult result;
  const auto reader = format.reader(options);
  for (const std::string_view piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    reader->feed({copy.data(), copy.size()}, with_out ? &result.out : nullptr);
    result.text += reader->take_output_text();
  }
  reader->finish(with_out ? &result.out : nullptr);
  result.text += reader->take_output_text();
  result.reading = reader->reading();
  result.ending = reader->cut_ending(result.reading.usage);
  return result;
}

inline Pieces byte_by_byte(std::string_view body) {
  Pieces pieces;
  for (std::size_t i = 0; i < body.size(); ++i) pieces.push_back(body.substr(i, 1));
  return pieces;
}

inline Pieces cut_at(std::string_view body, std::size_t at) {
  return {body.substr(0, at), body.substr(at)};
}

inline Pieces random_pieces(std::string_view body, std::mt19937_64& random) {
  Pieces pieces;
  std::uniform_int_distribution<std::size_t> length(0, 1 + body.size() / 4);
  while (!body.empty()) {
    const std::size_t size = std::min(body.size(), length(random));
    pieces.push_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return pieces;
}

inline bool same_reading(const Reading& a, const Reading& b) {
  return a.usage == b.usage && a.input_reported == b.input_reported &&
         a.output_reported == b.output_reported && a.finished == b.finished &&
         a.malformed == b.malformed && a.model == b.model && a.tier == b.tier &&
         a.upstream_id == b.upstream_id && a.error == b.error;
}

// Reads each body in 500 random ways to split it, and expects what reading it
// whole gives.
inline void expect_same_for_every_split(
    const Format& format, const std::vector<std::pair<ReaderOptions, std::string>>& bodies) {
  const std::uint64_t seed = 20261124;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (const auto& [options, body] : bodies) {
    const ReadResult whole = read_pieces(format, options, {body}, true);
    for (int round = 0; round < 500; ++round) {
      const Pieces pieces = random_pieces(body, random);
      const ReadResult loud = read_pieces(format, options, pieces, true);
      const ReadResult quiet = read_pieces(format, options, pieces, false);
      ASSERT_EQ(loud.out, whole.out);
      ASSERT_EQ(loud.text, whole.text);
      ASSERT_EQ(quiet.text, whole.text);
      ASSERT_TRUE(same_reading(loud.reading, whole.reading));
      ASSERT_TRUE(same_reading(quiet.reading, whole.reading));
      ASSERT_EQ(loud.ending, whole.ending);
    }
  }
}

}  // namespace budget::wire
