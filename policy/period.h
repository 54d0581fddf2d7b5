// Calendar arithmetic: in which period an instant lies.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/clock.h"
#include "policy/policy.h"
#include "policy/zone.h"

namespace budget::policy {

struct Window {
  Time start;
  std::optional<Time> end;  // exclusive; nullopt: never resets
  // Unique per start among the windows of one zone and period:
  //   minute        "2026-11-24T13:05"       } and the offset from UTC where it is not
  //   hourly        "2026-11-24T13"          } zero: "2026-11-24T13-05:00"
  //   daily         "2026-11-24"
  //   weekly        "2026-W48" (ISO) from Mondays, else "week-2026-11-22"
  //   monthly       "2026-11" from the 1st, else "month-2026-11-15"
  //   yearly        "2026"
  //   others        "total", "session", "task", "rolling-18000" (seconds)
  std::string label;
};

// Whether `name` is a time zone of the tz database ("UTC", "Europe/Berlin").
// Cost: as Zone::load().
[[nodiscard]] bool known_time_zone(std::string_view name);

// The window of `period` that contains `at`, by the calendar of `zone`. Windows
// do not overlap and leave no gap; an instant that the zone's clocks repeat
// belongs to exactly one.
// - Days and longer begin when the clocks first reach the date's midnight: a
//   day may have 23, 24 or 25 hours, a midnight that is skipped counts as
//   reached at the skip, and clocks that go back over midnight do not bring
//   the day before back. A date that a zone skips has no window.
// - Hours and minutes begin at the full hour or minute of the clocks, and
//   wherever the clocks change: an hour that is repeated is two windows of
//   their own, and a change by half an hour cuts an hour short.
// - rolling, per_session, per_task and total have no end and start at the
//   epoch.
// Pure. Cost: a few look-ups in the zone's table, under 200 ns.
[[nodiscard]] Window window_of(const Period& period, const Zone& zone, Time at);

// The same by a zone's name, which costs loading the zone: for listings, not
// for a call's path. REQUIRES: known_time_zone(zone).
[[nodiscard]] Window window_of(const Period& period, std::string_view zone, Time at);

}  // namespace budget::policy
