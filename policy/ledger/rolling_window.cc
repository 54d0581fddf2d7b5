#include "policy/ledger/rolling_window.h"

#include <algorithm>

#include "policy/ledger/amounts.h"

namespace budget::ledger {
namespace {

std::int64_t bucket_ms(std::chrono::seconds length) {
  const std::int64_t ms = std::chrono::milliseconds(length).count();
  return (ms + RollingWindow::buckets_per_window - 1) / RollingWindow::buckets_per_window;
}

}  // namespace

RollingWindow::RollingWindow(std::chrono::seconds length) : length_(length) {}

std::int64_t RollingWindow::index_of(std::chrono::seconds length, policy::Time at) {
  const std::int64_t ms = at.time_since_epoch().count();
  const std::int64_t bucket = bucket_ms(length);
  return ms >= 0 ? ms / bucket : (ms - bucket + 1) / bucket;
}

void RollingWindow::add(std::int64_t index, const policy::Amount& amount, std::int64_t requests) {
  auto place = std::ranges::lower_bound(buckets_, index, {}, &Bucket::index);
  if (place == buckets_.end() || place->index != index) place = buckets_.insert(place, {index});
  place->spent = plus(place->spent, amount);
  place->requests += requests;
  const std::int64_t oldest = buckets_.back().index - kept_max;
  if (buckets_.front().index < oldest) {
    std::erase_if(buckets_, [oldest](const Bucket& bucket) { return bucket.index < oldest; });
  }
}

void RollingWindow::sum_into(policy::CounterState& state, policy::Time now) const {
  const std::int64_t bucket = bucket_ms(length_);
  const std::int64_t window_start =
      (now - std::chrono::milliseconds(length_)).time_since_epoch().count();
  for (auto each = buckets_.rbegin(); each != buckets_.rend(); ++each) {
    if ((each->index + 1) * bucket <= window_start) break;
    state.spent = plus(state.spent, each->spent);
    state.requests += each->requests;
  }
}

}  // namespace budget::ledger
