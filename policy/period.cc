#include "policy/period.h"

#include <array>
#include <cassert>
#include <charconv>

namespace budget::policy {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;
using Kind = Period::Kind;

void append_number(std::string& text, std::int64_t value, std::size_t width) {
  std::array<char, 20> digits;
  const char* end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  if (length < width) text.append(width - length, '0');
  text.append(digits.data(), length);
}

void append_month(std::string& text, const year_month_day& date) {
  append_number(text, int{date.year()}, 4);
  text += '-';
  append_number(text, unsigned{date.month()}, 2);
}

void append_date(std::string& text, local_days day) {
  const year_month_day date(day);
  append_month(text, date);
  text += '-';
  append_number(text, unsigned{date.day()}, 2);
}

void append_iso_week(std::string& text, local_days monday) {
  // A week belongs to the year that has its Thursday (ISO 8601).
  const local_days thursday = monday + days{3};
  const std::chrono::year year = year_month_day(thursday).year();
  append_number(text, int{year}, 4);
  text += "-W";
  append_number(text, (thursday - local_days(year / 1 / 1)).count() / 7 + 1, 2);
}

void append_offset(std::string& text, seconds offset) {
  if (offset == seconds{0}) return;
  text += offset < seconds{0} ? '-' : '+';
  const std::chrono::hh_mm_ss<seconds> parts(offset);
  append_number(text, parts.hours().count(), 2);
  text += ':';
  append_number(text, parts.minutes().count(), 2);
  if (parts.seconds() == seconds{0}) return;
  text += ':';
  append_number(text, parts.seconds().count(), 2);
}

local_days month_start(const Period& period, std::chrono::year_month month) {
  if (period.reset_day == 0) return local_days(month / std::chrono::last);
  return local_days(month / std::chrono::day(period.reset_day));
}

// The date on which the period that `date` is in began.
local_days first_date(const Period& period, local_days date) {
  if (period.kind == Kind::daily) return date;
  if (period.kind == Kind::weekly) {
    return date - (std::chrono::weekday(date) - period.reset_weekday);
  }
  const year_month_day ymd(date);
  if (period.kind == Kind::yearly) return local_days(ymd.year() / 1 / 1);
  const std::chrono::year_month month = ymd.year() / ymd.month();
  const local_days start = month_start(period, month);
  return start <= date ? start : month_start(period, month - std::chrono::months{1});
}

// The date on which the period after the one that began on `first` begins.
local_days next_date(const Period& period, local_days first) {
  if (period.kind == Kind::daily) return first + days{1};
  if (period.kind == Kind::weekly) return first + days{7};
  const year_month_day ymd(first);
  if (period.kind == Kind::yearly) return local_days((ymd.year() + std::chrono::years{1}) / 1 / 1);
  return month_start(period, ymd.year() / ymd.month() + std::chrono::months{1});
}

std::string date_label(const Period& period, local_days first) {
  std::string label;
  switch (period.kind) {
    case Kind::weekly:
      if (period.reset_weekday == std::chrono::Monday) {
        append_iso_week(label, first);
        return label;
      }
      label = "week-";
      break;
    case Kind::monthly:
      if (period.reset_day == 1) {
        append_month(label, year_month_day(first));
        return label;
      }
      label = "month-";
      break;
    case Kind::yearly:
      append_number(label, int{year_month_day(first).year()}, 4);
      return label;
    default:
      break;
  }
  append_date(label, first);
  return label;
}

Window calendar_window(const Period& period, const Zone& zone, sys_seconds at) {
  const local_seconds wall((at + zone.stretch_at(at).offset).time_since_epoch());
  local_days first = first_date(period, floor<days>(wall));
  sys_seconds start = zone.first_reaching(first);
  local_days next = next_date(period, first);
  sys_seconds end = zone.first_reaching(next);
  // Clocks that went back show a date that is over.
  while (end <= at) {
    first = next;
    start = end;
    next = next_date(period, first);
    end = zone.first_reaching(next);
  }
  return {start, end, date_label(period, first)};
}

Window clock_window(Kind kind, const Zone& zone, sys_seconds at) {
  const Zone::Stretch stretch = zone.stretch_at(at);
  const local_seconds wall((at + stretch.offset).time_since_epoch());
  const seconds length = kind == Kind::hourly ? seconds{3600} : seconds{60};
  const local_seconds shown = kind == Kind::hourly
                                  ? local_seconds(floor<std::chrono::hours>(wall))
                                  : local_seconds(floor<std::chrono::minutes>(wall));
  const sys_seconds start(shown.time_since_epoch() - stretch.offset);
  std::string label;
  label.reserve(24);
  const local_days day = floor<days>(shown);
  const std::chrono::hh_mm_ss<seconds> time(shown - day);
  append_date(label, day);
  label += 'T';
  append_number(label, time.hours().count(), 2);
  if (kind == Kind::minute) {
    label += ':';
    append_number(label, time.minutes().count(), 2);
  }
  append_offset(label, stretch.offset);
  return {std::max(start, stretch.begin), std::min(start + length, stretch.end), std::move(label)};
}

}  // namespace

bool known_time_zone(std::string_view name) {
  return Zone::load(name).has_value();
}

Window window_of(const Period& period, const Zone& zone, Time at) {
  switch (period.kind) {
    case Kind::minute:
    case Kind::hourly:
      return clock_window(period.kind, zone, floor<seconds>(at));
    case Kind::daily:
    case Kind::weekly:
    case Kind::monthly:
    case Kind::yearly:
      return calendar_window(period, zone, floor<seconds>(at));
    case Kind::total:
      return {Time{}, std::nullopt, "total"};
    case Kind::per_session:
      return {Time{}, std::nullopt, "session"};
    case Kind::per_task:
      return {Time{}, std::nullopt, "task"};
    case Kind::rolling:
      break;
  }
  std::string label = "rolling-";
  append_number(label, period.rolling.count(), 1);
  return {Time{}, std::nullopt, std::move(label)};
}

Window window_of(const Period& period, std::string_view zone, Time at) {
  const std::optional<Zone> loaded = Zone::load(zone);
  assert(loaded);
  return window_of(period, *loaded, at);
}

}  // namespace budget::policy
