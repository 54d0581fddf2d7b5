// A ledger that forgets nothing while its store is away.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/clock.h"
#include "policy/ledger/ledger.h"
#include "policy/ledger/settlement_journal.h"

namespace budget::ledger {

struct OutageOptions {
  SettlementJournalOptions journal;
  // Beyond this backlog, or while its disk fails and the store is away, calls
  // are refused with backlog_full; those under way are kept still.
  std::uint64_t bytes_max = std::uint64_t{1} << 30;
  // How long after it was acknowledged a settlement is delivered again when the
  // store turns out to be another server, and how many at most.
  std::chrono::milliseconds replayed_for{10'000};
  std::size_t replayed_max = 16'384;
  // Between two attempts at a store that is away; doubles from the first on.
  std::chrono::milliseconds retry_first{50};
  std::chrono::milliseconds retry_longest{1'000};
  // What requests read `now` from: the store's clock where it has one. nullptr:
  // the system's. Must outlive the ledger.
  const policy::Clock* clock = nullptr;
  std::function<void(std::string_view)> log;  // one sentence an event; any thread
};

struct OutageStats {
  Backlog backlog;                                      // waits for the store
  std::optional<std::chrono::milliseconds> oldest_age;  // of the backlog's first entry
  bool away = false;               // the store did not take the last settlement
  bool full = false;               // new calls are refused for it
  std::int64_t kept = 0;           // entries put into the backlog, since start
  std::int64_t delivered = 0;      // entries taken out of it, since start
  std::int64_t lost_by_store = 0;  // holds that the store had forgotten; charged all the same
  std::int64_t held_again = 0;     // after the store was another server
};

// Wraps a ledger whose store may be away (Redis). What a finished call has to
// say and the store cannot be told now (unavailable, timeout, storage_full) is
// kept on disk: settle(), record() and release() then succeed, settle without
// states. A thread of its own delivers in order as soon as the store answers,
// also after the process was killed. Exactly once, for all are idempotent by
// id: what was settled already is done; a hold that lapsed meanwhile is
// corrected (to nothing, where it was given back); a hold that the store has
// lost is recorded on the lines it was held on. An entry that the store refuses
// while it takes others goes to the end of the queue. While the store is there,
// it changes nothing.
//
// A call that goes on without a hold (admit_unheld) is on disk before it does;
// when the store is back it is held like any other, and if the process ends
// before the call, its if_lapsed record is written.
//
// For the data plane. The admin side uses the store itself: it can tell its
// caller that the store is away.
//
// Thread-safe. Costs a copy of the request and two locks a call while the store
// is there. REQUIRES: every operation has completed before it is destroyed, and
// the store outlives it.
class OutageLedger final : public Ledger {
 public:
  // The error is one readable sentence.
  static std::expected<std::unique_ptr<OutageLedger>, std::string> open(Ledger& store,
                                                                        OutageOptions options);
  ~OutageLedger() override;  // what is not delivered stays on disk

  // After `timeout` the call either goes on (admit_unheld) or is given back
  // (release): it may be held.
  Async<ReserveOutcome> reserve(ReserveRequest request) override;
  Async<bool> admit_unheld(ReserveRequest request) override;
  Async<ReserveOutcome> extend(std::string id, Amount amount, Time lease_until) override;
  Async<SettleOutcome> settle(UsageRecord record) override;
  Async<bool> release(std::string id) override;
  Async<std::size_t> reap(Time now) override;
  Async<bool> record(UsageRecord record, std::vector<CounterRef> lines) override;
  Async<ReserveOutcome> allocate(AllocateRequest request) override;
  Async<AllocationState> allocation(std::string id) override;
  Async<AllocationState> release_allocation(std::string id) override;
  Async<std::vector<CounterState>> read(std::vector<CounterRef> counters, Time now) override;

  // Says that the store is another server than before, or was restarted: it may
  // have lost what it acknowledged last (Redis replicates after it answers).
  // Calls in flight are held again, and what was settled within replayed_for is
  // delivered again. Any thread; returns at once.
  void store_changed();

  [[nodiscard]] OutageStats stats() const;
  // Waits until nothing is left to deliver, or the time is up: false.
  bool drain(std::chrono::milliseconds patience);
  // Ends at once, as SIGKILL would, except that the folder is free again. No
  // operation may follow.
  void abandon();

 private:
  class Parts;
  explicit OutageLedger(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace budget::ledger
