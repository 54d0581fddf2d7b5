#include "policy/rfc3339.h"

#include <chrono>
#include <cstdio>

namespace budget::policy {

std::string rfc3339(Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char text[48];
  int size = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  const auto millis = clock.subseconds().count();
  if (millis != 0) {
    size += std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), ".%03d",
                          static_cast<int>(millis));
  }
  return std::string(text, static_cast<std::size_t>(size)) + "Z";
}

}  // namespace budget::policy
