#include "admin/time_text.h"

#include <chrono>

namespace budget::admin {
namespace {

using namespace std::chrono;

// Takes pieces off the front of a text; once one is missing, nothing fits.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}

  // A number of exactly `digits` digits, at most `most`.
  int number(std::size_t digits, int most) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value <= most ? value : fail();
  }
  bool sign(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(char wanted) {
    if (!sign(wanted)) fail();
  }
  [[nodiscard]] bool digit_next() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

milliseconds fraction(Taker& taker) {
  if (!taker.sign('.')) return {};
  int millis = 0;
  int digits = 0;
  if (!taker.digit_next()) taker.need('0');
  for (; taker.digit_next(); ++digits) {
    const int digit = taker.number(1, 9);
    if (digits < 3) millis = millis * 10 + digit;
  }
  for (; digits < 3; ++digits) millis *= 10;
  return milliseconds(millis);
}

minutes offset(Taker& taker) {
  if (taker.sign('Z') || taker.sign('z')) return {};
  const bool behind = taker.sign('-');
  if (!behind) taker.need('+');
  const hours h(taker.number(2, 23));
  taker.need(':');
  const minutes size = h + minutes(taker.number(2, 59));
  return behind ? -size : size;
}

}  // namespace

std::optional<policy::Time> parse_time(std::string_view text) {
  Taker taker(text);
  const year y(taker.number(4, 9999));
  taker.need('-');
  const month m(static_cast<unsigned>(taker.number(2, 12)));
  taker.need('-');
  const day d(static_cast<unsigned>(taker.number(2, 31)));
  const year_month_day date(y, m, d);
  if (!taker.ok() || !date.ok()) return std::nullopt;
  policy::Time time = sys_days(date);
  if (taker.at_end()) return time;

  if (!taker.sign('T') && !taker.sign('t')) taker.need(' ');
  time += hours(taker.number(2, 23));
  taker.need(':');
  time += minutes(taker.number(2, 59));
  taker.need(':');
  time += seconds(taker.number(2, 59));
  time += fraction(taker);
  time -= offset(taker);
  if (!taker.ok() || !taker.at_end()) return std::nullopt;
  return time;
}

}  // namespace budget::admin
