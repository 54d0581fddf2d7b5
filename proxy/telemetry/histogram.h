// How long things take, counted in buckets.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace budget::telemetry {

// Upper bounds in microseconds, ascending. Of calls to a model: those that
// OpenTelemetry advises for gen_ai.client.operation.duration.
inline constexpr std::array<std::int64_t, 14> call_bounds{
    10'000,    20'000,    40'000,    80'000,     160'000,    320'000,    640'000,
    1'280'000, 2'560'000, 5'120'000, 10'240'000, 20'480'000, 40'960'000, 81'920'000};
// Of what we and the store add to them.
inline constexpr std::array<std::int64_t, 14> own_bounds{
    50,     100,    250,    500,     1'000,   2'500,     5'000,
    10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000};

struct HistogramValues {
  std::span<const std::int64_t> bounds_us;
  std::vector<std::int64_t> counts;  // of each bucket alone; the last is above all bounds
  std::int64_t sum_us = 0;
};

// Thread-safe, and never waits. Cost: a search of the bounds and two relaxed
// additions.
template <const auto& bounds>
class Histogram {
 public:
  void observe(std::chrono::nanoseconds took) {
    const std::int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), us) - bounds.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(us, std::memory_order_relaxed);
  }

  [[nodiscard]] HistogramValues values() const {
    HistogramValues values{bounds, {}, sum_us_.load(std::memory_order_relaxed)};
    for (const auto& count : counts_) {
      values.counts.push_back(count.load(std::memory_order_relaxed));
    }
    return values;
  }

 private:
  std::array<std::atomic<std::int64_t>, bounds.size() + 1> counts_{};
  std::atomic<std::int64_t> sum_us_{0};
};

}  // namespace budget::telemetry
