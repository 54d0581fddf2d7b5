// Calendar arithmetic: in which period an instant lies.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/clock.h"
#include "policy/policy.h"

namespace budget::policy {

struct Window {
  Time start;
  std::optional<Time> end;  // exclusive; nullopt: never resets
  std::string label;        // "2026-11-24", "2026-W48", "2026-11", "2026-11-24T13", …; unique per start
};

// Whether `name` is a time zone of the tz database ("UTC", "Europe/Berlin").
[[nodiscard]] bool known_time_zone(std::string_view name);

// The window of `period` that contains `at`, by the calendar of `zone`: days
// of 23, 24 or 25 hours, months by `reset_day`, leap days. An instant that the
// zone's clocks skip or repeat belongs to exactly one window, windows do not
// overlap and leave no gap. For rolling, per_session, per_task and total the
// window has no end and starts at the epoch.
// REQUIRES: known_time_zone(zone). Cost: a look-up in the zone's table.
[[nodiscard]] Window window_of(const Period& period, std::string_view zone, Time at);

}  // namespace budget::policy
