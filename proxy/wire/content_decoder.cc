#include "proxy/wire/content_decoder.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace budget::wire {
namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10;
constexpr std::uint64_t expansion_free = std::uint64_t{16} << 20;
constexpr std::uint64_t expansion_max = 256;
// RFC 9659: what a zstd stream over HTTP may ask of its reader.
constexpr int zstd_window_log_max = 23;

class BoundedDecoder : public ContentDecoder {
 public:
  DecodeStatus feed(std::string_view bytes, const Sink& sink) final {
    if (status_ != DecodeStatus::more) return status_;
    in_ += bytes.size();
    status_ = decode(bytes, sink);
    return status_;
  }

 protected:
  // Decodes all of `bytes`.
  virtual DecodeStatus decode(std::string_view bytes, const Sink& sink) = 0;

  [[nodiscard]] std::byte* piece() { return piece_.data(); }
  // Hands out the first `size` bytes of the piece; false: too much by now.
  [[nodiscard]] bool give(std::size_t size, const Sink& sink) {
    out_ += size;
    if (out_ > expansion_free + expansion_max * in_) return false;
    if (size > 0) sink({reinterpret_cast<const char*>(piece_.data()), size});
    return true;
  }

 private:
  DecodeStatus status_ = DecodeStatus::more;
  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
  std::vector<std::byte> piece_ = std::vector<std::byte>(piece_bytes);
};

class ZlibDecoder final : public BoundedDecoder {
 public:
  explicit ZlibDecoder(bool gzip) : gzip_(gzip) {}
  ~ZlibDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

 private:
  // "deflate" is zlib's wrapping by the standard and bare by habit: the first
  // two bytes tell.
  [[nodiscard]] int window_bits() const {
    if (gzip_) return 16 + MAX_WBITS;
    const unsigned head =
        static_cast<unsigned char>(head_[0]) * 256U + static_cast<unsigned char>(head_[1]);
    const bool wrapped = (static_cast<unsigned char>(head_[0]) & 0x0F) == 8 && head % 31 == 0;
    return wrapped ? MAX_WBITS : -MAX_WBITS;
  }

  DecodeStatus decode(std::string_view bytes, const Sink& sink) override {
    if (!ready_) {
      while (head_.size() < 2 && !bytes.empty()) {
        head_ += bytes.front();
        bytes.remove_prefix(1);
      }
      if (head_.size() < 2) return DecodeStatus::more;
      if (inflateInit2(&stream_, window_bits()) != Z_OK) return DecodeStatus::malformed;
      ready_ = true;
      const DecodeStatus status = run(head_, sink);
      if (status != DecodeStatus::more) return status;
    }
    return run(bytes, sink);
  }

  DecodeStatus run(std::string_view bytes, const Sink& sink) {
    while (!bytes.empty() || full_) {
      if (ended_) {
        // A gzip body may hold several members; what else follows is ignored.
        if (!gzip_ || bytes.front() != '\x1F') return DecodeStatus::done;
        if (inflateReset(&stream_) != Z_OK) return DecodeStatus::malformed;
        ended_ = false;
      }
      const std::size_t step = std::min<std::size_t>(bytes.size(), std::size_t{1} << 30);
      // zlib does not write through it; its interface is older than const.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(step);
      stream_.next_out = reinterpret_cast<Bytef*>(piece());
      stream_.avail_out = static_cast<uInt>(piece_bytes);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      bytes.remove_prefix(step - stream_.avail_in);
      full_ = stream_.avail_out == 0;
      if (!give(piece_bytes - stream_.avail_out, sink)) return DecodeStatus::malformed;
      if (result == Z_STREAM_END) {
        ended_ = true;
        full_ = false;
        if (!gzip_) return DecodeStatus::done;
      } else if (result == Z_BUF_ERROR) {
        full_ = false;  // nothing was left behind the full piece
        if (!bytes.empty()) return DecodeStatus::malformed;
      } else if (result != Z_OK) {
        return DecodeStatus::malformed;
      }
    }
    return DecodeStatus::more;
  }

  const bool gzip_;
  bool ready_ = false;
  bool ended_ = false;  // a member's end was reached
  bool full_ = false;   // the last piece was filled: there may be more without more input
  std::string head_;
  z_stream stream_{};
};

class BrotliDecoder final : public BoundedDecoder {
 public:
  BrotliDecoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {}
  ~BrotliDecoder() override { BrotliDecoderDestroyInstance(state_); }
  BrotliDecoder(const BrotliDecoder&) = delete;
  BrotliDecoder& operator=(const BrotliDecoder&) = delete;

 private:
  DecodeStatus decode(std::string_view bytes, const Sink& sink) override {
    if (state_ == nullptr) return DecodeStatus::malformed;
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    while (true) {
      auto* out = reinterpret_cast<std::uint8_t*>(piece());
      std::size_t room = piece_bytes;
      const auto result = BrotliDecoderDecompressStream(state_, &left, &in, &room, &out, nullptr);
      if (!give(piece_bytes - room, sink)) return DecodeStatus::malformed;
      switch (result) {
        case BROTLI_DECODER_RESULT_SUCCESS:
          return DecodeStatus::done;
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
          return DecodeStatus::more;
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
          break;
        case BROTLI_DECODER_RESULT_ERROR:
          return DecodeStatus::malformed;
      }
    }
  }

  BrotliDecoderState* const state_;
};

class ZstdDecoder final : public BoundedDecoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDStream()) {
    if (stream_ != nullptr) {
      ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, zstd_window_log_max);
    }
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

 private:
  // Never done: another frame may follow.
  DecodeStatus decode(std::string_view bytes, const Sink& sink) override {
    if (stream_ == nullptr) return DecodeStatus::malformed;
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool full = true;
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out{piece(), piece_bytes, 0};
      const std::size_t result = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(result) != 0) return DecodeStatus::malformed;
      if (!give(out.pos, sink)) return DecodeStatus::malformed;
      full = out.pos == out.size;
    }
    return DecodeStatus::more;
  }

  ZSTD_DStream* const stream_;
};

std::string lower(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ' ' || c == '\t') continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return result;
}

}  // namespace

std::unique_ptr<ContentDecoder> make_content_decoder(std::string_view encoding) {
  const std::string name = lower(encoding);
  if (name == "gzip" || name == "x-gzip") return std::make_unique<ZlibDecoder>(true);
  if (name == "deflate") return std::make_unique<ZlibDecoder>(false);
  if (name == "br") return std::make_unique<BrotliDecoder>();
  if (name == "zstd") return std::make_unique<ZstdDecoder>();
  return nullptr;
}

}  // namespace budget::wire
