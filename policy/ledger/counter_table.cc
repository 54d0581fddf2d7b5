#include "policy/ledger/counter_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "policy/ledger/amounts.h"

namespace budget::ledger {

policy::CounterState Counter::state(policy::Time now) const {
  policy::CounterState state{spent, reserved, requests, in_flight};
  if (window) window->sum_into(state, now);
  return state;
}

void Counter::charge(policy::Time at, const policy::Amount& amount, std::int64_t calls) {
  if (window) {
    window->add(RollingWindow::index_of(ref.rolling, at), amount, calls);
    return;
  }
  spent = plus(spent, amount);
  requests += calls;
}

CounterTable::Lock::Lock(CounterTable& table, Shards shards) : table_(table), shards_(shards) {
  for (Shards left = shards_; left != 0; left &= left - 1) {
    table_.shards_[static_cast<std::size_t>(std::countr_zero(left))].mutex.lock();
  }
}

CounterTable::Lock::~Lock() {
  for (Shards left = shards_; left != 0; left &= left - 1) {
    table_.shards_[static_cast<std::size_t>(std::countr_zero(left))].mutex.unlock();
  }
}

Counter* CounterTable::find(std::string_view key) {
  auto& counters = shards_[static_cast<std::size_t>(shard_of(key))].counters;
  const auto found = counters.find(key);
  return found == counters.end() ? nullptr : found->second.get();
}

Counter& CounterTable::add(const policy::CounterRef& ref, std::int64_t number) {
  auto counter = std::make_unique<Counter>();
  counter->ref = ref;
  counter->number = number;
  if (ref.rolling.count() > 0) counter->window = std::make_unique<RollingWindow>(ref.rolling);
  Shard& shard = shards_[static_cast<std::size_t>(shard_of(ref.key))];
  if (ref.expires_at) shard.next_expiry = std::min(shard.next_expiry, *ref.expires_at);
  return *(shard.counters[ref.key] = std::move(counter));
}

void CounterTable::remove(std::string_view key) {
  auto& counters = shards_[static_cast<std::size_t>(shard_of(key))].counters;
  if (const auto found = counters.find(key); found != counters.end()) counters.erase(found);
}

void CounterTable::number_seen(std::int64_t number) {
  if (next_number_ <= number) next_number_ = number + 1;
}

std::vector<policy::CounterRef> CounterTable::list() {
  std::vector<policy::CounterRef> refs;
  for (Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    for (const auto& [key, counter] : shard.counters) refs.push_back(counter->ref);
  }
  return refs;
}

void CounterTable::forget_expired(int index, policy::Time now,
                                  const std::function<void(const Counter&)>& forget) {
  Shard& shard = shards_[static_cast<std::size_t>(index)];
  const std::scoped_lock lock(shard.mutex);
  if (now < shard.next_expiry) return;
  shard.next_expiry = policy::Time::max();
  std::erase_if(shard.counters, [&](const auto& each) {
    const Counter& counter = *each.second;
    if (!counter.ref.expires_at) return false;
    if (*counter.ref.expires_at <= now && counter.idle()) {
      forget(counter);
      return true;
    }
    shard.next_expiry = std::min(shard.next_expiry, *counter.ref.expires_at);
    return false;
  });
}

}  // namespace budget::ledger
