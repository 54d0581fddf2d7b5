// What a rolling counter has spent, by sub-bucket.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "policy/clock.h"
#include "policy/counter.h"

namespace budget::ledger {

// Sixty buckets to a window. A bucket leaves the window only when it is wholly
// outside, so the window is never shorter than it says, and up to a sixtieth
// longer. Buckets that lie in the future of a clock that stepped back count.
// Not thread-safe. Cost: O(buckets) to sum, at most kept_max of them.
class RollingWindow {
 public:
  static constexpr std::int64_t buckets_per_window = 60;
  // Older ones than this many are dropped: enough for the window itself and
  // for a clock that steps back by another window.
  static constexpr std::int64_t kept_max = 2 * buckets_per_window + 2;

  struct Bucket {
    std::int64_t index = 0;
    policy::Amount spent;
    std::int64_t requests = 0;
  };

  // REQUIRES: length > 0.
  explicit RollingWindow(std::chrono::seconds length);

  [[nodiscard]] static std::int64_t index_of(std::chrono::seconds length, policy::Time at);
  void add(std::int64_t index, const policy::Amount& amount, std::int64_t requests);
  // Adds what the window holds at `now` to `state`.
  void sum_into(policy::CounterState& state, policy::Time now) const;

 private:
  std::chrono::seconds length_;
  std::vector<Bucket> buckets_;  // by index
};

}  // namespace budget::ledger
