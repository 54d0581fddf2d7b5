#include "policy/zone.h"

#include <date/tz.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "policy/period.h"
#include "policy/zone_rule.h"

namespace budget::policy {
namespace {

using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

sys_seconds utc(int y, unsigned m, unsigned d, int h = 0, int min = 0, int s = 0) {
  return sys_days(year{y} / std::chrono::month{m} / std::chrono::day{d}) + hours{h} + minutes{min} +
         seconds{s};
}

TEST(Zone, KnowsTheNamesOfTheDatabaseAndNoOthers) {
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Etc/GMT+5",
                           "America/Argentina/Buenos_Aires", "Asia/Kathmandu"}) {
    EXPECT_TRUE(known_time_zone(name)) << name;
  }
  for (const char* name : {"", "Europe", "europe/berlin", "Europe/Berlin ", "Mars/Olympus",
                           "../../../etc/passwd", "/etc/localtime", "right/UTC", "zone.tab"}) {
    EXPECT_FALSE(known_time_zone(name)) << name;
  }
}

TEST(Zone, AgreesWithTheDateLibraryOnEveryOffsetThatTheTablesList) {
  for (const auto& source : date::get_tzdb().zones) {
    const std::optional<Zone> zone = Zone::load(source.name());
    ASSERT_TRUE(zone) << source.name();
    for (sys_seconds at = utc(1970, 1, 1); at < utc(2037, 1, 1);) {
      const date::sys_info info = source.get_info(at);
      for (const sys_seconds t : {at, std::min(info.end, utc(2037, 1, 1)) - seconds{1}}) {
        ASSERT_EQ(zone->stretch_at(t).offset, info.offset)
            << source.name() << " at " << t.time_since_epoch().count();
      }
      at = info.end;
    }
  }
}

TEST(Zone, FollowsTheRuleAfterTheTablesEnd) {
  const struct {
    const char* zone;
    sys_seconds at;
    seconds offset;
  } cases[] = {
      {"America/New_York", utc(2050, 3, 13, 6, 59, 59), hours{-5}},
      {"America/New_York", utc(2050, 3, 13, 7), hours{-4}},
      {"America/New_York", utc(2050, 11, 6, 5, 59, 59), hours{-4}},
      {"America/New_York", utc(2050, 11, 6, 6), hours{-5}},
      {"Europe/Dublin", utc(2099, 7, 1), hours{1}},
      {"Europe/Dublin", utc(2099, 1, 1), hours{0}},
      {"Australia/Lord_Howe", utc(2060, 1, 1), hours{11}},
      {"Australia/Lord_Howe", utc(2060, 7, 1), hours{10} + minutes{30}},
      {"America/Nuuk", utc(2044, 3, 27, 0, 59, 59), hours{-2}},
      {"America/Nuuk", utc(2044, 3, 27, 1), hours{-1}},
      {"Africa/Cairo", utc(2048, 4, 23, 21, 59, 59), hours{2}},
      {"Africa/Cairo", utc(2048, 4, 23, 22), hours{3}},
      {"America/Sao_Paulo", utc(2099, 1, 1), hours{-3}},
      {"Asia/Tokyo", utc(2100, 8, 1), hours{9}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Zone::load(c.zone)->stretch_at(c.at).offset, c.offset)
        << c.zone << " at " << c.at.time_since_epoch().count();
  }
}

TEST(Zone, FindsTheFirstInstantThatShowsATime) {
  const struct {
    const char* zone;
    local_seconds wall;
    sys_seconds first;
    const char* why;
  } cases[] = {
      {"UTC", local_days(year{2026} / 11 / 24), utc(2026, 11, 24), "the same"},
      {"America/New_York", local_days(year{2026} / 11 / 24), utc(2026, 11, 24, 5), "plain"},
      {"America/Sao_Paulo", local_days(year{2018} / 11 / 4), utc(2018, 11, 4, 3), "skipped"},
      {"Africa/Cairo", local_days(year{2026} / 4 / 24), utc(2026, 4, 23, 22), "skipped"},
      {"America/Havana", local_days(year{2024} / 11 / 3), utc(2024, 11, 3, 4), "shown twice"},
      {"America/St_Johns", local_days(year{2006} / 10 / 29), utc(2006, 10, 29, 2, 30),
       "passed, undone a minute later"},
      {"Pacific/Apia", local_days(year{2011} / 12 / 30), utc(2011, 12, 30, 10), "a whole day"},
      {"Pacific/Apia", local_days(year{2011} / 12 / 31), utc(2011, 12, 30, 10), "the day after"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Zone::load(c.zone)->first_reaching(c.wall), c.first) << c.zone << ": " << c.why;
  }
}

TEST(ZoneRule, ReadsWhatPosixAndItsExtensionsAllow) {
  const struct {
    const char* text;
    seconds standard;
    std::optional<seconds> saving;
  } cases[] = {
      {"UTC0", seconds{0}, std::nullopt},
      {"<+0330>-3:30", hours{3} + minutes{30}, std::nullopt},
      {"LMT-0:19:32", minutes{19} + seconds{32}, std::nullopt},
      {"EST5EDT,M3.2.0,M11.1.0", hours{-5}, hours{-4}},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", hours{1}, hours{0}},
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", hours{-2}, hours{-1}},
      {"EET-2EEST,M3.4.4/50,M10.4.4/50", hours{2}, hours{3}},
      {"AAA3BBB,J60/0,300/2:30", hours{-3}, hours{-2}},
  };
  for (const auto& c : cases) {
    const std::optional<ZoneRule> rule = ZoneRule::parse(c.text);
    ASSERT_TRUE(rule) << c.text;
    EXPECT_EQ(rule->standard, c.standard) << c.text;
    EXPECT_EQ(rule->saving.has_value(), c.saving.has_value()) << c.text;
    if (rule->saving && c.saving) EXPECT_EQ(rule->saving->offset, *c.saving) << c.text;
  }
}

TEST(ZoneRule, RefusesEverythingElse) {
  for (const char* text :
       {"", "5", "EST", "EST5EDT", "EST5EDT,", "EST5EDT,M3.2.0", "<EST5", "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,M3.2.0,M11.1.0x", "EST168",
        "EST5:60", "EST--5", "EST5EDT,J0,J1", "EST5EDT,366,1"}) {
    EXPECT_FALSE(ZoneRule::parse(text)) << text;
  }
}

TEST(ZoneRule, CountsTheDaysOfAYearWithAndWithoutTheLeapDay) {
  const auto day = [](DayOfYear of_year, int y) {
    return YearlyChange{of_year, hours{0}}.in(year{y});
  };
  EXPECT_EQ(day({60, false}, 2024), local_days(year{2024} / 3 / 1));
  EXPECT_EQ(day({60, false}, 2023), local_days(year{2023} / 3 / 1));
  EXPECT_EQ(day({59, false}, 2024), local_days(year{2024} / 2 / 28));
  EXPECT_EQ(day({59, true}, 2024), local_days(year{2024} / 2 / 29));
  EXPECT_EQ(day({59, true}, 2023), local_days(year{2023} / 3 / 1));
  EXPECT_EQ(day({0, true}, 2023), local_days(year{2023} / 1 / 1));
}

}  // namespace
}  // namespace budget::policy
