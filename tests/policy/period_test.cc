#include "policy/period.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace budget::policy {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Period::Kind;

// "2026-11-24T13:05:06" to an instant, UTC.
Time utc(const std::string& text) {
  const auto number = [&text](std::size_t at, std::size_t length) {
    return at < text.size() ? std::stoi(text.substr(at, length)) : 0;
  };
  return std::chrono::sys_days(std::chrono::year{number(0, 4)} /
                               std::chrono::month{static_cast<unsigned>(number(5, 2))} /
                               std::chrono::day{static_cast<unsigned>(number(8, 2))}) +
         hours{number(11, 2)} + minutes{number(14, 2)} + seconds{number(17, 2)};
}

Period every(Kind kind) {
  return {.kind = kind};
}
Period monthly(std::uint8_t reset_day) {
  return {.kind = Kind::monthly, .reset_day = reset_day};
}
Period weekly(std::chrono::weekday day) {
  return {.kind = Kind::weekly, .reset_weekday = day};
}

struct Case {
  const char* why;
  Period period;
  const char* zone;
  const char* at;
  const char* start;
  const char* end;
  const char* label;
};

void check(const Case& c) {
  const Window window = window_of(c.period, c.zone, utc(c.at));
  EXPECT_EQ(window.label, c.label) << c.why << ", " << c.zone;
  EXPECT_EQ(window.start, utc(c.start)) << c.why << ", " << c.zone << " " << window.label;
  ASSERT_TRUE(window.end) << c.why;
  EXPECT_EQ(*window.end, utc(c.end)) << c.why << ", " << c.zone << " " << window.label;
}

TEST(Period, FollowsTheCalendarInUtc) {
  const Case cases[] = {
      {"minute", every(Kind::minute), "UTC", "2026-11-24T13:05:59", "2026-11-24T13:05:00",
       "2026-11-24T13:06:00", "2026-11-24T13:05"},
      {"hour", every(Kind::hourly), "UTC", "2026-11-24T13:59:59", "2026-11-24T13", "2026-11-24T14",
       "2026-11-24T13"},
      {"day, at its first instant", every(Kind::daily), "UTC", "2026-11-24", "2026-11-24",
       "2026-11-25", "2026-11-24"},
      {"day, at its last second", every(Kind::daily), "UTC", "2026-11-24T23:59:59", "2026-11-24",
       "2026-11-25", "2026-11-24"},
      {"leap day", every(Kind::daily), "UTC", "2028-02-29T12", "2028-02-29", "2028-03-01",
       "2028-02-29"},
      {"no leap day in 2100", every(Kind::daily), "UTC", "2100-02-28T12", "2100-02-28",
       "2100-03-01", "2100-02-28"},
      {"week from Monday", every(Kind::weekly), "UTC", "2026-11-24", "2026-11-23", "2026-11-30",
       "2026-W48"},
      {"week 53 belongs to the year of its Thursday", every(Kind::weekly), "UTC", "2027-01-01",
       "2026-12-28", "2027-01-04", "2026-W53"},
      {"week 1 may begin in December", every(Kind::weekly), "UTC", "2025-12-31", "2025-12-29",
       "2026-01-05", "2026-W01"},
      {"week from Sunday", weekly(std::chrono::Sunday), "UTC", "2026-11-24", "2026-11-22",
       "2026-11-29", "week-2026-11-22"},
      {"the weekday itself begins it", weekly(std::chrono::Tuesday), "UTC", "2026-11-24",
       "2026-11-24", "2026-12-01", "week-2026-11-24"},
      {"the day before ends it", weekly(std::chrono::Wednesday), "UTC", "2026-11-24T23:59:59",
       "2026-11-18", "2026-11-25", "week-2026-11-18"},
      {"month", monthly(1), "UTC", "2026-11-24", "2026-11-01", "2026-12-01", "2026-11"},
      {"month over the year's end", monthly(1), "UTC", "2026-12-31T23", "2026-12-01", "2027-01-01",
       "2026-12"},
      {"February of a leap year", monthly(1), "UTC", "2028-02-29", "2028-02-01", "2028-03-01",
       "2028-02"},
      {"month from the 15th, before it", monthly(15), "UTC", "2026-11-14T23", "2026-10-15",
       "2026-11-15", "month-2026-10-15"},
      {"month from the 15th, on it", monthly(15), "UTC", "2026-11-15", "2026-11-15", "2026-12-15",
       "month-2026-11-15"},
      {"month from the 28th in February", monthly(28), "UTC", "2027-02-28", "2027-02-28",
       "2027-03-28", "month-2027-02-28"},
      {"month from the last day, in January", monthly(0), "UTC", "2027-01-31", "2027-01-31",
       "2027-02-28", "month-2027-01-31"},
      {"month from the last day, in a leap February", monthly(0), "UTC", "2028-02-28T12",
       "2028-01-31", "2028-02-29", "month-2028-01-31"},
      {"month from the last day, leap day", monthly(0), "UTC", "2028-02-29", "2028-02-29",
       "2028-03-31", "month-2028-02-29"},
      {"month from the last day, in April", monthly(0), "UTC", "2026-04-29", "2026-03-31",
       "2026-04-30", "month-2026-03-31"},
      {"year", every(Kind::yearly), "UTC", "2026-11-24", "2026-01-01", "2027-01-01", "2026"},
      {"the first day of the epoch", every(Kind::daily), "UTC", "1970-01-01", "1970-01-01",
       "1970-01-02", "1970-01-01"},
  };
  for (const Case& c : cases) check(c);
}

TEST(Period, FollowsTheCalendarOfTheZone) {
  const Case cases[] = {
      {"a day is not late by the offset", every(Kind::daily), "America/New_York",
       "2026-11-25T04:59:59", "2026-11-24T05", "2026-11-25T05", "2026-11-24"},
      {"a call at midnight is charged to the new day", every(Kind::daily), "America/New_York",
       "2026-11-25T05", "2026-11-25T05", "2026-11-26T05", "2026-11-25"},
      {"east of Greenwich", every(Kind::daily), "Asia/Kathmandu", "2026-11-24T18:15",
       "2026-11-24T18:15", "2026-11-25T18:15", "2026-11-25"},
      {"23 hours", every(Kind::daily), "America/New_York", "2026-03-08T12", "2026-03-08T05",
       "2026-03-09T04", "2026-03-08"},
      {"25 hours", every(Kind::daily), "America/New_York", "2026-11-01T12", "2026-11-01T04",
       "2026-11-02T05", "2026-11-01"},
      {"half an hour longer", every(Kind::daily), "Australia/Lord_Howe", "2026-04-05T00",
       "2026-04-04T13", "2026-04-05T13:30", "2026-04-05"},
      {"no midnight: Sao Paulo", every(Kind::daily), "America/Sao_Paulo", "2018-11-04T03",
       "2018-11-04T03", "2018-11-05T02", "2018-11-04"},
      {"the day before no midnight", every(Kind::daily), "America/Sao_Paulo", "2018-11-04T02:59:59",
       "2018-11-03T03", "2018-11-04T03", "2018-11-03"},
      {"23 o'clock twice: Sao Paulo", every(Kind::daily), "America/Sao_Paulo", "2018-02-18T02:30",
       "2018-02-17T02", "2018-02-18T03", "2018-02-17"},
      {"no midnight: Cairo", every(Kind::daily), "Africa/Cairo", "2026-04-23T22", "2026-04-23T22",
       "2026-04-24T21", "2026-04-24"},
      {"midnight twice: Havana", every(Kind::daily), "America/Havana", "2024-11-03T05:30",
       "2024-11-03T04", "2024-11-04T05", "2024-11-03"},
      {"back over midnight: St. John's", every(Kind::daily), "America/St_Johns", "2006-10-29T03:00",
       "2006-10-29T02:30", "2006-10-30T03:30", "2006-10-29"},
      {"a date that was left out: Samoa", every(Kind::daily), "Pacific/Apia", "2011-12-30T10",
       "2011-12-30T10", "2011-12-31T10", "2011-12-31"},
      {"the date before the one left out", every(Kind::daily), "Pacific/Apia",
       "2011-12-30T09:59:59", "2011-12-29T10", "2011-12-30T10", "2011-12-29"},
      {"month with a change", monthly(1), "Europe/Berlin", "2026-03-31T21:59:59", "2026-02-28T23",
       "2026-03-31T22", "2026-03"},
      {"week with a change", every(Kind::weekly), "Europe/Berlin", "2026-10-25T12", "2026-10-18T22",
       "2026-10-25T23", "2026-W43"},
      {"year, far west", every(Kind::yearly), "Pacific/Pago_Pago", "2027-01-01T10:59:59",
       "2026-01-01T11", "2027-01-01T11", "2026"},
      {"summer time after the tables' end", every(Kind::daily), "America/New_York", "2060-07-01T12",
       "2060-07-01T04", "2060-07-02T04", "2060-07-01"},
  };
  for (const Case& c : cases) check(c);
}

TEST(Period, GivesARepeatedHourTwoWindowsAndCutsOneShortWhereClocksMoveByLess) {
  const Case cases[] = {
      {"once", every(Kind::hourly), "America/New_York", "2026-11-01T05:30", "2026-11-01T05",
       "2026-11-01T06", "2026-11-01T01-04:00"},
      {"again", every(Kind::hourly), "America/New_York", "2026-11-01T06:30", "2026-11-01T06",
       "2026-11-01T07", "2026-11-01T01-05:00"},
      {"around a skipped hour, before", every(Kind::hourly), "America/New_York",
       "2026-03-08T06:59:59", "2026-03-08T06", "2026-03-08T07", "2026-03-08T01-05:00"},
      {"around a skipped hour, after", every(Kind::hourly), "America/New_York", "2026-03-08T07",
       "2026-03-08T07", "2026-03-08T08", "2026-03-08T03-04:00"},
      {"Lord Howe, back to half past one: first", every(Kind::hourly), "Australia/Lord_Howe",
       "2026-04-04T14:59:59", "2026-04-04T14", "2026-04-04T15", "2026-04-05T01+11:00"},
      {"Lord Howe: the half hour again", every(Kind::hourly), "Australia/Lord_Howe",
       "2026-04-04T15:10", "2026-04-04T15", "2026-04-04T15:30", "2026-04-05T01+10:30"},
      {"Lord Howe: then the next", every(Kind::hourly), "Australia/Lord_Howe", "2026-04-04T15:30",
       "2026-04-04T15:30", "2026-04-04T16:30", "2026-04-05T02+10:30"},
      {"Lord Howe, on to half past two", every(Kind::hourly), "Australia/Lord_Howe",
       "2026-10-03T15:40", "2026-10-03T15:30", "2026-10-03T16", "2026-10-04T02+11:00"},
      {"an offset of 5:45", every(Kind::hourly), "Asia/Kathmandu", "2026-11-24T13:20",
       "2026-11-24T13:15", "2026-11-24T14:15", "2026-11-24T19+05:45"},
      {"an offset with seconds", every(Kind::minute), "Africa/Monrovia", "1971-06-01T00:00:40",
       "1971-06-01T00:00:30", "1971-06-01T00:01:30", "1971-05-31T23:16-00:44:30"},
  };
  for (const Case& c : cases) check(c);
}

TEST(Period, HasNoEndWhereNothingResets) {
  const struct {
    Period period;
    const char* label;
  } cases[] = {
      {every(Kind::total), "total"},
      {every(Kind::per_session), "session"},
      {every(Kind::per_task), "task"},
      {{.kind = Kind::rolling, .rolling = hours{5}}, "rolling-18000"},
  };
  for (const auto& c : cases) {
    const Window window = window_of(c.period, "Europe/Berlin", utc("2026-11-24T12"));
    EXPECT_EQ(window.start, Time{}) << c.label;
    EXPECT_EQ(window.end, std::nullopt) << c.label;
    EXPECT_EQ(window.label, c.label);
  }
}

std::vector<Period> calendar_periods() {
  std::vector<Period> periods = {every(Kind::minute), every(Kind::hourly), every(Kind::daily),
                                 every(Kind::yearly)};
  for (unsigned day = 0; day < 7; ++day) periods.push_back(weekly(std::chrono::weekday(day)));
  for (const int day : {0, 1, 2, 15, 27, 28}) {
    periods.push_back(monthly(static_cast<std::uint8_t>(day)));
  }
  return periods;
}

const char* const zones[] = {
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "America/Nuuk",
    "America/Caracas",
    "Africa/Cairo",
    "Africa/Monrovia",
    "Africa/Casablanca",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Lisbon",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Antarctica/Troll",
    "Pacific/Pago_Pago",
    "Etc/GMT+12",
    "America/Anchorage",
    "Asia/Manila",
};

// Windows tile time: from any instant, the window holds it, is the same from
// both its ends, and touches its neighbours.
void expect_tiled(const Period& period, const Zone& zone, Time at, const std::string& where) {
  const Window window = window_of(period, zone, at);
  ASSERT_TRUE(window.end) << where;
  ASSERT_LE(window.start, at) << where;
  ASSERT_LT(at, *window.end) << where;
  for (const Time inside : {window.start, *window.end - milliseconds{1}}) {
    const Window same = window_of(period, zone, inside);
    ASSERT_EQ(same.start, window.start) << where;
    ASSERT_EQ(same.end, window.end) << where;
    ASSERT_EQ(same.label, window.label) << where;
  }
  const Window next = window_of(period, zone, *window.end);
  ASSERT_EQ(next.start, *window.end) << where;
  ASSERT_NE(next.label, window.label) << where;
  const Window previous = window_of(period, zone, window.start - milliseconds{1});
  ASSERT_EQ(previous.end, window.start) << where;
  ASSERT_NE(previous.label, window.label) << where;
}

TEST(Period, TilesTimeFromAnyInstantInAnyZone) {
  constexpr std::uint64_t seed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const Time last = utc("2100-12-31");
  for (const char* name : zones) {
    const Zone zone = *Zone::load(name);
    std::vector<Time> instants;
    for (int i = 0; i < 60; ++i) {
      instants.emplace_back(milliseconds(std::uniform_int_distribution<std::int64_t>(
          days{2} / milliseconds{1}, last.time_since_epoch().count())(random)));
    }
    // And around every change of the clocks, where it is hard.
    auto stretch = zone.stretch_at(std::chrono::sys_days(std::chrono::year{1970} / 2 / 1));
    for (const auto until = std::chrono::floor<seconds>(last); stretch.end < until;
         stretch = zone.stretch_at(stretch.end)) {
      for (const seconds off :
           std::initializer_list<seconds>{-minutes{90}, -minutes{1}, seconds{-1}, seconds{0},
                                          minutes{29}, minutes{61}, hours{23}}) {
        instants.emplace_back(stretch.end + off);
      }
    }
    for (const Period& period : calendar_periods()) {
      for (const Time at : instants) {
        expect_tiled(period, zone, at,
                     std::string(name) + " kind " + std::to_string(static_cast<int>(period.kind)) +
                         " at " + std::to_string(at.time_since_epoch().count()));
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Period, LabelsEveryWindowOfFourYearsDifferently) {
  for (const char* name : zones) {
    const Zone zone = *Zone::load(name);
    for (const Period& period : calendar_periods()) {
      if (period.kind == Kind::minute) continue;
      std::map<std::string, Time> starts;
      Time at = utc("2009-12-31T12");
      while (at < utc("2013-01-02")) {
        const Window window = window_of(period, zone, at);
        const auto [seen, fresh] = starts.emplace(window.label, window.start);
        ASSERT_TRUE(fresh) << name << ": " << window.label;
        at = *window.end;
      }
    }
  }
}

}  // namespace
}  // namespace budget::policy
