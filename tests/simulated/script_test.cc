// What the steering does to an answer's body over time.
#include <gtest/gtest.h>

#include "tests/simulated/played.h"

namespace budget::simulated {
namespace {

using std::chrono::milliseconds;

constexpr const char* chat = "/v1/chat/completions";
constexpr const char* stream_body =
    R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true})";
constexpr const char* plain_body =
    R"({"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]})";

TEST(Script, HandsOutOneEventAPiece) {
  const Played played = post(chat, stream_body, {{"x-simulate-output-tokens", "10"}});
  // The role, ten words, the reason, [DONE].
  EXPECT_EQ(played.piece_sizes.size(), 13u);
  EXPECT_EQ(played.ending, Ending::complete);
}

TEST(Script, PausesBetweenEventsHoweverTheyAreSliced) {
  for (const char* slice : {"0", "5", "300", "1000000"}) {
    const Played played = post(chat, stream_body,
                               {{"x-simulate-output-tokens", "10"},
                                {"x-simulate-gap-ms", "20"},
                                {"x-simulate-latency-ms", "70"},
                                {"x-simulate-chunk-bytes", slice}});
    EXPECT_EQ(played.answer.latency, milliseconds(70));
    EXPECT_EQ(played.paused, milliseconds(12 * 20)) << slice;
  }
}

TEST(Script, PausesBetweenSlicesOfAPlainBody) {
  const Played played =
      post(chat, plain_body, {{"x-simulate-gap-ms", "3"}, {"x-simulate-chunk-bytes", "100"}});
  const auto slices = static_cast<int>(played.piece_sizes.size());
  EXPECT_GT(slices, 3);
  EXPECT_EQ(played.paused, milliseconds(3 * (slices - 1)));
  for (std::size_t i = 0; i + 1 < played.piece_sizes.size(); ++i)
    EXPECT_EQ(played.piece_sizes[i], 100u);
}

struct EndingCase {
  const char* break_after;
  const char* stall_after;
  std::size_t bytes;
  Ending ending;
};

TEST(Script, BreaksOrStallsAfterExactlyTheBytesAskedFor) {
  const EndingCase cases[] = {
      {"0", "", 0, Ending::connection_drop},     {"1", "", 1, Ending::connection_drop},
      {"333", "", 333, Ending::connection_drop}, {"", "333", 333, Ending::silence},
      {"400", "333", 333, Ending::silence},      {"333", "400", 333, Ending::connection_drop},
  };
  for (const EndingCase& each : cases) {
    for (const char* body : {stream_body, plain_body}) {
      for (const char* slice : {"0", "10"}) {
        Headers headers = {{"x-simulate-chunk-bytes", slice}};
        if (*each.break_after != '\0')
          headers.emplace_back("x-simulate-break-after", each.break_after);
        if (*each.stall_after != '\0')
          headers.emplace_back("x-simulate-stall-after", each.stall_after);
        const std::string whole = post(chat, body).body;
        const Played played = post(chat, body, headers);
        EXPECT_EQ(played.body, whole.substr(0, each.bytes));
        EXPECT_EQ(played.ending, each.ending);
        if (!played.answer.streamed) {
          EXPECT_EQ(played.answer.content_length, whole.size());
        }
      }
    }
  }
}

TEST(Script, EndsWholeWhenTheBreakLiesBehindIt) {
  const Played played = post(chat, plain_body, {{"x-simulate-break-after", "1000000"}});
  EXPECT_EQ(played.ending, Ending::complete);
  EXPECT_EQ(played.body.size(), played.answer.content_length);
}

TEST(Script, StreamsAHundredMegabytesFromOnePiecesMemory) {
  Request request{.method = "POST",
                  .path = chat,
                  .headers = {{"x-simulate-output-tokens", "600000"}},
                  .body = stream_body};
  Answer long_answer = answer(request, steering_of(request, {}));
  std::uint64_t bytes = 0;
  std::size_t largest = 0;
  while (const auto piece = long_answer.body.next()) {
    bytes += piece->bytes.size();
    largest = std::max(largest, piece->bytes.size());
  }
  EXPECT_GT(bytes, 100'000'000u);
  EXPECT_LT(largest, 1'000u);
}

TEST(Script, HandsOutALongEventInPartsWithoutAPauseInside) {
  const Headers headers = {{"x-simulate-output-tokens", "9000"}, {"x-simulate-gap-ms", "1"}};
  const Played played =
      post("/v1/responses", R"({"model":"gpt-4o","input":"Hi","stream":true})", headers);
  EXPECT_EQ(played.paused.count() + 1, static_cast<std::int64_t>(played.events().size()));
  EXPECT_GT(played.piece_sizes.size(), played.events().size());
}

TEST(Steering, IgnoresWhatItCannotRead) {
  const Request request{.headers = {{"x-simulate-output-tokens", "many"},
                                    {"x-simulate-gap-ms", "-1"},
                                    {"x-simulate-status", "99"},
                                    {"x-simulate-break-after", "99999999999999999999"},
                                    {"x-simulate-usage", "here"}}};
  const Steering defaults{.output_tokens = 5, .gap = milliseconds(2)};
  const Steering steering = steering_of(request, defaults);
  EXPECT_EQ(steering.output_tokens, 5);
  EXPECT_EQ(steering.gap, milliseconds(2));
  EXPECT_EQ(steering.status, 200);
  EXPECT_EQ(steering.break_after, std::nullopt);
  EXPECT_FALSE(steering.usage_missing);
}

TEST(Steering, PutsHeadersOverTheConfiguration) {
  const Request request{
      .headers = {{"x-simulate-output-tokens", "7"}, {"x-simulate-status", "503"}}};
  const Steering steering = steering_of(request, {.output_tokens = 5, .cached_tokens = 3});
  EXPECT_EQ(steering.output_tokens, 7);
  EXPECT_EQ(steering.cached_tokens, 3);
  EXPECT_EQ(steering.status, 503);
}

}  // namespace
}  // namespace budget::simulated
