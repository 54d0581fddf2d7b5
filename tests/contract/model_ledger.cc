#include "tests/contract/model_ledger.h"

#include <algorithm>
#include <utility>

namespace budget::ledger {
namespace {

using policy::Enforcement;
using policy::Limits;
using pricing::Money;
using pricing::Tokens;

constexpr std::int64_t kBuckets = 60;

// Applies `f` to each unit of two amounts.
template <class F>
Amount each(const Amount& a, const Amount& b, F f) {
  return {f(a.cost, b.cost), f(a.input, b.input), f(a.output, b.output)};
}
Amount plus(const Amount& a, const Amount& b) {
  return each(a, b, [](auto x, auto y) { return x + y; });
}
Amount minus(const Amount& a, const Amount& b) {
  return each(a, b, [](auto x, auto y) { return x - y; });
}
Amount least(const Amount& a, const Amount& b) {
  return each(a, b, [](auto x, auto y) { return std::min(x, y); });
}
Amount most(const Amount& a, const Amount& b) {
  return each(a, b, [](auto x, auto y) { return std::max(x, y); });
}
Amount used_by(const UsageRecord& record) {
  return {record.cost.total, record.usage.input_total(), record.usage.output_total()};
}

std::int64_t bucket_length(const CounterRef& ref) {
  return (ref.rolling.count() * 1000 + kBuckets - 1) / kBuckets;
}
std::int64_t bucket_of(const CounterRef& ref, Time at) {
  if (ref.rolling.count() == 0) return 0;
  const std::int64_t ms = at.time_since_epoch().count();
  const std::int64_t length = bucket_length(ref);
  return ms >= 0 ? ms / length : (ms - length + 1) / length;
}

// A unit of which nothing more is asked needs no room.
Limits of_what_is_asked(Limits limits, const Amount& asked) {
  if (asked.cost == Money()) limits.cost.reset();
  if (asked.input == Tokens()) limits.input_tokens.reset();
  if (asked.output == Tokens()) limits.output_tokens.reset();
  if (asked.input + asked.output == Tokens()) limits.tokens.reset();
  return limits;
}
Limits without_calls(Limits limits) {
  limits.requests.reset();
  limits.concurrent.reset();
  return limits;
}

bool same_lines(const std::vector<HoldLine>& a, const std::vector<HoldLine>& b) {
  return std::ranges::equal(a, b, [](const HoldLine& x, const HoldLine& y) {
    return x.counter.key == y.counter.key && x.amount == y.amount;
  });
}

void raise(UsageRecord& record, const Amount& amount) {
  const Amount missing = most(minus(amount, used_by(record)), {});
  record.usage.input += missing.input;
  record.usage.output += missing.output;
  record.cost.output += missing.cost;
  record.cost.total += missing.cost;
}

}  // namespace

bool ModelLedger::resolved(const std::string& id) const {
  return records_.contains(id) || released_.contains(id);
}

ModelLedger::Counter& ModelLedger::touch(const CounterRef& ref) {
  Counter& counter = counters_[ref.key];
  counter.ref = ref;
  return counter;
}

CounterState ModelLedger::state_of(const CounterRef& ref, Time now) const {
  const auto found = counters_.find(ref.key);
  if (found == counters_.end()) return {};
  const Counter& counter = found->second;
  CounterState state{.reserved = counter.reserved, .in_flight = counter.in_flight};
  for (const auto& [bucket, spent] : counter.spent) {
    const std::int64_t end = (bucket + 1) * bucket_length(ref);
    const std::int64_t window_start = now.time_since_epoch().count() - ref.rolling.count() * 1000;
    if (ref.rolling.count() > 0 && end <= window_start) continue;
    state.spent = plus(state.spent, spent.amount);
    state.requests += spent.requests;
  }
  return state;
}

std::vector<CounterState> ModelLedger::states_of(const std::vector<HoldLine>& lines,
                                                 Time now) const {
  std::vector<CounterState> states;
  for (const HoldLine& line : lines) states.push_back(state_of(line.counter, now));
  return states;
}

Async<ReserveOutcome> ModelLedger::reserve(ReserveRequest request) {
  const std::scoped_lock lock(mutex_);
  sweep(request.now);
  if (const auto open = holds_.find(request.id); open != holds_.end()) {
    if (!same_lines(open->second.request.lines, request.lines)) {
      co_return std::unexpected(LedgerError::duplicate_hold);
    }
    co_return ReserveOutcome{{}, states_of(request.lines, request.now)};
  }
  if (resolved(request.id)) co_return std::unexpected(LedgerError::already_resolved);
  Hold hold{request, std::vector<Amount>(request.lines.size()), {}};
  for (const HoldLine& line : request.lines) hold.in_room.push_back(line.amount);
  Allocation* lender = nullptr;
  if (!request.allocation_id.empty()) {
    const auto found = allocations_.find(request.allocation_id);
    if (found == allocations_.end() || found->second.released) {
      co_return std::unexpected(LedgerError::no_such_allocation);
    }
    lender = &found->second;
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const HoldLine& line = request.lines[i];
    Limits limits = line.limits;
    Amount rest = line.amount;
    for (std::size_t j = 0; lender && j < lender->remaining.size(); ++j) {
      if (lender->request.lines[j].counter.key != line.counter.key) continue;
      hold.drawn[i] = least(line.amount, lender->remaining[j]);
      rest = minus(line.amount, hold.drawn[i]);
      limits = of_what_is_asked(limits, rest);
    }
    const auto broken =
        policy::broken_limit(line.enforcement, limits, state_of(line.counter, request.now), rest);
    if (broken) {
      co_return ReserveOutcome{Shortfall{i, *broken}, states_of(request.lines, request.now)};
    }
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    Counter& counter = touch(request.lines[i].counter);
    counter.reserved = plus(counter.reserved, minus(request.lines[i].amount, hold.drawn[i]));
    counter.in_flight += 1;
    for (std::size_t j = 0; lender && j < lender->remaining.size(); ++j) {
      if (lender->request.lines[j].counter.key != request.lines[i].counter.key) continue;
      lender->remaining[j] = minus(lender->remaining[j], hold.drawn[i]);
    }
  }
  holds_[request.id] = hold;
  co_return ReserveOutcome{{}, states_of(request.lines, request.now)};
}

Async<ReserveOutcome> ModelLedger::extend(std::string id, Amount amount, Time lease_until) {
  const std::scoped_lock lock(mutex_);
  const auto open = holds_.find(id);
  if (open == holds_.end()) {
    co_return std::unexpected(resolved(id) ? LedgerError::already_resolved
                                           : LedgerError::unknown_hold);
  }
  ReserveRequest& request = open->second.request;
  request.lease_until = std::max(request.lease_until, lease_until);
  const auto lender = allocations_.find(request.allocation_id);
  std::vector<Amount> more, drawn(request.lines.size());
  std::vector<bool> passed(request.lines.size());
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const HoldLine& line = request.lines[i];
    more.push_back(minus(most(line.amount, amount), line.amount));
    if (lender != allocations_.end()) {
      for (std::size_t j = 0; j < lender->second.remaining.size(); ++j) {
        if (lender->second.request.lines[j].counter.key != line.counter.key) continue;
        drawn[i] = least(more[i], lender->second.remaining[j]);
      }
    }
    const Amount rest = minus(more[i], drawn[i]);
    if (line.enforcement != Enforcement::room) continue;
    const auto broken =
        policy::broken_limit(line.enforcement, without_calls(of_what_is_asked(line.limits, rest)),
                             state_of(line.counter, request.now), rest);
    passed[i] = broken.has_value();
    if (broken && !line.may_pass) {
      co_return ReserveOutcome{Shortfall{i, *broken}, states_of(request.lines, request.now)};
    }
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    HoldLine& line = request.lines[i];
    Counter& counter = touch(line.counter);
    counter.reserved = plus(counter.reserved, minus(more[i], drawn[i]));
    if (lender != allocations_.end()) {
      for (std::size_t j = 0; j < lender->second.remaining.size(); ++j) {
        if (lender->second.request.lines[j].counter.key != line.counter.key) continue;
        lender->second.remaining[j] = minus(lender->second.remaining[j], drawn[i]);
      }
    }
    line.amount = plus(line.amount, more[i]);
    if (!passed[i] && more[i] != Amount{}) open->second.in_room[i] = line.amount;
    open->second.drawn[i] = plus(open->second.drawn[i], drawn[i]);
  }
  raise(request.if_lapsed, amount);
  co_return ReserveOutcome{{}, states_of(request.lines, request.now)};
}

void ModelLedger::give_back(const Hold& hold, const Amount& used) {
  const auto lender = allocations_.find(hold.request.allocation_id);
  for (std::size_t i = 0; i < hold.request.lines.size(); ++i) {
    const HoldLine& line = hold.request.lines[i];
    Counter& counter = touch(line.counter);
    counter.reserved = minus(counter.reserved, line.amount);
    counter.in_flight -= 1;
    if (lender == allocations_.end() || lender->second.released) continue;
    const Amount back = least(hold.drawn[i], most(minus(line.amount, used), {}));
    for (std::size_t j = 0; j < lender->second.remaining.size(); ++j) {
      if (lender->second.request.lines[j].counter.key != line.counter.key) continue;
      lender->second.remaining[j] = plus(lender->second.remaining[j], back);
      counter.reserved = plus(counter.reserved, back);
    }
  }
}

void ModelLedger::charge(Hold hold, UsageRecord record) {
  record.timestamp = hold.request.now;
  give_back(hold, used_by(record));
  std::vector<CounterRef> lines;
  for (const HoldLine& line : hold.request.lines) {
    Spent& spent = touch(line.counter).spent[bucket_of(line.counter, hold.request.now)];
    spent.amount = plus(spent.amount, used_by(record));
    spent.requests += 1;
    lines.push_back(line.counter);
  }
  records_[record.request_id] = {record, lines};
}

Async<SettleOutcome> ModelLedger::settle(UsageRecord record) {
  const std::scoped_lock lock(mutex_);
  const auto open = holds_.find(record.request_id);
  if (open == holds_.end()) {
    co_return std::unexpected(resolved(record.request_id) ? LedgerError::already_resolved
                                                          : LedgerError::unknown_hold);
  }
  const Hold hold = std::move(open->second);
  holds_.erase(open);
  SettleOutcome outcome;
  for (const Amount& in_room : hold.in_room) {
    outcome.overrun = most(outcome.overrun, minus(used_by(record), in_room));
  }
  charge(hold, record);
  outcome.states = states_of(hold.request.lines, record.ended_at);
  co_return outcome;
}

Async<bool> ModelLedger::release(std::string id) {
  const std::scoped_lock lock(mutex_);
  const auto open = holds_.find(id);
  if (open == holds_.end()) {
    co_return std::unexpected(resolved(id) ? LedgerError::already_resolved
                                           : LedgerError::unknown_hold);
  }
  give_back(open->second, {});
  holds_.erase(open);
  released_.insert(id);
  co_return true;
}

void ModelLedger::lapse(const std::string& id, Time now) {
  const Hold hold = holds_.at(id);
  holds_.erase(id);
  UsageRecord record = hold.request.if_lapsed;
  record.request_id = id;
  record.ended_at = now;
  record.estimated = true;
  charge(hold, record);
}

void ModelLedger::expire(Allocation& allocation) {
  if (allocation.released) return;
  for (std::size_t j = 0; j < allocation.remaining.size(); ++j) {
    Counter& counter = touch(allocation.request.lines[j].counter);
    counter.reserved = minus(counter.reserved, allocation.remaining[j]);
    allocation.remaining[j] = {};
  }
  allocation.released = true;
}

std::size_t ModelLedger::sweep(Time now) {
  std::vector<std::string> ended;
  for (const auto& [id, hold] : holds_) {
    if (lapsed(hold.request.lease_until, now)) ended.push_back(id);
  }
  for (const std::string& id : ended) lapse(id, now);
  for (auto& [id, allocation] : allocations_) {
    if (allocation.request.expires_at && *allocation.request.expires_at <= now) expire(allocation);
  }
  return ended.size();
}

Async<std::size_t> ModelLedger::reap(Time now) {
  const std::scoped_lock lock(mutex_);
  const std::size_t count = sweep(now);
  std::set<std::string> set_aside;  // counters of allocations that have not ended
  for (const auto& [id, allocation] : allocations_) {
    if (allocation.released) continue;
    for (const HoldLine& line : allocation.request.lines) set_aside.insert(line.counter.key);
  }
  std::erase_if(counters_, [&](const auto& entry) {
    const Counter& counter = entry.second;
    return !set_aside.contains(entry.first) && counter.ref.expires_at &&
           *counter.ref.expires_at <= now && counter.in_flight == 0 && counter.reserved == Amount{};
  });
  co_return count;
}

Async<bool> ModelLedger::record(UsageRecord record, std::vector<CounterRef> lines) {
  const std::scoped_lock lock(mutex_);
  if (holds_.contains(record.request_id)) co_return std::unexpected(LedgerError::duplicate_hold);
  if (released_.contains(record.request_id)) {
    co_return std::unexpected(LedgerError::already_resolved);
  }
  const auto kept = records_.find(record.request_id);
  const bool is_new = kept == records_.end();
  Amount difference = used_by(record);
  if (!is_new) {
    if (!kept->second.record.estimated) co_return std::unexpected(LedgerError::already_resolved);
    difference = minus(difference, used_by(kept->second.record));
    record.timestamp = kept->second.record.timestamp;
    record.policies = kept->second.record.policies;
    lines = kept->second.lines;
  }
  for (const CounterRef& ref : lines) {
    if (!is_new && !counters_.contains(ref.key)) continue;  // forgotten since
    Spent& spent = touch(ref).spent[bucket_of(ref, record.timestamp)];
    spent.amount = plus(spent.amount, difference);
    spent.requests += is_new ? 1 : 0;
  }
  records_[record.request_id] = {record, lines};
  co_return is_new;
}

Async<ReserveOutcome> ModelLedger::allocate(AllocateRequest request) {
  const std::scoped_lock lock(mutex_);
  sweep(request.now);
  if (const auto found = allocations_.find(request.id); found != allocations_.end()) {
    if (found->second.released) co_return std::unexpected(LedgerError::already_resolved);
    if (!same_lines(found->second.request.lines, request.lines)) {
      co_return std::unexpected(LedgerError::duplicate_hold);
    }
    co_return ReserveOutcome{{}, states_of(request.lines, request.now)};
  }
  Allocation allocation{request, {}, false};
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const HoldLine& line = request.lines[i];
    const auto broken = policy::broken_limit(line.enforcement, without_calls(line.limits),
                                             state_of(line.counter, request.now), line.amount);
    if (broken) {
      co_return ReserveOutcome{Shortfall{i, *broken}, states_of(request.lines, request.now)};
    }
    allocation.remaining.push_back(line.amount);
  }
  for (const HoldLine& line : request.lines) {
    Counter& counter = touch(line.counter);
    counter.reserved = plus(counter.reserved, line.amount);
  }
  allocations_[request.id] = allocation;
  co_return ReserveOutcome{{}, states_of(request.lines, request.now)};
}

Async<AllocationState> ModelLedger::allocation(std::string id) {
  const std::scoped_lock lock(mutex_);
  const auto found = allocations_.find(id);
  if (found == allocations_.end()) co_return std::unexpected(LedgerError::no_such_allocation);
  const Allocation& allocation = found->second;
  AllocationState state{id, {}, {}, allocation.request.expires_at, allocation.released};
  for (std::size_t j = 0; j < allocation.remaining.size(); ++j) {
    const Amount& allocated = allocation.request.lines[j].amount;
    state.allocated = j == 0 ? allocated : least(state.allocated, allocated);
    state.remaining =
        j == 0 ? allocation.remaining[j] : least(state.remaining, allocation.remaining[j]);
  }
  co_return state;
}

Async<AllocationState> ModelLedger::release_allocation(std::string id) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = allocations_.find(id);
    if (found != allocations_.end()) expire(found->second);
  }
  co_return co_await allocation(id);
}

Async<std::vector<CounterState>> ModelLedger::read(std::vector<CounterRef> counters, Time now) {
  const std::scoped_lock lock(mutex_);
  std::vector<CounterState> states;
  for (const CounterRef& ref : counters) states.push_back(state_of(ref, now));
  co_return states;
}

void ModelLedger::restart(Time now) {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> open;
  for (const auto& [id, hold] : holds_) open.push_back(id);
  for (const std::string& id : open) lapse(id, now);
}

std::vector<UsageRecord> ModelLedger::records() const {
  const std::scoped_lock lock(mutex_);
  std::vector<UsageRecord> all;
  for (const auto& [id, kept] : records_) all.push_back(kept.record);
  return all;
}

}  // namespace budget::ledger
