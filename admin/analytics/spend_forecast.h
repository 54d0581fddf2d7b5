// What will be spent, by what was. Pure; integers.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "policy/clock.h"
#include "pricing/money.h"

namespace budget::admin {

struct DaySpend {
  std::chrono::sys_days day;
  pricing::Money cost;
};

struct SpendForecast {
  enum class Basis : std::uint8_t {
    weekday_mean,  // each day as the mean of its weekday in the last four weeks
    daily_mean,    // each day as the mean of the whole days so far: less than a week of them
    none,          // no whole day yet
  };
  Basis basis = Basis::none;
  pricing::Money next_week;     // the seven days from tomorrow on
  pricing::Money month_so_far;  // of this calendar month, UTC
  pricing::Money month_to_end;  // and what is to come of it
};
[[nodiscard]] std::string_view name_of(SpendForecast::Basis basis);

// `days` are those that had calls, in any order, of the last 28 days and of
// this month; days without count as nothing spent, from the first day that has
// some on. What is left of today is what its mean is above what it has spent.
[[nodiscard]] SpendForecast forecast_spend(std::span<const DaySpend> days, policy::Time now);

}  // namespace budget::admin
