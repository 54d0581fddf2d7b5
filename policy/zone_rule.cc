#include "policy/zone_rule.h"

#include <charconv>

namespace budget::policy {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Reads from the front of a text; once something is not as expected, ok() is
// false and stays so.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return text_.empty(); }
  [[nodiscard]] bool at(char c) const { return text_.starts_with(c); }

  bool skip(char c) {
    if (!at(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok_ = skip(c) && ok_; }

  int number(int least, int most) {
    int value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc{} || at('-') || value < least || value > most) {
      ok_ = false;
      return least;
    }
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }

  // A zone's abbreviation: letters, or anything between angle brackets.
  void name() {
    const bool quoted = skip('<');
    const std::size_t end =
        quoted ? text_.find('>')
               : text_.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    const std::size_t length = end == std::string_view::npos ? text_.size() : end;
    ok_ = ok_ && length > 0 && (!quoted || end != std::string_view::npos);
    text_.remove_prefix(length);
    if (quoted) expect('>');
  }

  // [+-]hh[:mm[:ss]]
  seconds time() {
    const bool negative = skip('-');
    if (!negative) skip('+');
    seconds value = hours{number(0, 167)};
    if (skip(':')) value += minutes{number(0, 59)};
    if (skip(':')) value += seconds{number(0, 59)};
    return negative ? -value : value;
  }

  YearlyChange change() {
    YearlyChange change;
    if (skip('M')) {
      NthWeekday day;
      day.month = std::chrono::month(static_cast<unsigned>(number(1, 12)));
      expect('.');
      day.nth = number(1, 5);
      expect('.');
      day.weekday = std::chrono::weekday(static_cast<unsigned>(number(0, 6)));
      change.day = day;
    } else if (skip('J')) {
      change.day = DayOfYear{number(1, 365), false};
    } else {
      change.day = DayOfYear{number(0, 365), true};
    }
    if (skip('/')) change.time = time();
    return change;
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

local_seconds YearlyChange::in(std::chrono::year year) const {
  if (const auto* nth = std::get_if<NthWeekday>(&day)) {
    const local_days date =
        nth->nth == 5
            ? local_days(year / nth->month / nth->weekday[std::chrono::last])
            : local_days(year / nth->month / nth->weekday[static_cast<unsigned>(nth->nth)]);
    return date + time;
  }
  const DayOfYear& of_year = std::get<DayOfYear>(day);
  const local_days first(year / std::chrono::January / 1);
  if (of_year.counts_leap_day) return first + days{of_year.day} + time;
  const bool after_leap_day = year.is_leap() && of_year.day >= 60;
  return first + days{of_year.day - 1 + (after_leap_day ? 1 : 0)} + time;
}

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  Reader reader(text);
  ZoneRule rule;
  reader.name();
  // POSIX counts west of Greenwich, everybody else east.
  rule.standard = -reader.time();
  if (reader.ok() && !reader.done()) {
    SavingTime saving;
    reader.name();
    saving.offset = reader.at(',') ? rule.standard + hours{1} : -reader.time();
    reader.expect(',');
    saving.begins = reader.change();
    reader.expect(',');
    saving.ends = reader.change();
    rule.saving = saving;
  }
  if (!reader.ok() || !reader.done()) return std::nullopt;
  return rule;
}

}  // namespace budget::policy
