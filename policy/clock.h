// The one source of time.
#pragma once

#include <chrono>

namespace budget::policy {

// An instant, UTC. Never a local time.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

// Seam: the system clock in the program, a hand-set one in tests.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
};

}  // namespace budget::policy
