#include "policy/sentences.h"

#include <algorithm>

#include "pricing/money.h"

namespace budget::policy {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string quantity(Unit unit, std::int64_t value) {
  std::string number = std::to_string(value);
  const std::string_view plural = value == 1 ? "" : "s";
  switch (unit) {
    case Unit::cost: {
      const std::string usd = pricing::to_usd_short(Money(value));
      return usd.starts_with('-') ? "-$" + usd.substr(1) : "$" + usd;
    }
    case Unit::tokens:
      return number + " token" + std::string(plural);
    case Unit::input_tokens:
      return number + " input token" + std::string(plural);
    case Unit::output_tokens:
      return number + " output token" + std::string(plural);
    case Unit::requests:
      return number + " request" + std::string(plural);
    case Unit::concurrent:
      return number + " call" + std::string(plural);
  }
  return number;
}

// "$4.90 is", "1 token is", "12 tokens are"
std::string quantity_is(Unit unit, std::int64_t value) {
  return quantity(unit, value) + (unit == Unit::cost || value == 1 ? " is" : " are");
}

std::string_view noun(Unit unit) {
  switch (unit) {
    case Unit::cost:
      return "cost";
    case Unit::tokens:
      return "token";
    case Unit::input_tokens:
      return "input token";
    case Unit::output_tokens:
      return "output token";
    case Unit::requests:
      return "request";
    case Unit::concurrent:
      return "concurrency";
  }
  return "";
}

// "3 h 12 min": the two largest units, rounded up, so that waiting so long is
// enough.
std::string duration(seconds length) {
  length = std::max(length, seconds{0});
  std::string text;
  const auto add = [&text](std::int64_t count, const char* unit) {
    if (count == 0) return;
    if (!text.empty()) text += ' ';
    text += std::to_string(count) + unit;
  };
  if (length < hours{1}) {
    add(length / minutes{1}, " min");
    add((length % minutes{1}).count(), " s");
  } else if (length < days{2}) {
    const minutes rounded = std::chrono::ceil<minutes>(length);
    add(rounded / hours{1}, " h");
    add((rounded % hours{1}).count(), " min");
  } else {
    const hours rounded = std::chrono::ceil<hours>(length);
    add(rounded / days{1}, rounded < days{2} ? " day" : " days");
    add((rounded % days{1}).count(), " h");
  }
  return text.empty() ? "0 s" : text;
}

// What goes before "limit": "daily ", "5 h ", …
std::string kind_of(const Period& period) {
  switch (period.kind) {
    case Period::Kind::minute:
      return "minute";
    case Period::Kind::hourly:
      return "hourly";
    case Period::Kind::daily:
      return "daily";
    case Period::Kind::weekly:
      return "weekly";
    case Period::Kind::monthly:
      return "monthly";
    case Period::Kind::yearly:
      return "yearly";
    case Period::Kind::total:
      return "total";
    case Period::Kind::per_session:
      return "session";
    case Period::Kind::per_task:
      return "task";
    case Period::Kind::rolling:
      break;
  }
  return "rolling " + duration(period.rolling);
}

// "2026-11-25T05:00:00Z"
std::string rfc3339(Time time) {
  // Rounded up, for before that instant nothing has reset.
  const auto whole = std::chrono::ceil<seconds>(time);
  const auto day = floor<days>(whole);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<seconds> clock(whole - day);
  const auto padded = [](auto number, std::size_t width) {
    std::string digits = std::to_string(number);
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
  };
  return padded(int{date.year()}, 4) + "-" + padded(unsigned{date.month()}, 2) + "-" +
         padded(unsigned{date.day()}, 2) + "T" + padded(clock.hours().count(), 2) + ":" +
         padded(clock.minutes().count(), 2) + ":" + padded(clock.seconds().count(), 2) + "Z";
}

std::string subject(const std::string& budget, const std::string& policy,
                    const std::string& partition) {
  std::string text = "Budget '" + budget + "', policy '" + policy + "'";
  if (!partition.empty()) text += " (" + partition + ")";
  return text;
}

// "the daily limit of $5.00"
std::string the_limit(Unit unit, std::int64_t limit, const Period& period) {
  if (unit == Unit::concurrent) return "the limit of " + quantity(unit, limit) + " in flight";
  return "the " + kind_of(period) + " limit of " + quantity(unit, limit);
}

std::string the_limit_without_figures(Unit unit, const Period& period) {
  if (unit == Unit::concurrent) return "the concurrency limit";
  return "the " + kind_of(period) + " " + std::string(noun(unit)) + " limit";
}

// "$4.90 is spent and $0.08 is held by calls in flight"
std::string committed(Unit unit, std::int64_t spent, std::int64_t reserved) {
  if (unit == Unit::concurrent) return quantity_is(unit, reserved) + " in flight";
  std::string text =
      quantity_is(unit, spent) + (unit == Unit::requests ? " counted and " : " spent and ");
  if (unit == Unit::requests) return text + std::to_string(reserved) + " in flight";
  if (reserved == 0) return text + "nothing is held";
  return text + quantity_is(unit, reserved) + " held by calls in flight";
}

std::string reset_of(const Denial& denial, Time now) {
  if (denial.unit == Unit::concurrent) return "There is room again when one of them has ended.";
  if (denial.resets_at) {
    const std::string at = rfc3339(*denial.resets_at) + " (in " +
                           duration(std::chrono::ceil<seconds>(*denial.resets_at - now)) + ")";
    if (denial.period.kind == Period::Kind::rolling) {
      return "There is room again as past calls leave the window, by " + at + " at the latest.";
    }
    return "It resets at " + at + ".";
  }
  if (denial.period.kind == Period::Kind::per_session) return "It does not reset in this session.";
  if (denial.period.kind == Period::Kind::per_task) return "It does not reset in this task.";
  return "It does not reset.";
}

}  // namespace

std::string describe(const Denial& denial, Time now, bool amounts) {
  std::string text = subject(denial.budget, denial.policy, denial.partition) + ": ";
  const Unit unit = denial.unit;
  const bool soft = denial.enforcement == Enforcement::threshold;
  if (!amounts) {
    text += the_limit_without_figures(unit, denial.period) +
            (soft ? " refuses further calls" : " has no room for this call");
    if (unit == Unit::concurrent) return text + "; there is room again when a call has ended.";
    return text + ". " + reset_of(denial, now);
  }
  if (unit == Unit::concurrent) {
    return text + committed(unit, denial.spent, denial.reserved) + ", and at most " +
           quantity(unit, denial.acts_from) + " may be. " + reset_of(denial, now);
  }
  if (!soft && unit != Unit::requests) {
    text += unit == Unit::cost ? "this call may cost up to " : "this call may use up to ";
    text += quantity(unit, denial.requested) + ", but ";
  }
  text += "of " + the_limit(unit, denial.limit, denial.period) + " " +
          committed(unit, denial.spent, denial.reserved);
  if (soft) text += ", and calls are refused from " + quantity(unit, denial.acts_from) + " on";
  return text + ". " + reset_of(denial, now);
}

std::string warning_about(const PlannedLine& line, Unit unit, const Figures& figures,
                          bool amounts) {
  const Policy& policy = *line.policy;
  const std::int64_t limit = *limit_of(policy.limits, unit);
  const bool passed = figures.committed() > limit;
  std::string text = subject(line.budget->name, policy.name, line.counter.partition) + ": ";
  if (!amounts) {
    return text + the_limit_without_figures(unit, policy.period) +
           (passed ? " is passed." : " is nearly reached.");
  }
  if (passed) {
    return text + the_limit(unit, limit, policy.period) +
           " is passed: " + committed(unit, figures.spent, figures.reserved) + ".";
  }
  return text + "of " + the_limit(unit, limit, policy.period) + " " +
         committed(unit, figures.spent, figures.reserved) + ".";
}

}  // namespace budget::policy
