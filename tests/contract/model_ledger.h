// The ledger as it is meant: maps, one lock, no cleverness, no durability.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "policy/ledger/ledger.h"

namespace budget::ledger {

// Every other ledger is compared with this one. It shares no arithmetic with
// them but policy::broken_limit, which is the definition of "no room".
// Thread-safe. The two virtual judgements exist so that a test can plant a
// mistake in one of them and see that the suite notices.
class ModelLedger : public Ledger {
 public:
  Async<ReserveOutcome> reserve(ReserveRequest request) override;
  Async<ReserveOutcome> extend(std::string id, Amount amount, Time lease_until) override;
  Async<SettleOutcome> settle(UsageRecord record) override;
  Async<bool> release(std::string id) override;
  Async<std::size_t> reap(Time now) override;
  Async<bool> record(UsageRecord record, std::vector<CounterRef> lines) override;
  Async<ReserveOutcome> allocate(AllocateRequest request) override;
  Async<AllocationState> allocation(std::string id) override;
  Async<AllocationState> release_allocation(std::string id) override;
  Async<std::vector<CounterState>> read(std::vector<CounterRef> counters, Time now) override;

  // What a restart at `now` does: the dead process's holds lapse.
  void restart(Time now);
  // By request id.
  [[nodiscard]] std::vector<UsageRecord> records() const;

 protected:
  [[nodiscard]] virtual bool lapsed(Time lease_until, Time now) const { return lease_until < now; }
  [[nodiscard]] virtual bool resolved(const std::string& id) const;

 private:
  struct Spent {
    Amount amount;
    std::int64_t requests = 0;
  };
  struct Counter {
    CounterRef ref;
    std::map<std::int64_t, Spent> spent;  // by bucket; a counter that does not roll has bucket 0
    Amount reserved;
    std::int64_t in_flight = 0;
  };
  struct Hold {
    ReserveRequest request;
    std::vector<Amount> drawn;    // parallel to request.lines
    std::vector<Amount> in_room;  // too: held when there last was room for it
  };
  struct Allocation {
    AllocateRequest request;
    std::vector<Amount> remaining;  // parallel to request.lines
    bool released = false;
  };
  struct Kept {
    UsageRecord record;
    std::vector<CounterRef> lines;
  };

  Counter& touch(const CounterRef& ref);
  [[nodiscard]] CounterState state_of(const CounterRef& ref, Time now) const;
  [[nodiscard]] std::vector<CounterState> states_of(const std::vector<HoldLine>& lines,
                                                    Time now) const;
  void charge(Hold hold, UsageRecord record);
  void give_back(const Hold& hold, const Amount& used);
  void lapse(const std::string& id, Time now);
  void expire(Allocation& allocation);
  std::size_t sweep(Time now);

  mutable std::mutex mutex_;
  std::map<std::string, Counter> counters_;
  std::map<std::string, Hold> holds_;
  std::map<std::string, Allocation> allocations_;
  std::map<std::string, Kept> records_;
  std::set<std::string> released_;
};

}  // namespace budget::ledger
