// A time zone as a table: which offset from UTC is in force when.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace budget::policy {

// Immutable, thread-safe. Loaded from the system's tz database; an update of
// the database is seen by zones loaded by later processes.
class Zone {
 public:
  // The zone of that name ("UTC", "Europe/Berlin"), or nullopt when the
  // database has none. The first call of a process reads the database's
  // folder, each call one or two small files: for start-up, not for a call's
  // path. "UTC" needs no database. Offsets are right from 1900 to 2200.
  [[nodiscard]] static std::optional<Zone> load(std::string_view name);

  // A stretch of time with one offset; neighbours differ in theirs.
  struct Stretch {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;  // exclusive
    std::chrono::seconds offset{};
  };
  // The stretch that contains `at`. Cost: O(log changes), about 10 ns.
  [[nodiscard]] Stretch stretch_at(std::chrono::sys_seconds at) const;

  // The first instant at which the zone's clocks show `wall` or later. Where
  // they skip it, that is the instant of the skip; where they show it twice,
  // the first time. Cost as stretch_at().
  [[nodiscard]] std::chrono::sys_seconds first_reaching(std::chrono::local_seconds wall) const;

 private:
  Zone() = default;
  void add(std::chrono::sys_seconds begin, std::chrono::seconds offset);
  [[nodiscard]] std::size_t index_at(std::chrono::sys_seconds at) const;
  [[nodiscard]] std::chrono::sys_seconds end_of(std::size_t index) const;

  // Parallel; begins_[0] is the beginning of time.
  std::vector<std::chrono::sys_seconds> begins_;
  std::vector<std::chrono::seconds> offsets_;
};

}  // namespace budget::policy
