#include "admin/analytics/spend_forecast.h"

#include <algorithm>
#include <array>
#include <map>

namespace budget::admin {
namespace {

using pricing::Money;
using std::chrono::days;
using std::chrono::sys_days;

constexpr int window_days = 28;
constexpr int week = 7;

struct Mean {
  Money sum;
  std::int64_t count = 0;
  [[nodiscard]] Money value() const { return count == 0 ? Money(0) : Money(sum.value() / count); }
};

std::size_t weekday_of(sys_days day) {
  return std::chrono::weekday(day).c_encoding();
}

}  // namespace

std::string_view name_of(SpendForecast::Basis basis) {
  switch (basis) {
    case SpendForecast::Basis::weekday_mean:
      return "weekday_mean";
    case SpendForecast::Basis::daily_mean:
      return "daily_mean";
    case SpendForecast::Basis::none:
      return "none";
  }
  return "none";
}

SpendForecast forecast_spend(std::span<const DaySpend> spends, policy::Time now) {
  const sys_days today = std::chrono::floor<days>(now);
  const std::chrono::year_month_day date(today);
  const sys_days month_first = date.year() / date.month() / 1;
  const sys_days month_last = date.year() / date.month() / std::chrono::last;
  std::map<sys_days, Money> by_day;
  SpendForecast forecast;
  for (const DaySpend& each : spends) {
    by_day[each.day] += each.cost;
    if (each.day >= month_first && each.day <= today) forecast.month_so_far += each.cost;
  }
  forecast.month_to_end = forecast.month_so_far;
  // Whole days, from the first that has any.
  sys_days first = today;
  for (const auto& [day, cost] : by_day) {
    if (day >= today - days(window_days) && cost > Money(0)) {
      first = std::min(first, day);
    }
  }
  std::array<Mean, week> weekdays;
  Mean all;
  for (sys_days day = first; day < today; day += days(1)) {
    const auto at = by_day.find(day);
    const Money cost = at == by_day.end() ? Money(0) : at->second;
    for (Mean* const mean : {&weekdays[weekday_of(day)], &all}) {
      mean->sum += cost;
      ++mean->count;
    }
  }
  if (all.count == 0) return forecast;
  const bool seasonal = all.count >= week;
  forecast.basis = seasonal ? SpendForecast::Basis::weekday_mean : SpendForecast::Basis::daily_mean;
  const auto expected = [&](sys_days day) {
    return seasonal ? weekdays[weekday_of(day)].value() : all.value();
  };
  for (int i = 1; i <= week; ++i) forecast.next_week += expected(today + days(i));
  forecast.month_to_end += std::max(expected(today) - by_day[today], Money(0));
  for (sys_days day = today + days(1); day <= month_last; day += days(1)) {
    forecast.month_to_end += expected(day);
  }
  return forecast;
}

}  // namespace budget::admin
