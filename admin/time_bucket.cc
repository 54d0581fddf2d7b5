#include "admin/time_bucket.h"

#include <string>

#include "admin/time_text.h"

namespace budget::admin {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

policy::Time::duration length_of(Bucket bucket) {
  switch (bucket) {
    case Bucket::minute:
      return std::chrono::minutes(1);
    case Bucket::hour:
      return std::chrono::hours(1);
    case Bucket::week:
      return days(7);
    case Bucket::day:
    case Bucket::month:
      break;
  }
  return days(1);
}

}  // namespace

std::optional<Bucket> bucket_named(std::string_view name) {
  if (name == "minute") return Bucket::minute;
  if (name == "hour") return Bucket::hour;
  if (name == "day") return Bucket::day;
  if (name == "week") return Bucket::week;
  if (name == "month") return Bucket::month;
  return std::nullopt;
}

policy::Time bucket_start(Bucket bucket, policy::Time time) {
  const auto day = std::chrono::floor<days>(time);
  switch (bucket) {
    case Bucket::minute:
      return std::chrono::floor<std::chrono::minutes>(time);
    case Bucket::hour:
      return std::chrono::floor<std::chrono::hours>(time);
    case Bucket::day:
      return day;
    case Bucket::week:
      return day - (std::chrono::weekday(day) - std::chrono::Monday);
    case Bucket::month:
      break;
  }
  const year_month_day date(day);
  return sys_days(date.year() / date.month() / 1);
}

policy::Time bucket_after(Bucket bucket, policy::Time start, int count) {
  if (bucket != Bucket::month) return start + length_of(bucket) * count;
  const year_month_day date(std::chrono::floor<days>(start));
  return sys_days(date + std::chrono::months(count));
}

std::optional<policy::Time> bucket_of_label(std::string_view label) {
  std::string text(label);
  if (text.size() == 7) return parse_time(text + "-01");
  if (text.ends_with('Z')) text.insert(text.size() - 1, ":00");
  return parse_time(text);
}

}  // namespace budget::admin
