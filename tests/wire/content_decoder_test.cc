#include "proxy/wire/content_decoder.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <string>

namespace budget::wire {
namespace {

std::string deflated(const std::string& text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string copy = text;
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string gzipped(const std::string& text) {
  return deflated(text, 16 + MAX_WBITS);
}

std::string brotlied(const std::string& text) {
  std::size_t size = BrotliEncoderMaxCompressedSize(text.size()) + 64;
  std::string out(size, '\0');
  BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.size(),
                        reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                        reinterpret_cast<std::uint8_t*>(out.data()));
  out.resize(size);
  return out;
}

std::string zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

struct Decoded {
  std::string text;
  DecodeStatus status = DecodeStatus::more;
  std::size_t largest_piece = 0;
};

Decoded decode(std::string_view encoding, std::string_view body, std::size_t step) {
  Decoded result;
  const auto decoder = make_content_decoder(encoding);
  while (!body.empty()) {
    const std::size_t size = std::min(step, body.size());
    result.status = decoder->feed(body.substr(0, size), [&](std::string_view piece) {
      result.text += piece;
      result.largest_piece = std::max(result.largest_piece, piece.size());
    });
    body.remove_prefix(size);
  }
  return result;
}

std::string sample() {
  std::string text;
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    text += "data: {\"n\":" + std::to_string(random() % 1000) + "}\n\n";
  }
  return text;
}

TEST(ContentDecoder, DecodesEveryEncodingHoweverItIsSplit) {
  const std::string text = sample();
  const std::pair<const char*, std::string> bodies[] = {
      {"gzip", gzipped(text)},
      {"X-GZip", gzipped(text)},
      {"gzip", gzipped(text.substr(0, 1000)) + gzipped(text.substr(1000))},
      {"deflate", deflated(text, MAX_WBITS)},
      {"deflate", deflated(text, -MAX_WBITS)},
      {"br", brotlied(text)},
      {"zstd", zstandard(text)},
      {"zstd", zstandard(text.substr(0, 1000)) + zstandard(text.substr(1000))},
  };
  for (const auto& [encoding, body] : bodies) {
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{7}, std::size_t{4096}, body.size()}) {
      const Decoded result = decode(encoding, body, step);
      EXPECT_TRUE(result.text == text) << encoding << " in steps of " << step;
      EXPECT_NE(result.status, DecodeStatus::malformed);
      EXPECT_LE(result.largest_piece, std::size_t{64} << 10);
    }
  }
}

TEST(ContentDecoder, GivesWhatHasArrivedOfABrokenOffBody) {
  const std::string text = sample();
  for (const auto& [encoding, body] :
       {std::pair{"gzip", gzipped(text)}, {"br", brotlied(text)}, {"zstd", zstandard(text)}}) {
    const Decoded result = decode(encoding, std::string_view(body).substr(0, body.size() / 2), 100);
    EXPECT_EQ(result.status, DecodeStatus::more) << encoding;
    EXPECT_TRUE(text.starts_with(result.text));
  }
}

TEST(ContentDecoder, StopsAtNonsenseAndAtBombs) {
  const std::string zeros(std::size_t{128} << 20, '\0');
  for (const char* encoding : {"gzip", "deflate", "br", "zstd"}) {
    EXPECT_EQ(decode(encoding, "This is not compressed at all, not one bit of it.", 5).status,
              DecodeStatus::malformed)
        << encoding;
  }
  for (const auto& [encoding, body] :
       {std::pair{"gzip", gzipped(zeros)}, {"br", brotlied(zeros)}, {"zstd", zstandard(zeros)}}) {
    const Decoded result = decode(encoding, body, 1000);
    EXPECT_EQ(result.status, DecodeStatus::malformed) << encoding;
    EXPECT_LE(result.text.size(), (std::size_t{16} << 20) + 256 * body.size());
  }
}

TEST(ContentDecoder, SurvivesFlippedBits) {
  const std::string text = sample().substr(0, 3000);
  std::mt19937_64 random(11);
  for (const auto& [encoding, body] :
       {std::pair{"gzip", gzipped(text)}, {"br", brotlied(text)}, {"zstd", zstandard(text)}}) {
    for (int round = 0; round < 300; ++round) {
      std::string broken = body;
      broken[random() % broken.size()] ^= static_cast<char>(1 << (random() % 8));
      EXPECT_LE(decode(encoding, broken, 1 + random() % 50).text.size(), std::size_t{17} << 20);
    }
  }
}

TEST(ContentDecoder, KnowsOnlyOneEncodingAtATime) {
  EXPECT_EQ(make_content_decoder("identity"), nullptr);
  EXPECT_EQ(make_content_decoder(""), nullptr);
  EXPECT_EQ(make_content_decoder("gzip, br"), nullptr);
  EXPECT_EQ(make_content_decoder("compress"), nullptr);
}

}  // namespace
}  // namespace budget::wire
