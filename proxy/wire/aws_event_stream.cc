#include "proxy/wire/aws_event_stream.h"

#include <algorithm>
#include <optional>

#include "proxy/wire/aws_frame.h"
#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

std::uint32_t u32_at(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8U | static_cast<std::uint8_t>(bytes[offset + i]);
  }
  return value;
}

// The bytes of a header value of each type behind the type byte; types 6 and 7
// carry their own length.
std::optional<std::size_t> value_length(std::uint8_t type, std::string_view rest) {
  switch (type) {
    case 0:
    case 1:
      return 0;  // true, false
    case 2:
      return 1;
    case 3:
      return 2;
    case 4:
      return 4;
    case 5:
    case 8:
      return 8;  // i64, timestamp
    case 9:
      return 16;  // uuid
    case 6:
    case 7:
      if (rest.size() < 2) return std::nullopt;
      return 2 + (static_cast<std::size_t>(static_cast<std::uint8_t>(rest[0])) << 8U |
                  static_cast<std::uint8_t>(rest[1]));
    default:
      return std::nullopt;
  }
}

// Reads the header block; false when it does not hold together.
bool read_headers(std::string_view block, EventFrame* frame) {
  while (!block.empty()) {
    const std::size_t name_length = static_cast<std::uint8_t>(block[0]);
    if (block.size() < name_length + 2) return false;
    const std::string_view name = block.substr(1, name_length);
    const auto type = static_cast<std::uint8_t>(block[name_length + 1]);
    block.remove_prefix(name_length + 2);
    const std::optional<std::size_t> length = value_length(type, block);
    if (!length || block.size() < *length) return false;
    if (type == 7) {
      const std::string_view value = block.substr(2, *length - 2);
      if (name == ":message-type") frame->message_type = value;
      if (name == ":event-type" || name == ":exception-type" || name == ":error-code") {
        frame->event_type = value;
      }
      if (name == ":error-message") frame->error_message = value;
    }
    block.remove_prefix(*length);
  }
  return true;
}

}  // namespace

void FrameSplitter::feed(std::string_view bytes) {
  if (taken_ > 0) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  buffer_.append(bytes);
}

std::string_view FrameSplitter::rest() const {
  return std::string_view(buffer_).substr(taken_);
}

std::string FrameSplitter::take_rest() {
  std::string rest_bytes(rest());
  buffer_.clear();
  taken_ = 0;
  return rest_bytes;
}

FrameStatus FrameSplitter::pass(std::size_t length, FrameStatus status, EventFrame* frame) {
  frame->bytes = rest().substr(0, length);
  taken_ += length;
  return status;
}

FrameStatus FrameSplitter::next(EventFrame* frame) {
  *frame = {};
  const std::string_view bytes = rest();
  if (bytes.empty()) return FrameStatus::more;
  if (broken_) return pass(bytes.size(), FrameStatus::broken, frame);
  if (unread_ > 0) {
    const std::size_t length = std::min(unread_, bytes.size());
    unread_ -= length;
    return pass(length, FrameStatus::piece, frame);
  }
  if (bytes.size() < frame_prelude_bytes) return FrameStatus::more;
  const std::size_t total = u32_at(bytes, 0);
  const std::size_t headers_length = u32_at(bytes, 4);
  if (u32_at(bytes, 8) != frame_sum(bytes.substr(0, 8)) || total < frame_bytes_min ||
      headers_length > total - frame_bytes_min) {
    broken_ = true;
    return pass(bytes.size(), FrameStatus::broken, frame);
  }
  if (total > event_bytes_max) {
    // The prelude's own sum is right, so its length can be trusted to find the
    // next frame.
    unread_ = total;
    return next(frame);
  }
  if (bytes.size() < total) return FrameStatus::more;
  return parse(bytes.substr(0, total), headers_length, frame);
}

FrameStatus FrameSplitter::parse(std::string_view bytes, std::size_t headers_length,
                                 EventFrame* frame) {
  const std::size_t sum_at = bytes.size() - 4;
  if (u32_at(bytes, sum_at) != frame_sum(bytes.substr(0, sum_at)) ||
      !read_headers(bytes.substr(frame_prelude_bytes, headers_length), frame)) {
    *frame = {};
    broken_ = true;
    return pass(rest().size(), FrameStatus::broken, frame);
  }
  const std::size_t payload_at = frame_prelude_bytes + headers_length;
  frame->payload = bytes.substr(payload_at, sum_at - payload_at);
  return pass(bytes.size(), FrameStatus::whole, frame);
}

}  // namespace budget::wire
