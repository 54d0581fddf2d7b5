#include "policy/ledger/outage_ledger.h"

#include <atomic>
#include <utility>

#include "policy/ledger/courier.h"
#include "policy/ledger/delivery.h"
#include "policy/ledger/outage_calls.h"

namespace budget::ledger {
namespace {

using Hold = OutageCalls::Hold;

const policy::Clock& system_clock() {
  static const policy::SystemClock clock;
  return clock;
}

std::vector<OwedLine> lines_on(const std::vector<CounterRef>& counters) {
  std::vector<OwedLine> lines;
  lines.reserve(counters.size());
  for (const CounterRef& counter : counters) lines.push_back({counter, {}});
  return lines;
}

}  // namespace

class OutageLedger::Parts {
 public:
  Parts(Ledger& to, OutageOptions from, std::unique_ptr<SettlementJournal> opened)
      : store(to),
        options(std::move(from)),
        journal(std::move(opened)),
        calls(options.replayed_for, options.replayed_max),
        courier(std::make_unique<Courier>(store, *journal, calls,
                                          CourierOptions{options.retry_first, options.retry_longest,
                                                         options.clock, options.log})) {}

  [[nodiscard]] bool full() const {
    const Backlog backlog = journal->backlog();
    return backlog.bytes > options.bytes_max || (backlog.disk_failing && courier->away());
  }
  bool keep(Owed owed, Journal::Need need) {
    owed.kept_at = options.clock->now();
    if (!journal->keep(owed, need)) return false;
    kept.fetch_add(1, std::memory_order_relaxed);
    courier->wake();
    return true;
  }
  // For what has happened already and must not be lost.
  void keep(Owed::Kind kind, UsageRecord record, std::vector<OwedLine> lines) {
    Owed owed;
    owed.kind = kind;
    owed.record = std::move(record);
    owed.lines = std::move(lines);
    keep(std::move(owed), Journal::Need::must_keep);
  }
  void acknowledged(Owed::Kind kind, UsageRecord record, std::vector<OwedLine> lines) {
    Owed owed;
    owed.kind = kind;
    owed.record = std::move(record);
    owed.lines = std::move(lines);
    calls.acknowledged(std::move(owed), std::chrono::steady_clock::now());
  }

  Async<SettleOutcome> settle_lost(UsageRecord record, std::vector<OwedLine> lines);

  Ledger& store;
  const OutageOptions options;
  std::unique_ptr<SettlementJournal> journal;
  OutageCalls calls;
  std::atomic<std::int64_t> kept{0}, lost{0};
  std::unique_ptr<Courier> courier;  // last: its thread uses the others
};

std::expected<std::unique_ptr<OutageLedger>, std::string> OutageLedger::open(
    Ledger& store, OutageOptions options) {
  if (!options.clock) options.clock = &system_clock();
  if (!options.journal.log) options.journal.log = options.log;
  auto journal = SettlementJournal::open(options.journal);
  if (!journal) return std::unexpected(std::move(journal.error()));
  auto parts = std::make_unique<Parts>(store, std::move(options), std::move(*journal));
  return std::unique_ptr<OutageLedger>(new OutageLedger(std::move(parts)));
}

OutageLedger::OutageLedger(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
OutageLedger::~OutageLedger() = default;

Async<ReserveOutcome> OutageLedger::reserve(ReserveRequest request) {
  if (parts_->full()) co_return std::unexpected(LedgerError::backlog_full);
  Owed hold = owed_of(request);
  auto outcome = co_await parts_->store.reserve(std::move(request));
  // One whose outcome is unknown is remembered too: its caller will say whether
  // the call goes on or is given back.
  if (outcome && !outcome->shortfall) {
    parts_->calls.held(std::move(hold), Hold::made);
  } else if (!outcome && outcome.error() == LedgerError::timeout) {
    parts_->calls.held(std::move(hold), Hold::unknown);
  }
  co_return outcome;
}

Async<bool> OutageLedger::admit_unheld(ReserveRequest request) {
  if (parts_->full()) co_return std::unexpected(LedgerError::backlog_full);
  Owed hold = owed_of(request);
  // Known before it can be delivered, so that it is held and not charged.
  parts_->calls.held(hold, Hold::pending);
  parts_->courier->store_is_away("a call goes on without a hold");
  if (parts_->keep(hold, Journal::Need::may_fail)) co_return true;
  parts_->calls.over(hold.id());
  co_return std::unexpected(LedgerError::backlog_full);
}

Async<ReserveOutcome> OutageLedger::extend(std::string id, Amount amount, Time lease_until) {
  auto outcome = co_await parts_->store.extend(id, amount, lease_until);
  if (outcome && !outcome->shortfall) parts_->calls.extended(id, amount);
  co_return outcome;
}

// The store forgot the hold: a failover took it, or the store was emptied.
Async<SettleOutcome> OutageLedger::Parts::settle_lost(UsageRecord record,
                                                      std::vector<OwedLine> lines) {
  std::vector<CounterRef> counters;
  for (const OwedLine& line : lines) counters.push_back(line.counter);
  const auto recorded = co_await store.record(record, std::move(counters));
  if (!recorded && recorded.error() == LedgerError::already_resolved) {
    co_return std::unexpected(LedgerError::already_resolved);
  }
  if (recorded) {
    lost.fetch_add(1, std::memory_order_relaxed);
    acknowledged(Owed::Kind::settle, std::move(record), std::move(lines));
  } else {
    keep(Owed::Kind::settle, std::move(record), std::move(lines));
  }
  co_return SettleOutcome{};
}

Async<SettleOutcome> OutageLedger::settle(UsageRecord record) {
  const std::string id = record.request_id;
  auto hold = parts_->calls.hold_of(id);
  // Nothing is kept of a call that was never held here: on which counters it
  // belongs nobody could say. The store's answer is its caller's.
  if (!hold) co_return co_await parts_->store.settle(std::move(record));
  std::vector<OwedLine> lines = std::move(hold->lines);
  Result<SettleOutcome> settled = std::unexpected(LedgerError::unavailable);
  if (!parts_->courier->away()) settled = co_await parts_->store.settle(record);
  parts_->calls.over(id);
  if (settled) {
    parts_->acknowledged(Owed::Kind::settle, std::move(record), std::move(lines));
    co_return settled;
  }
  if (settled.error() == LedgerError::unknown_hold) {
    co_return co_await parts_->settle_lost(std::move(record), std::move(lines));
  }
  if (!store_is_away(settled.error())) co_return settled;
  parts_->courier->store_is_away(name_of(settled.error()));
  parts_->keep(Owed::Kind::settle, std::move(record), std::move(lines));
  co_return SettleOutcome{};
}

Async<bool> OutageLedger::release(std::string id) {
  auto hold = parts_->calls.hold_of(id);
  const bool unknown = parts_->calls.began_as(id) == Hold::unknown;
  auto released = co_await parts_->store.release(id);
  parts_->calls.over(id);
  if (released || !hold) co_return released;
  const bool away = store_is_away(released.error());
  const bool lapsed = released.error() == LedgerError::already_resolved;
  if (!away && !(unknown && lapsed)) co_return released;
  if (away) parts_->courier->store_is_away(name_of(released.error()));
  Owed owed = std::move(*hold);
  owed.kind = Owed::Kind::release;
  owed.record.usage = {};
  owed.record.cost = {};
  owed.record.estimated = false;
  parts_->keep(std::move(owed), Journal::Need::must_keep);
  co_return true;
}

Async<bool> OutageLedger::record(UsageRecord record, std::vector<CounterRef> lines) {
  const std::string id = record.request_id;
  if (parts_->calls.over_while_pending(id)) {
    parts_->keep(Owed::Kind::record, std::move(record), lines_on(lines));
    co_return true;
  }
  Result<bool> recorded = std::unexpected(LedgerError::unavailable);
  if (!parts_->courier->away()) recorded = co_await parts_->store.record(record, lines);
  if (!recorded && recorded.error() == LedgerError::duplicate_hold) {
    if (parts_->calls.began_as(id) != Hold::pending) co_return recorded;
    // A call that went on without a hold and got one after all: by a
    // reservation whose outcome was unknown, or because it was held later.
    const auto settled = co_await settle(std::move(record));
    if (!settled) co_return std::unexpected(settled.error());
    co_return true;
  }
  parts_->calls.over(id);
  if (recorded) {
    parts_->acknowledged(Owed::Kind::record, std::move(record), lines_on(lines));
  } else if (store_is_away(recorded.error())) {
    parts_->courier->store_is_away(name_of(recorded.error()));
    parts_->keep(Owed::Kind::record, std::move(record), lines_on(lines));
    co_return true;
  }
  co_return recorded;
}

Async<std::size_t> OutageLedger::reap(Time now) {
  return parts_->store.reap(now);
}

Async<ReserveOutcome> OutageLedger::allocate(AllocateRequest request) {
  return parts_->store.allocate(std::move(request));
}

Async<AllocationState> OutageLedger::allocation(std::string id) {
  return parts_->store.allocation(std::move(id));
}

Async<AllocationState> OutageLedger::release_allocation(std::string id) {
  return parts_->store.release_allocation(std::move(id));
}

Async<std::vector<CounterState>> OutageLedger::read(std::vector<CounterRef> counters, Time now) {
  return parts_->store.read(std::move(counters), now);
}

void OutageLedger::store_changed() {
  for (Owed& end : parts_->calls.take_acknowledged(std::chrono::steady_clock::now())) {
    parts_->keep(std::move(end), Journal::Need::must_keep);
  }
  parts_->courier->hold_again(parts_->calls.holds());
}

OutageStats OutageLedger::stats() const {
  OutageStats stats;
  stats.backlog = parts_->journal->backlog();
  if (stats.backlog.oldest) {
    stats.oldest_age = std::max(parts_->options.clock->now() - *stats.backlog.oldest,
                                std::chrono::milliseconds(0));
  }
  stats.away = parts_->courier->away();
  stats.full = parts_->full();
  stats.kept = parts_->kept;
  stats.delivered = parts_->courier->delivered();
  stats.lost_by_store = parts_->lost + parts_->courier->lost_by_store();
  stats.held_again = parts_->courier->held_again();
  return stats;
}

bool OutageLedger::drain(std::chrono::milliseconds patience) {
  return parts_->courier->drained(patience);
}

void OutageLedger::abandon() {
  parts_->courier.reset();
  parts_->journal->abandon();
}

}  // namespace budget::ledger
