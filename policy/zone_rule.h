// The rule by which a time zone changes its clocks in years that no table lists.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

namespace budget::policy {

// Day `day` of a year: from 0, counting 29 February, or from 1, never counting
// it.
struct DayOfYear {
  int day = 0;
  bool counts_leap_day = true;
};

// The nth weekday of a month; the last, where n is 5.
struct NthWeekday {
  std::chrono::month month{1};
  int nth = 1;
  std::chrono::weekday weekday{0};
};

// One of a rule's two yearly changes, at a time by the clock before the change.
// It may leave the day.
struct YearlyChange {
  std::variant<DayOfYear, NthWeekday> day;
  std::chrono::seconds time{std::chrono::hours{2}};

  [[nodiscard]] std::chrono::local_seconds in(std::chrono::year year) const;
};

struct SavingTime {
  std::chrono::seconds offset{};  // east of Greenwich
  YearlyChange begins;            // by standard time
  YearlyChange ends;              // by saving time
};

// The TZ string of POSIX.1 8.3 with the extensions of RFC 9636 3.3.1 (hours
// from -167 to 167): "EST5EDT,M3.2.0,M11.1.0", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0".
struct ZoneRule {
  std::chrono::seconds standard{};   // east of Greenwich
  std::optional<SavingTime> saving;  // nullopt: the same offset all year

  // nullopt when `text` is not such a string, or states a saving time without
  // stating when.
  [[nodiscard]] static std::optional<ZoneRule> parse(std::string_view text);
};

}  // namespace budget::policy
