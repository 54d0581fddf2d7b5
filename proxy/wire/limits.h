// Named bounds of the wire formats. Reaching one is an outcome, not an error
// of ours: the call goes on, its usage is counted from bytes instead.
#pragma once

#include <cstddef>
#include <cstdint>

namespace budget::wire {

// The longest single event that is read; a longer one is passed unread.
inline constexpr std::size_t event_bytes_max = std::size_t{16} << 20;
// A plain (not streamed) answer is kept whole up to this size to read its usage.
inline constexpr std::size_t plain_body_bytes_max = std::size_t{32} << 20;
// Token figures above this are absurd and capped.
inline constexpr std::int64_t tokens_max = std::int64_t{1} << 40;
// Requested ceilings above this are refused as absurd.
inline constexpr std::int64_t ceiling_max = std::int64_t{1} << 40;
// Deeper JSON is refused.
inline constexpr std::size_t json_depth_max = 512;

}  // namespace budget::wire
