// Reading AWS's event-stream framing (`application/vnd.amazon.eventstream`):
// the binary frames in which Bedrock streams its answers. See aws_frame.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace budget::wire {

// One frame, or a piece of one that is too long to be read. The views point
// into the splitter and hold until its next call.
struct EventFrame {
  std::string_view bytes;          // as received, for passing on
  std::string_view message_type;   // :message-type: "event", "exception", "error"
  std::string_view event_type;     // :event-type, :exception-type or :error-code
  std::string_view error_message;  // :error-message, of an "error"
  std::string_view payload;
};

enum class FrameStatus : std::uint8_t {
  more,    // nothing whole yet: feed on
  whole,   // a frame whose sums are right
  piece,   // some bytes of a frame longer than event_bytes_max: only `bytes` is set
  broken,  // not a frame; `bytes` is all there is, and nothing is read any more
};

// Splits a stream of bytes into frames. A frame is consumed whole or not at
// all, so a stream may be fed in any pieces. Keeps at most event_bytes_max
// and what was fed last. Cost: linear in what is fed. Not thread-safe.
class FrameSplitter {
 public:
  void feed(std::string_view bytes);
  // Call until it says `more`.
  [[nodiscard]] FrameStatus next(EventFrame* frame);
  // What has been fed and not yet returned: the beginning of a frame.
  [[nodiscard]] std::string_view rest() const;
  // Hands over rest(), at the end of the stream.
  [[nodiscard]] std::string take_rest();

 private:
  FrameStatus pass(std::size_t length, FrameStatus status, EventFrame* frame);
  FrameStatus parse(std::string_view bytes, std::size_t headers_length, EventFrame* frame);

  std::string buffer_;
  std::size_t taken_ = 0;   // bytes of buffer_ that were returned
  std::size_t unread_ = 0;  // bytes still to pass of a frame that is too long
  bool broken_ = false;
};

}  // namespace budget::wire
