// The embedded ledger's memory: counters, holds and allocations, and what may
// be done to them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/ledger/counter_table.h"
#include "policy/ledger/entry.h"
#include "policy/ledger/id_memory.h"
#include "policy/ledger/journal.h"
#include "policy/ledger/limits.h"
#include "policy/ledger/sqlite.h"

namespace budget::ledger {

struct BooksStats {
  std::int64_t open_holds = 0;
  std::int64_t lapsed = 0;    // holds charged because their lease ended, since start
  std::int64_t overruns = 0;  // settlements above their hold, since start
};

// Every operation journals its effect and then applies it, under the locks of
// all it touches, so the journal's order is an order in which it happened.
// Locks are taken in this order: the hold's shard, the allocations, the
// counters' shards, the journal. Thread-safe; never blocks on anything but
// those locks and a full journal ring.
class Books {
 public:
  // The journal must outlive the books and be opened already.
  Books(Journal& journal, std::size_t ids_remembered);

  // Recovery, in this order, by one thread: what the database has saved, then
  // every journal entry behind that, then the end of the dead process's holds.
  std::expected<void, std::string> load(Database& database);
  std::expected<void, std::string> replay(const Entry& entry);
  std::size_t lapse_all(Time now);

  // As Ledger's. `unknown_hold` means: not open, and not resolved of late; the
  // database may know more.
  Result<ReserveOutcome> reserve(ReserveRequest&& request);
  Result<ReserveOutcome> extend(const std::string& id, const Amount& amount, Time lease_until);
  Result<SettleOutcome> settle(UsageRecord&& record);
  Result<bool> release(const std::string& id);
  std::size_t reap(Time now);
  Result<ReserveOutcome> allocate(const AllocateRequest& request);
  Result<AllocationState> allocation(const std::string& id);
  Result<AllocationState> release_allocation(const std::string& id);
  std::vector<CounterState> read(const std::vector<CounterRef>& counters, Time now);

  [[nodiscard]] std::vector<CounterRef> counters() { return counters_.list(); }

  // A call made elsewhere. REQUIRES: the database has no record of that id.
  Result<bool> add_record(UsageRecord record, const std::vector<CounterRef>& lines);
  // Replaces `before`, which the database has, on counters that still are.
  void correct_record(const UsageRecord& before, UsageRecord after,
                      const std::vector<std::pair<std::int64_t, std::string>>& counters);

  // New holds are refused with storage_full while it is set.
  void set_backlogged(bool backlogged) { backlogged_ = backlogged; }
  [[nodiscard]] BooksStats stats() const;

 private:
  static constexpr std::size_t kHoldShards = 64;

  struct Rule {
    policy::Enforcement enforcement = policy::Enforcement::count;
    policy::Limits limits;
    bool may_pass = false;
    Amount in_room;  // held here when there last was room for all of it
  };
  struct Hold {
    HoldKept kept;
    std::vector<Counter*> counters;  // parallel to kept.lines
    std::vector<Rule> rules;         // too, but empty after recovery, which ends every hold
    CounterTable::Shards shards = 0;
  };
  struct alignas(64) HoldShard {
    std::mutex mutex;
    TextMap<std::unique_ptr<Hold>> holds;
    IdMemory resolved;
  };
  struct Allocation {
    AllocationKept kept;
    std::vector<Counter*> counters;  // parallel to kept.lines; empty once ended
    std::vector<Amount> remaining;
    CounterTable::Shards shards = 0;
    bool ended = false;
  };

  HoldShard& shard_of(std::string_view id) { return hold_shards_[TextHash{}(id) % kHoldShards]; }
  static std::vector<CounterState> states_of(const std::vector<Counter*>& counters, Time now);
  std::vector<CounterState> states_of(const std::vector<HoldLine>& lines, Time now);
  static bool same_lines(const std::vector<KeptLine>& kept, const std::vector<Counter*>& counters,
                         const std::vector<HoldLine>& asked);
  // The counter, made and journalled if it is new; nullptr: storage is full.
  Counter* counter_for(const CounterRef& ref, Journal::Need need);
  // The allocation's line on a counter; npos when it has none.
  static std::size_t line_on(const Allocation& allocation, const Counter* counter);
  Allocation* live_allocation(const std::string& id);

  Result<ReserveOutcome> hold_lines(ReserveRequest& request, HoldShard& shard, Allocation* lender);
  void charge_hold(HoldShard& shard, Hold& hold, UsageRecord&& record);
  void end_hold(Hold& hold, Allocation* lender, const Amount& used);
  void end_allocation(Allocation& allocation);
  void lapse(HoldShard& shard, Hold& hold, Time now);
  void sweep_if_due(Time now);
  std::size_t sweep(Time now);
  void due_at(Time time);
  AllocationState state_of(const Allocation& allocation) const;

  std::expected<void, std::string> load_counters(Database& database);
  std::expected<void, std::string> load_allocations(Database& database);
  std::expected<void, std::string> load_holds(Database& database);
  bool on(const CounterDefined& entry);
  bool on(const CounterForgotten& entry);
  bool on(const HoldKept& entry);
  bool on(const HoldReleased& entry);
  bool on(const Charged& entry);
  bool on(const Corrected& entry);
  bool on(const AllocationKept& entry);
  bool on(const AllocationEnded& entry);
  bool find_counters(const std::vector<KeptLine>& lines, std::vector<Counter*>& counters,
                     CounterTable::Shards& shards);

  Journal& journal_;
  CounterTable counters_;
  std::array<HoldShard, kHoldShards> hold_shards_;

  std::mutex allocations_mutex_;
  TextMap<std::unique_ptr<Allocation>> allocations_;
  std::deque<std::string> ended_allocations_;  // oldest first

  std::unordered_map<std::int64_t, Counter*> by_number_;  // during recovery only

  std::atomic<Time> next_due_{Time::max()};  // no lease or allocation ends before
  std::atomic<bool> backlogged_{false};
  std::atomic<std::int64_t> open_holds_{0}, lapsed_{0}, overruns_{0};
};

}  // namespace budget::ledger
