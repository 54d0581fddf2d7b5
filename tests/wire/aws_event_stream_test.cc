#include "proxy/wire/aws_event_stream.h"
#include "proxy/wire/aws_frame.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

// What a splitter made of a stream: each frame's type and payload, and every
// byte it gave back.
struct Seen {
  std::vector<std::string> frames;
  std::string bytes;
  bool broken = false;

  friend bool operator==(const Seen&, const Seen&) = default;
};

void drain(FrameSplitter& splitter, Seen* seen) {
  EventFrame frame;
  while (true) {
    const FrameStatus status = splitter.next(&frame);
    if (status == FrameStatus::more) return;
    seen->bytes += frame.bytes;
    if (status == FrameStatus::broken) seen->broken = true;
    if (status == FrameStatus::whole) {
      seen->frames.push_back(std::string(frame.message_type) + "/" + std::string(frame.event_type) +
                             " " + std::string(frame.payload));
    }
  }
}

Seen split(std::string_view stream, const std::vector<std::size_t>& cuts) {
  FrameSplitter splitter;
  Seen seen;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    splitter.feed(stream.substr(from, cut - from));
    drain(splitter, &seen);
    from = cut;
  }
  splitter.feed(stream.substr(from));
  drain(splitter, &seen);
  seen.bytes += splitter.take_rest();
  return seen;
}

std::string three_frames() {
  return encode_event("contentBlockDelta", R"({"delta":{"text":"a"}})") +
         encode_event("metadata", R"({"usage":{"inputTokens":1}})") +
         encode_exception("throttlingException", R"({"message":"slow down"})");
}

TEST(AwsEventStream, ReadsWhatItWrote) {
  const Seen seen = split(three_frames(), {});
  EXPECT_EQ(seen.frames,
            (std::vector<std::string>{R"(event/contentBlockDelta {"delta":{"text":"a"}})",
                                      R"(event/metadata {"usage":{"inputTokens":1}})",
                                      R"(exception/throttlingException {"message":"slow down"})"}));
  EXPECT_EQ(seen.bytes, three_frames());
  EXPECT_FALSE(seen.broken);
}

TEST(AwsEventStream, EncodesTheSampleOfTheSpecification) {
  // The specification's own example of a message with an empty body and no
  // headers; its two sums are well known.
  const std::string frame = encode_frame({}, "");
  EXPECT_EQ(frame,
            std::string("\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xeb\x7d\x98\xc8\xff", 16));
}

TEST(AwsEventStream, SplitsTheSameWhereverTheBytesAreCut) {
  const std::string stream = three_frames();
  const Seen whole = split(stream, {});
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    ASSERT_EQ(split(stream, {cut}), whole) << "cut at " << cut;
  }
  std::vector<std::size_t> every;
  for (std::size_t i = 1; i < stream.size(); ++i) every.push_back(i);
  EXPECT_EQ(split(stream, every), whole);
}

TEST(AwsEventStream, NeverConsumesAPreludeBeforeItsFrameIsWhole) {
  const std::string frame = encode_event("metadata", "{}");
  FrameSplitter splitter;
  EventFrame seen;
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) {
    splitter.feed(std::string_view(frame).substr(i, 1));
    ASSERT_EQ(splitter.next(&seen), FrameStatus::more);
    ASSERT_EQ(splitter.rest(), std::string_view(frame).substr(0, i + 1));
  }
  splitter.feed(std::string_view(frame).substr(frame.size() - 1));
  EXPECT_EQ(splitter.next(&seen), FrameStatus::whole);
}

TEST(AwsEventStream, GivesBackEveryByteOfADamagedStream) {
  const std::string good = three_frames();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 7}) {
      std::string stream = good;
      stream[at] = static_cast<char>(stream[at] ^ (1 << bit));
      const Seen seen = split(stream, {stream.size() / 2});
      ASSERT_EQ(seen.bytes, stream) << "byte " << at << " bit " << bit;
      ASSERT_TRUE(seen.broken || seen.frames.size() < 3) << "byte " << at << " bit " << bit;
    }
  }
}

// A frame of any header block, with sums that are right.
std::string frame_of(std::uint32_t total, std::uint32_t headers_length, std::string_view rest) {
  const auto append = [](std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  };
  const auto sum = [](const std::string& bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  };
  std::string frame;
  append(frame, total);
  append(frame, headers_length);
  append(frame, sum(frame));
  frame.append(rest);
  append(frame, sum(frame));
  return frame;
}

TEST(AwsEventStream, RefusesLengthsThatContradictEachOther) {
  struct Case {
    const char* what;
    std::string frame;
  };
  const std::string name = std::string("\x0b") + ":event-type" + '\x07';
  const Case cases[] = {
      {"a total shorter than a frame can be", frame_of(15, 0, "")},
      {"a header block longer than its frame", frame_of(16, 1, "")},
      {"a header block of four thousand million bytes", frame_of(16, 0xFFFFFFFFU, "")},
      {"a name that runs out of the block", frame_of(16 + 2, 2,
                                                     "\x05"
                                                     "a")},
      {"a value that runs out of the block",
       frame_of(16 + 15, 15, name + std::string("\x00\x05", 2))},
      {"a value without its length", frame_of(16 + 13, 13, name)},
      {"a type that does not exist", frame_of(16 + 3, 3,
                                              "\x01"
                                              "a\x0a")},
  };
  for (const Case& c : cases) {
    const Seen seen = split(c.frame + encode_event("metadata", "{}"), {});
    EXPECT_TRUE(seen.broken) << c.what;
    EXPECT_TRUE(seen.frames.empty()) << c.what;
    EXPECT_EQ(seen.bytes, c.frame + encode_event("metadata", "{}")) << c.what;
  }
}

TEST(AwsEventStream, ReadsHeadersOfEveryType) {
  std::string block;
  const auto header = [&](std::string_view name, char type, std::string_view value) {
    block.push_back(static_cast<char>(name.size()));
    block.append(name);
    block.push_back(type);
    block.append(value);
  };
  header("true", 0, "");
  header("false", 1, "");
  header("byte", 2, "1");
  header("short", 3, "12");
  header("integer", 4, "1234");
  header("long", 5, "12345678");
  header("bytes", 6, std::string_view("\x00\x03yyy", 5));
  header("timestamp", 8, "12345678");
  header("uuid", 9, "1234567890123456");
  header(":event-type", 7, std::string_view("\x00\x04ping", 6));
  const auto length = static_cast<std::uint32_t>(block.size());
  const Seen seen = split(frame_of(16 + length + 2, length, block + "{}"), {});
  EXPECT_EQ(seen.frames, std::vector<std::string>{"/ping {}"});
}

TEST(AwsEventStream, PassesAFrameThatIsTooLongAndReadsTheNextOne) {
  const std::string longer = encode_event("contentBlockDelta", std::string(event_bytes_max, 'x'));
  const std::string stream = longer + encode_event("metadata", "{}");
  FrameSplitter splitter;
  Seen seen;
  constexpr std::size_t step = 100'000;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    splitter.feed(std::string_view(stream).substr(at, step));
    drain(splitter, &seen);
    ASSERT_LT(splitter.rest().size(), step);
  }
  EXPECT_EQ(seen.frames, std::vector<std::string>{"event/metadata {}"});
  EXPECT_TRUE(seen.bytes == stream);
}

TEST(AwsEventStream, SplitsARecordedAnswerIntoItsSevenFrames) {
  const auto path =
      std::filesystem::path(BUDGET_SHARED_DIR) / "recordings/bedrock-basic-stream/response.body";
  std::ifstream file(path, std::ios::binary);
  if (!file) GTEST_SKIP() << "no recordings at " << path;
  const std::string stream{std::istreambuf_iterator<char>(file), {}};
  FrameSplitter splitter;
  splitter.feed(stream);
  EventFrame frame;
  std::vector<std::size_t> lengths;
  std::string last;
  while (splitter.next(&frame) == FrameStatus::whole) {
    lengths.push_back(frame.bytes.size());
    last = frame.event_type;
  }
  EXPECT_EQ(lengths, (std::vector<std::size_t>{135, 403, 508, 324, 182, 181, 235}));
  EXPECT_EQ(last, "metadata");
  const Seen whole = split(stream, {});
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    ASSERT_EQ(split(stream, {cut}), whole) << "cut at " << cut;
  }
}

TEST(AwsEventStream, SurvivesRandomBytesAndRandomCuts) {
  const unsigned seed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string stream = three_frames();
    if (round % 2 == 0) stream[random() % stream.size()] = static_cast<char>(random());
    std::vector<std::size_t> cuts;
    for (std::size_t at = random() % 60; at < stream.size(); at += 1 + random() % 60) {
      cuts.push_back(at);
    }
    const Seen seen = split(stream, cuts);
    ASSERT_EQ(seen.bytes, stream);
    ASSERT_EQ(seen.frames, split(stream, {}).frames);
  }
}

}  // namespace
}  // namespace budget::wire
