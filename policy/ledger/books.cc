#include "policy/ledger/books.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "policy/ledger/amounts.h"

namespace budget::ledger {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Where an entry is encoded before it is appended: one buffer a thread, so
// that a call allocates none.
std::string& scratch() {
  static thread_local std::string buffer;
  return buffer;
}

}  // namespace

Books::Books(Journal& journal, std::size_t ids_remembered) : journal_(journal) {
  // Ids spread evenly enough over the shards, but not exactly.
  for (HoldShard& shard : hold_shards_) shard.resolved.keep(ids_remembered / kHoldShards + 1);
}

std::vector<CounterState> Books::states_of(const std::vector<Counter*>& counters, Time now) {
  std::vector<CounterState> states;
  states.reserve(counters.size());
  for (const Counter* counter : counters) states.push_back(counter->state(now));
  return states;
}

std::vector<CounterState> Books::states_of(const std::vector<HoldLine>& lines, Time now) {
  std::vector<CounterState> states;
  states.reserve(lines.size());
  for (const HoldLine& line : lines) {
    const Counter* counter = counters_.find(line.counter.key);
    states.push_back(counter ? counter->state(now) : CounterState{});
  }
  return states;
}

bool Books::same_lines(const std::vector<KeptLine>& kept, const std::vector<Counter*>& counters,
                       const std::vector<HoldLine>& asked) {
  if (kept.size() != asked.size()) return false;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (counters[i]->ref.key != asked[i].counter.key) return false;
    if (kept[i].amount != asked[i].amount) return false;
  }
  return true;
}

Counter* Books::counter_for(const CounterRef& ref, Journal::Need need) {
  if (Counter* known = counters_.find(ref.key)) return known;
  const std::int64_t number = counters_.next_number();
  encode(CounterDefined{number, ref}, scratch());
  if (!journal_.append(scratch(), need)) return nullptr;
  return &counters_.add(ref, number);
}

std::size_t Books::line_on(const Allocation& allocation, const Counter* counter) {
  const auto found = std::ranges::find(allocation.counters, counter);
  return found == allocation.counters.end()
             ? kNone
             : static_cast<std::size_t>(found - allocation.counters.begin());
}

Books::Allocation* Books::live_allocation(const std::string& id) {
  const auto found = allocations_.find(id);
  return found == allocations_.end() || found->second->ended ? nullptr : found->second.get();
}

void Books::due_at(Time time) {
  Time next = next_due_.load(std::memory_order_relaxed);
  while (time < next && !next_due_.compare_exchange_weak(next, time)) {
  }
}

Result<ReserveOutcome> Books::reserve(ReserveRequest&& request) {
  sweep_if_due(request.now);
  HoldShard& shard = shard_of(request.id);
  const std::scoped_lock lock(shard.mutex);
  if (const auto open = shard.holds.find(request.id); open != shard.holds.end()) {
    const Hold& hold = *open->second;
    const CounterTable::Lock counters(counters_, hold.shards);
    if (!same_lines(hold.kept.lines, hold.counters, request.lines)) {
      return std::unexpected(LedgerError::duplicate_hold);
    }
    return ReserveOutcome{{}, states_of(hold.counters, request.now)};
  }
  if (shard.resolved.contains(request.id)) return std::unexpected(LedgerError::already_resolved);
  if (request.allocation_id.empty()) return hold_lines(request, shard, nullptr);
  const std::scoped_lock allocations(allocations_mutex_);
  Allocation* lender = live_allocation(request.allocation_id);
  if (!lender) return std::unexpected(LedgerError::no_such_allocation);
  return hold_lines(request, shard, lender);
}

Result<ReserveOutcome> Books::hold_lines(ReserveRequest& request, HoldShard& shard,
                                         Allocation* lender) {
  auto hold = std::make_unique<Hold>();
  for (const HoldLine& line : request.lines) hold->shards |= CounterTable::bit_of(line.counter.key);
  const CounterTable::Lock lock(counters_, hold->shards);
  HoldKept& kept = hold->kept;
  kept.lines.resize(request.lines.size());
  hold->counters.resize(request.lines.size());
  hold->rules.reserve(request.lines.size());
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const HoldLine& line = request.lines[i];
    Counter* counter = hold->counters[i] = counters_.find(line.counter.key);
    KeptLine& to = kept.lines[i];
    to.amount = line.amount;
    hold->rules.push_back({line.enforcement, line.limits, line.may_pass, line.amount});
    const std::size_t lent = lender && counter ? line_on(*lender, counter) : kNone;
    if (lent != kNone) to.drawn = least(line.amount, lender->remaining[lent]);
    if (line.enforcement == policy::Enforcement::count) continue;
    const Amount rest = minus(line.amount, to.drawn);
    const CounterState state = counter ? counter->state(request.now) : CounterState{};
    const auto broken = policy::broken_limit(
        line.enforcement, lent == kNone ? line.limits : limits_on(line.limits, rest), state, rest);
    if (broken) return ReserveOutcome{Shortfall{i, *broken}, states_of(request.lines, request.now)};
  }
  if (backlogged_.load(std::memory_order_relaxed)) {
    return std::unexpected(LedgerError::storage_full);
  }
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    if (!hold->counters[i]) {
      hold->counters[i] = counter_for(request.lines[i].counter, Journal::Need::may_fail);
    }
    if (!hold->counters[i]) return std::unexpected(LedgerError::storage_full);
    kept.lines[i].counter = hold->counters[i]->number;
  }
  kept.id = std::move(request.id);
  kept.now = request.now;
  kept.lease_until = request.lease_until;
  kept.allocation_id = std::move(request.allocation_id);
  kept.if_lapsed = std::move(request.if_lapsed);
  encode(kept, scratch());
  if (!journal_.append(scratch(), Journal::Need::may_fail)) {
    return std::unexpected(LedgerError::storage_full);
  }
  for (std::size_t i = 0; i < kept.lines.size(); ++i) {
    Counter& counter = *hold->counters[i];
    const KeptLine& line = kept.lines[i];
    counter.reserved = plus(counter.reserved, minus(line.amount, line.drawn));
    counter.in_flight += 1;
    const std::size_t lent = lender ? line_on(*lender, &counter) : kNone;
    if (lent != kNone) lender->remaining[lent] = minus(lender->remaining[lent], line.drawn);
  }
  due_at(kept.lease_until + std::chrono::milliseconds(1));
  open_holds_.fetch_add(1, std::memory_order_relaxed);
  ReserveOutcome outcome{{}, states_of(hold->counters, request.now)};
  shard.holds.emplace(kept.id, std::move(hold));
  return outcome;
}

Result<ReserveOutcome> Books::extend(const std::string& id, const Amount& amount,
                                     Time lease_until) {
  HoldShard& shard = shard_of(id);
  const std::scoped_lock lock(shard.mutex);
  const auto open = shard.holds.find(id);
  if (open == shard.holds.end()) {
    return std::unexpected(shard.resolved.contains(id) ? LedgerError::already_resolved
                                                       : LedgerError::unknown_hold);
  }
  Hold& hold = *open->second;
  hold.kept.lease_until = std::max(hold.kept.lease_until, lease_until);
  const std::scoped_lock allocations(allocations_mutex_);
  Allocation* lender = live_allocation(hold.kept.allocation_id);
  const CounterTable::Lock counters(counters_, hold.shards);
  HoldKept raised = hold.kept;
  std::vector<Rule> rules = hold.rules;
  for (std::size_t i = 0; i < raised.lines.size(); ++i) {
    KeptLine& line = raised.lines[i];
    Rule& rule = rules[i];
    const Amount more = minus(most(line.amount, amount), line.amount);
    const std::size_t lent = lender ? line_on(*lender, hold.counters[i]) : kNone;
    const Amount drawn = lent == kNone ? Amount{} : least(more, lender->remaining[lent]);
    line.amount = plus(line.amount, more);
    line.drawn = plus(line.drawn, drawn);
    if (more == Amount{}) continue;
    // A call that was admitted below a threshold may pass it.
    std::optional<policy::Unit> broken;
    if (rule.enforcement == policy::Enforcement::room) {
      const Amount rest = minus(more, drawn);
      broken = policy::broken_limit(rule.enforcement, without_calls(limits_on(rule.limits, rest)),
                                    hold.counters[i]->state(hold.kept.now), rest);
    }
    if (!broken) {
      rule.in_room = line.amount;
    } else if (!rule.may_pass) {
      return ReserveOutcome{Shortfall{i, *broken}, states_of(hold.counters, hold.kept.now)};
    }
  }
  raise_to(raised.if_lapsed, amount);
  encode(raised, scratch());
  if (!journal_.append(scratch(), Journal::Need::may_fail)) {
    return std::unexpected(LedgerError::unavailable);
  }
  for (std::size_t i = 0; i < raised.lines.size(); ++i) {
    Counter& counter = *hold.counters[i];
    const KeptLine& before = hold.kept.lines[i];
    const KeptLine& after = raised.lines[i];
    const Amount drawn = minus(after.drawn, before.drawn);
    counter.reserved = plus(counter.reserved, minus(minus(after.amount, before.amount), drawn));
    const std::size_t lent = lender ? line_on(*lender, &counter) : kNone;
    if (lent != kNone) lender->remaining[lent] = minus(lender->remaining[lent], drawn);
  }
  hold.kept = std::move(raised);
  hold.rules = std::move(rules);
  return ReserveOutcome{{}, states_of(hold.counters, hold.kept.now)};
}

// Takes a hold off its counters; what was lent and not used goes back.
void Books::end_hold(Hold& hold, Allocation* lender, const Amount& used) {
  for (std::size_t i = 0; i < hold.kept.lines.size(); ++i) {
    const KeptLine& line = hold.kept.lines[i];
    Counter& counter = *hold.counters[i];
    counter.reserved = minus(counter.reserved, line.amount);
    counter.in_flight -= 1;
    const std::size_t lent = lender ? line_on(*lender, &counter) : kNone;
    if (lent == kNone) continue;
    const Amount back = least(line.drawn, most(minus(line.amount, used), {}));
    lender->remaining[lent] = plus(lender->remaining[lent], back);
    counter.reserved = plus(counter.reserved, back);
  }
  open_holds_.fetch_sub(1, std::memory_order_relaxed);
}

// REQUIRES: the hold's shard, the allocations and the counters are locked as
// the hold needs.
void Books::charge_hold(HoldShard& shard, Hold& hold, UsageRecord&& record) {
  record.timestamp = hold.kept.now;
  Allocation* lender =
      hold.kept.allocation_id.empty() ? nullptr : live_allocation(hold.kept.allocation_id);
  const Amount used = used_by(record);
  Charged entry{std::move(record), hold.kept.allocation_id, {}};
  entry.lines.reserve(hold.kept.lines.size());
  for (std::size_t i = 0; i < hold.kept.lines.size(); ++i) {
    const KeptLine& line = hold.kept.lines[i];
    ChargedLine charged{line.counter, {}};
    if (lender && line_on(*lender, hold.counters[i]) != kNone) {
      charged.consumed = minus(line.drawn, least(line.drawn, most(minus(line.amount, used), {})));
    }
    entry.lines.push_back(charged);
  }
  encode(entry, scratch());
  journal_.append(scratch(), Journal::Need::must_keep);
  end_hold(hold, lender, used);
  for (Counter* counter : hold.counters) counter->charge(hold.kept.now, used, 1);
  shard.resolved.add(hold.kept.id);
}

Result<SettleOutcome> Books::settle(UsageRecord&& record) {
  HoldShard& shard = shard_of(record.request_id);
  const std::scoped_lock lock(shard.mutex);
  const auto open = shard.holds.find(record.request_id);
  if (open == shard.holds.end()) {
    return std::unexpected(shard.resolved.contains(record.request_id)
                               ? LedgerError::already_resolved
                               : LedgerError::unknown_hold);
  }
  Hold& hold = *open->second;
  std::unique_lock allocations(allocations_mutex_, std::defer_lock);
  if (!hold.kept.allocation_id.empty()) allocations.lock();
  const CounterTable::Lock counters(counters_, hold.shards);
  SettleOutcome outcome;
  const Amount used = used_by(record);
  for (const Rule& rule : hold.rules) {
    outcome.overrun = most(outcome.overrun, minus(used, rule.in_room));
  }
  if (outcome.overrun != Amount{}) overruns_.fetch_add(1, std::memory_order_relaxed);
  const Time now = record.ended_at;
  charge_hold(shard, hold, std::move(record));
  outcome.states = states_of(hold.counters, now);
  shard.holds.erase(open);
  return outcome;
}

Result<bool> Books::release(const std::string& id) {
  HoldShard& shard = shard_of(id);
  const std::scoped_lock lock(shard.mutex);
  const auto open = shard.holds.find(id);
  if (open == shard.holds.end()) {
    return std::unexpected(shard.resolved.contains(id) ? LedgerError::already_resolved
                                                       : LedgerError::unknown_hold);
  }
  Hold& hold = *open->second;
  const std::scoped_lock allocations(allocations_mutex_);
  const CounterTable::Lock counters(counters_, hold.shards);
  encode(HoldReleased{id}, scratch());
  journal_.append(scratch(), Journal::Need::must_keep);
  end_hold(hold, live_allocation(hold.kept.allocation_id), {});
  shard.resolved.add(id);
  shard.holds.erase(open);
  return true;
}

std::vector<CounterState> Books::read(const std::vector<CounterRef>& counters, Time now) {
  CounterTable::Shards shards = 0;
  for (const CounterRef& ref : counters) shards |= CounterTable::bit_of(ref.key);
  const CounterTable::Lock lock(counters_, shards);
  std::vector<CounterState> states;
  states.reserve(counters.size());
  for (const CounterRef& ref : counters) {
    const Counter* counter = counters_.find(ref.key);
    states.push_back(counter ? counter->state(now) : CounterState{});
  }
  return states;
}

Result<bool> Books::add_record(UsageRecord record, const std::vector<CounterRef>& lines) {
  HoldShard& shard = shard_of(record.request_id);
  const std::scoped_lock lock(shard.mutex);
  if (shard.holds.contains(record.request_id)) return std::unexpected(LedgerError::duplicate_hold);
  if (shard.resolved.contains(record.request_id)) {
    return std::unexpected(LedgerError::already_resolved);
  }
  CounterTable::Shards shards = 0;
  for (const CounterRef& ref : lines) shards |= CounterTable::bit_of(ref.key);
  const CounterTable::Lock counters(counters_, shards);
  std::vector<Counter*> charged;
  const Amount used = used_by(record);
  const Time at = record.timestamp;
  const std::string id = record.request_id;
  Charged entry{std::move(record), "", {}};
  for (const CounterRef& ref : lines) {
    charged.push_back(counter_for(ref, Journal::Need::may_fail));
    if (!charged.back()) return std::unexpected(LedgerError::unavailable);
    entry.lines.push_back({charged.back()->number, {}});
  }
  encode(entry, scratch());
  if (!journal_.append(scratch(), Journal::Need::may_fail)) {
    return std::unexpected(LedgerError::unavailable);
  }
  for (Counter* counter : charged) counter->charge(at, used, 1);
  shard.resolved.add(id);
  return true;
}

void Books::correct_record(const UsageRecord& before, UsageRecord after,
                           const std::vector<std::pair<std::int64_t, std::string>>& counters) {
  CounterTable::Shards shards = 0;
  for (const auto& [number, key] : counters) shards |= CounterTable::bit_of(key);
  const CounterTable::Lock lock(counters_, shards);
  const Amount difference = minus(used_by(after), used_by(before));
  const Time at = after.timestamp;
  Corrected entry{std::move(after), used_by(before), {}};
  std::vector<Counter*> moved;
  for (const auto& [number, key] : counters) {
    Counter* counter = counters_.find(key);
    if (!counter || counter->number != number) continue;  // forgotten since
    moved.push_back(counter);
    entry.lines.push_back(number);
  }
  encode(entry, scratch());
  journal_.append(scratch(), Journal::Need::must_keep);
  for (Counter* counter : moved) counter->charge(at, difference, 0);
}

BooksStats Books::stats() const {
  return {open_holds_, lapsed_, overruns_};
}

}  // namespace budget::ledger
