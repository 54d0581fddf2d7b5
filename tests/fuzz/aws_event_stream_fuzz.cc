// Whatever the bytes and however they are cut: every byte comes back, in
// order, and the frames do not depend on the cuts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/wire/aws_event_stream.h"
#include "proxy/wire/aws_frame.h"

namespace {

using budget::wire::EventFrame;
using budget::wire::FrameSplitter;
using budget::wire::FrameStatus;

struct Seen {
  std::string bytes;
  std::string payloads;
  std::size_t frames = 0;
};

Seen run(std::string_view stream, std::size_t step) {
  FrameSplitter splitter;
  Seen seen;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    splitter.feed(stream.substr(at, step));
    EventFrame frame;
    for (FrameStatus status = splitter.next(&frame); status != FrameStatus::more;
         status = splitter.next(&frame)) {
      seen.bytes += frame.bytes;
      if (status != FrameStatus::whole) continue;
      seen.payloads += frame.payload;
      ++seen.frames;
    }
  }
  seen.bytes += splitter.take_rest();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 64U;
  std::string stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  // The sums keep a fuzzer from ever finding a whole frame: the second half of
  // the runs wrap the bytes as a payload.
  if (data[0] >= 128) {
    stream = budget::wire::encode_event("chunk", stream) +
             budget::wire::encode_exception("x", stream) + stream;
  }
  const Seen whole = run(stream, stream.size() + 1);
  const Seen pieces = run(stream, step);
  if (whole.bytes != stream || pieces.bytes != stream) std::abort();
  if (whole.payloads != pieces.payloads || whole.frames != pieces.frames) std::abort();
  return 0;
}
