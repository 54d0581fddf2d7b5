#include "proxy/wire/aws_frame.h"

#include <zlib.h>

namespace budget::wire {
namespace {

void append_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> static_cast<unsigned>(shift) & 0xFFU));
  }
}

}  // namespace

std::uint32_t frame_sum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string encode_frame(const std::vector<std::pair<std::string_view, std::string_view>>& headers,
                         std::string_view payload) {
  std::string block;
  for (const auto& [name, value] : headers) {
    block.push_back(static_cast<char>(name.size()));
    block.append(name);
    block.push_back(7);
    block.push_back(static_cast<char>(value.size() >> 8U & 0xFFU));
    block.push_back(static_cast<char>(value.size() & 0xFFU));
    block.append(value);
  }
  std::string frame;
  frame.reserve(frame_bytes_min + block.size() + payload.size());
  append_u32(frame, static_cast<std::uint32_t>(frame_bytes_min + block.size() + payload.size()));
  append_u32(frame, static_cast<std::uint32_t>(block.size()));
  append_u32(frame, frame_sum(frame));
  frame.append(block);
  frame.append(payload);
  append_u32(frame, frame_sum(frame));
  return frame;
}

std::string encode_event(std::string_view event_type, std::string_view json) {
  return encode_frame({{":event-type", event_type},
                       {":content-type", "application/json"},
                       {":message-type", "event"}},
                      json);
}

std::string encode_exception(std::string_view exception_type, std::string_view json) {
  return encode_frame({{":exception-type", exception_type},
                       {":content-type", "application/json"},
                       {":message-type", "exception"}},
                      json);
}

}  // namespace budget::wire
