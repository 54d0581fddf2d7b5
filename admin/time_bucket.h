// Buckets of time for series: minute, hour, day, week, month, all UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/clock.h"

namespace budget::admin {

enum class Bucket : std::uint8_t { minute, hour, day, week, month };
[[nodiscard]] std::optional<Bucket> bucket_named(std::string_view name);

// The beginning of the bucket that holds `time`. Weeks begin on Mondays.
[[nodiscard]] policy::Time bucket_start(Bucket bucket, policy::Time time);
// The beginning of the `count`th bucket after (before, when negative) the one
// that begins at `start`.
[[nodiscard]] policy::Time bucket_after(Bucket bucket, policy::Time start, int count);
// What the usage store calls a bucket in time: "2026-11-24T13:00Z",
// "2026-11-24", "2026-11".
[[nodiscard]] std::optional<policy::Time> bucket_of_label(std::string_view label);

}  // namespace budget::admin
