// What happens in the books without a call: leases end, allocations come and
// go, counters are forgotten.
#include <algorithm>
#include <utility>

#include "policy/ledger/amounts.h"
#include "policy/ledger/books.h"

namespace budget::ledger {
namespace {

bool keep(Journal& journal, const auto& entry, Journal::Need need) {
  std::string bytes;
  encode(entry, bytes);
  return journal.append(bytes, need);
}

}  // namespace

void Books::lapse(HoldShard& shard, Hold& hold, Time now) {
  std::unique_lock allocations(allocations_mutex_, std::defer_lock);
  if (!hold.kept.allocation_id.empty()) allocations.lock();
  const CounterTable::Lock counters(counters_, hold.shards);
  UsageRecord record = hold.kept.if_lapsed;
  record.request_id = hold.kept.id;
  record.ended_at = now;
  record.estimated = true;
  charge_hold(shard, hold, std::move(record));
  lapsed_.fetch_add(1, std::memory_order_relaxed);
}

std::size_t Books::lapse_all(Time now) {
  std::size_t count = 0;
  for (HoldShard& shard : hold_shards_) {
    const std::scoped_lock lock(shard.mutex);
    for (auto& [id, hold] : shard.holds) lapse(shard, *hold, now);
    count += shard.holds.size();
    shard.holds.clear();
  }
  by_number_.clear();
  return count;
}

void Books::sweep_if_due(Time now) {
  if (now >= next_due_.load(std::memory_order_relaxed)) sweep(now);
}

std::size_t Books::sweep(Time now) {
  // Whoever adds a lease meanwhile lowers the bound again.
  next_due_.store(Time::max());
  std::size_t count = 0;
  for (HoldShard& shard : hold_shards_) {
    const std::scoped_lock lock(shard.mutex);
    for (auto each = shard.holds.begin(); each != shard.holds.end();) {
      const Time lease = each->second->kept.lease_until;
      if (lease < now) {
        lapse(shard, *each->second, now);
        each = shard.holds.erase(each);
        ++count;
      } else {
        due_at(lease + std::chrono::milliseconds(1));
        ++each;
      }
    }
  }
  const std::scoped_lock lock(allocations_mutex_);
  for (auto& [id, allocation] : allocations_) {
    if (allocation->ended || !allocation->kept.expires_at) continue;
    if (*allocation->kept.expires_at <= now) {
      end_allocation(*allocation);
    } else {
      due_at(*allocation->kept.expires_at);
    }
  }
  return count;
}

std::size_t Books::reap(Time now) {
  const std::size_t count = sweep(now);
  for (int shard = 0; shard < CounterTable::shard_count; ++shard) {
    counters_.forget_expired(shard, now, [this](const Counter& counter) {
      keep(journal_, CounterForgotten{counter.number}, Journal::Need::must_keep);
    });
  }
  const std::scoped_lock lock(allocations_mutex_);
  while (ended_allocations_.size() > static_cast<std::size_t>(ended_allocations_max)) {
    allocations_.erase(ended_allocations_.front());
    ended_allocations_.pop_front();
  }
  return count;
}

// REQUIRES: the allocations are locked.
void Books::end_allocation(Allocation& allocation) {
  if (allocation.ended) return;
  const CounterTable::Lock lock(counters_, allocation.shards);
  keep(journal_, AllocationEnded{allocation.kept.id}, Journal::Need::must_keep);
  for (std::size_t i = 0; i < allocation.counters.size(); ++i) {
    Counter& counter = *allocation.counters[i];
    counter.reserved = minus(counter.reserved, allocation.remaining[i]);
    counter.allocations -= 1;
    allocation.remaining[i] = {};
  }
  allocation.counters.clear();  // they may be forgotten from here on
  allocation.ended = true;
  ended_allocations_.push_back(allocation.kept.id);
}

Result<ReserveOutcome> Books::allocate(const AllocateRequest& request) {
  sweep_if_due(request.now);
  const std::scoped_lock allocations(allocations_mutex_);
  CounterTable::Shards shards = 0;
  for (const HoldLine& line : request.lines) shards |= CounterTable::bit_of(line.counter.key);
  const CounterTable::Lock lock(counters_, shards);
  if (const auto found = allocations_.find(request.id); found != allocations_.end()) {
    const Allocation& known = *found->second;
    if (known.ended) return std::unexpected(LedgerError::already_resolved);
    if (!same_lines(known.kept.lines, known.counters, request.lines)) {
      return std::unexpected(LedgerError::duplicate_hold);
    }
    return ReserveOutcome{{}, states_of(request.lines, request.now)};
  }
  auto states = states_of(request.lines, request.now);
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const HoldLine& line = request.lines[i];
    const auto broken =
        policy::broken_limit(line.enforcement, without_calls(line.limits), states[i], line.amount);
    if (broken) return ReserveOutcome{Shortfall{i, *broken}, std::move(states)};
  }
  auto allocation = std::make_unique<Allocation>();
  allocation->kept = {request.id, request.expires_at, {}};
  allocation->shards = shards;
  for (const HoldLine& line : request.lines) {
    Counter* counter = counter_for(line.counter, Journal::Need::may_fail);
    if (!counter) return std::unexpected(LedgerError::storage_full);
    allocation->counters.push_back(counter);
    allocation->remaining.push_back(line.amount);
    allocation->kept.lines.push_back({counter->number, line.amount, {}});
  }
  if (!keep(journal_, allocation->kept, Journal::Need::may_fail)) {
    return std::unexpected(LedgerError::storage_full);
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    Counter& counter = *allocation->counters[i];
    counter.reserved = plus(counter.reserved, request.lines[i].amount);
    counter.allocations += 1;
  }
  if (request.expires_at) due_at(*request.expires_at);
  ReserveOutcome outcome{{}, states_of(allocation->counters, request.now)};
  allocations_[request.id] = std::move(allocation);
  return outcome;
}

AllocationState Books::state_of(const Allocation& allocation) const {
  AllocationState state;
  state.id = allocation.kept.id;
  state.expires_at = allocation.kept.expires_at;
  state.released = allocation.ended;
  for (std::size_t i = 0; i < allocation.kept.lines.size(); ++i) {
    const Amount& allocated = allocation.kept.lines[i].amount;
    const Amount& remaining = allocation.remaining[i];
    state.allocated = i == 0 ? allocated : least(state.allocated, allocated);
    state.remaining = i == 0 ? remaining : least(state.remaining, remaining);
  }
  return state;
}

Result<AllocationState> Books::allocation(const std::string& id) {
  const std::scoped_lock lock(allocations_mutex_);
  const auto found = allocations_.find(id);
  if (found == allocations_.end()) return std::unexpected(LedgerError::no_such_allocation);
  return state_of(*found->second);
}

Result<AllocationState> Books::release_allocation(const std::string& id) {
  const std::scoped_lock lock(allocations_mutex_);
  const auto found = allocations_.find(id);
  if (found == allocations_.end()) return std::unexpected(LedgerError::no_such_allocation);
  end_allocation(*found->second);
  return state_of(*found->second);
}

}  // namespace budget::ledger
