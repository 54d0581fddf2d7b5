// Writing AWS's event-stream frames (`application/vnd.amazon.eventstream`).
//
//   u32be total | u32be headers | u32be crc32(first 8 bytes) | headers |
//   payload | u32be crc32(everything before)
//
// Source: the Smithy specification, "Amazon Event Stream", and recorded
// answers of Bedrock, whose sums both match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace budget::wire {

inline constexpr std::size_t frame_prelude_bytes = 12;
inline constexpr std::size_t frame_bytes_min = frame_prelude_bytes + 4;

// The CRC-32 that guards a frame.
[[nodiscard]] std::uint32_t frame_sum(std::string_view bytes);

// A frame with string headers. REQUIRES: each header's name is at most 255
// bytes, its value at most 65535.
[[nodiscard]] std::string encode_frame(
    const std::vector<std::pair<std::string_view, std::string_view>>& headers,
    std::string_view payload);
// A frame of a JSON event, as Bedrock writes one.
[[nodiscard]] std::string encode_event(std::string_view event_type, std::string_view json);
// A frame that ends a stream with an error, as Bedrock writes one.
[[nodiscard]] std::string encode_exception(std::string_view exception_type, std::string_view json);

}  // namespace budget::wire
