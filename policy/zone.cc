#include "policy/zone.h"

#include <date/tz.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>

#include "policy/zone_rule.h"

namespace budget::policy {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr const char* zone_folder = "/usr/share/zoneinfo/";
constexpr sys_seconds table_from = sys_days(year{1900} / 1 / 1);
constexpr int table_last_year = 2200;
// No zone has ever been further from UTC than 16 hours.
constexpr seconds offset_max = std::chrono::hours{26};

const date::time_zone* locate(std::string_view name) {
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

// The rule in the last line of the zone's file (RFC 9636 3.3). The date
// library reads the file's table only, and the table ends in 2037, or, in a
// database built "slim", as early as 2007.
std::optional<ZoneRule> rule_after_table(std::string_view name) {
  std::ifstream file(zone_folder + std::string(name), std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  std::string_view rest(content);
  if (!rest.starts_with("TZif") || !rest.ends_with('\n')) return std::nullopt;
  rest.remove_suffix(1);
  const std::size_t line = rest.rfind('\n');
  if (line == std::string_view::npos) return std::nullopt;
  return ZoneRule::parse(rest.substr(line + 1));
}

}  // namespace

void Zone::add(sys_seconds begin, seconds offset) {
  if (!offsets_.empty() && offsets_.back() == offset) return;
  begins_.push_back(begin);
  offsets_.push_back(offset);
}

std::optional<Zone> Zone::load(std::string_view name) {
  if (name == "UTC") {
    Zone utc;
    utc.add(sys_seconds::min(), seconds{0});
    return utc;
  }
  const date::time_zone* source = locate(name);
  if (source == nullptr) return std::nullopt;
  const std::optional<ZoneRule> rule = rule_after_table(name);
  if (!rule) return std::nullopt;

  const sys_seconds table_end =
      sys_days(year{table_last_year} / std::chrono::December / std::chrono::last);
  Zone zone;
  date::sys_info info = source->get_info(table_from);
  zone.add(sys_seconds::min(), info.offset);
  sys_seconds listed_until = table_from;
  while (info.end < table_end) {
    listed_until = info.end;
    info = source->get_info(info.end);
    zone.add(info.begin, info.offset);
  }
  if (!rule->saving) return zone;

  const SavingTime& saving = *rule->saving;
  const auto since = std::chrono::year_month_day(
      std::chrono::floor<std::chrono::days>(std::max(listed_until, table_from)));
  for (year y = since.year(); y <= year{table_last_year}; ++y) {
    struct Change {
      sys_seconds at;
      seconds offset;
    };
    Change begins{sys_seconds((saving.begins.in(y)).time_since_epoch() - rule->standard),
                  saving.offset};
    Change ends{sys_seconds((saving.ends.in(y)).time_since_epoch() - saving.offset),
                rule->standard};
    if (ends.at < begins.at) std::swap(begins, ends);
    for (const Change& change : {begins, ends}) {
      if (change.at > listed_until) zone.add(change.at, change.offset);
    }
  }
  return zone;
}

std::size_t Zone::index_at(sys_seconds at) const {
  const auto after = std::upper_bound(begins_.begin() + 1, begins_.end(), at);
  return static_cast<std::size_t>(after - begins_.begin()) - 1;
}

sys_seconds Zone::end_of(std::size_t index) const {
  return index + 1 < begins_.size() ? begins_[index + 1] : sys_seconds::max();
}

Zone::Stretch Zone::stretch_at(sys_seconds at) const {
  const std::size_t index = index_at(at);
  return {begins_[index], end_of(index), offsets_[index]};
}

sys_seconds Zone::first_reaching(std::chrono::local_seconds wall) const {
  const sys_seconds as_utc(wall.time_since_epoch());
  // Nothing before this stretch can have shown `wall`, whatever its offset.
  std::size_t index = index_at(as_utc - offset_max);
  while (end_of(index) != sys_seconds::max() && end_of(index) <= as_utc - offsets_[index]) ++index;
  return std::max(begins_[index], as_utc - offsets_[index]);
}

}  // namespace budget::policy
