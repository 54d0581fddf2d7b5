// Asking a format about requests and answers, for the tests of every format.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <expected>
#include <random>
#include <string>
#include <string_view>

#include "proxy/wire/format.h"
#include "tests/wire/reader_testing.h"

namespace budget::wire {

inline Route route_for(const Format& format, std::string_view path) {
  const auto route = format.route("POST", path, "");
  EXPECT_TRUE(route.has_value()) << path;
  return route.value_or(Route{.format = &format});
}

inline std::expected<RequestFacts, std::string> facts_for(const Format& format,
                                                          std::string_view path,
                                                          std::string_view body) {
  return format.facts(route_for(format, path), {"application/json", body});
}

// The body as rewritten, which has to state the new facts.
inline std::string rewritten(const Format& format, std::string_view path, std::string_view body,
                             const Rewrite& rewrite) {
  const Route route = route_for(format, path);
  const RequestView request{"application/json", body};
  const auto facts = format.facts(route, request);
  EXPECT_TRUE(facts.has_value()) << body << ": " << (facts ? "" : facts.error());
  if (!facts) return "";
  const std::string changed = format.rewrite(route, request, *facts, rewrite);
  const auto again = format.facts(route, {"application/json", changed});
  EXPECT_TRUE(again.has_value()) << changed << ": " << (again ? "" : again.error());
  if (again && rewrite.max_output) {
    EXPECT_EQ(again->max_output, rewrite.max_output) << changed;
  }
  if (again && rewrite.model && again->model_value) {
    EXPECT_EQ(again->model, *rewrite.model) << changed;
  }
  return changed;
}

inline ReaderOptions options_for(const Format& format, std::string_view path,
                                 std::string_view content_type, bool stream) {
  static const Dialect dialect;
  ReaderOptions options;
  options.route = route_for(format, path);
  options.dialect = &dialect;
  options.response.content_type = content_type;
  options.stream = stream;
  return options;
}

// Reads `body` whole, byte by byte, cut once at every byte and at random: all
// must agree, and every byte must come out again.
inline ReadResult read_every_way(const Format& format, const ReaderOptions& options,
                                 std::string_view body) {
  const ReadResult whole = read_pieces(format, options, {body}, false);
  const auto check = [&](const Pieces& pieces, const std::string& how) {
    for (const bool with_out : {false, true}) {
      const ReadResult other = read_pieces(format, options, pieces, with_out);
      EXPECT_TRUE(same_reading(other.reading, whole.reading)) << how;
      EXPECT_EQ(other.text, whole.text) << how;
      if (with_out) {
        EXPECT_TRUE(other.out == body) << how;
      }
    }
  };
  check(byte_by_byte(body), "byte by byte");
  for (std::size_t at = 0; at <= body.size() && !testing::Test::HasFailure(); ++at) {
    check(cut_at(body, at), "cut at " + std::to_string(at));
  }
  const unsigned seed = 20261124;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    check(random_pieces(body, random), "random, seed " + std::to_string(seed));
  }
  return whole;
}

// What would be sent for a stream that is cut behind `begun`.
inline std::string ending_after(const Format& format, const ReaderOptions& options,
                                std::string_view begun, const pricing::Usage& usage) {
  const auto reader = format.reader(options);
  std::string out;
  reader->feed(begun, &out);
  return out + reader->cut_ending(usage);
}

// {input, output, total}, as the test vectors state them.
inline std::array<std::int64_t, 3> totals(const pricing::Usage& usage) {
  return {usage.input_total().value(), usage.output_total().value(), usage.total().value()};
}

}  // namespace budget::wire
