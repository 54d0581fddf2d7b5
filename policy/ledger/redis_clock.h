// The time as Redis tells it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "policy/clock.h"

namespace budget::ledger {

// This machine's clock, moved by what it differs from Redis's: so all replicas
// of one Redis name the same period at the same instant, whatever their own
// clocks say. Right to half a round trip once the first reply has come; before
// that, the machine's time. Thread-safe, lock-free.
class RedisClock final : public policy::Clock {
 public:
  [[nodiscard]] policy::Time now() const override {
    return local() + std::chrono::milliseconds(offset_ms_.load(std::memory_order_relaxed));
  }
  [[nodiscard]] static policy::Time local() { return policy::SystemClock().now(); }
  // How far Redis's clock is ahead of this machine's, in ms.
  [[nodiscard]] std::int64_t offset_ms() const { return offset_ms_; }

  // A reply said `server` to a question that was put at `sent` and answered by
  // `received`, both by local(): the offset is moved no further than it must be
  // to be possible.
  void saw(policy::Time server, policy::Time sent, policy::Time received) {
    const std::int64_t least = (server - received).count();
    const std::int64_t most = (server - sent).count() + 1;
    if (least > most) return;  // the machine's clock was set meanwhile
    const std::int64_t now = offset_ms_.load(std::memory_order_relaxed);
    const std::int64_t possible = std::clamp(now, least, most);
    if (possible != now) offset_ms_.store(possible, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> offset_ms_{0};
};

}  // namespace budget::ledger
