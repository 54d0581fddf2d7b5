// The ledger: the one place where money is counted.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/counter.h"
#include "policy/ledger/usage_record.h"

namespace budget::ledger {

using policy::Amount;
using policy::CounterRef;
using policy::CounterState;
using policy::Time;

enum class LedgerError : std::uint8_t {
  unavailable,         // the store did not do it, and did not start to
  timeout,             // outcome unknown: ask again with the same id
  unknown_hold,        // no hold and no record of that id
  already_resolved,    // settled, released or lapsed before; the first one stands
  duplicate_hold,      // a hold of that id is open with other lines
  no_such_allocation,  // unknown, expired or released
  storage_full,        // the journal cannot grow; nothing was reserved
  backlog_full,        // what a store that is away is owed has no more room: no call may be let in
};
[[nodiscard]] std::string_view name_of(LedgerError error);

template <class T>
using Result = std::expected<T, LedgerError>;
template <class T>
// On its caller's loop, which one thread runs.
using Async = boost::asio::awaitable<Result<T>, boost::asio::io_context::executor_type>;

// One counter that a call is held against.
struct HoldLine {
  CounterRef counter;
  policy::Enforcement enforcement = policy::Enforcement::count;
  policy::Limits limits;
  Amount amount;  // what is held here until the call is settled
  // Once the call is in, extend() asks for no room here: the call may pass these
  // limits, and what of it did is an overrun.
  bool may_pass = false;
};

struct ReserveRequest {
  std::string id;    // the call's request id, at most 64 bytes
  Time now;          // admission; decides rolling buckets
  Time lease_until;  // when the hold lapses if nobody renews or resolves it
  std::vector<HoldLine> lines;
  std::string allocation_id;  // "" or the allocation to draw on first
  // The record that is written if the hold lapses: complete but for its end,
  // `estimated` set, its usage and cost what the call can have cost by then and
  // no more than any line holds where limits are to stand; extend() raises it
  // with the lines.
  UsageRecord if_lapsed;
};

// The first line without room, and the limit that has none.
struct Shortfall {
  std::size_t line = 0;
  policy::Unit unit = policy::Unit::cost;
};

struct ReserveOutcome {
  std::optional<Shortfall> shortfall;  // nullopt: held on every line
  // Parallel to the request's lines: after the reservation when it was made,
  // as found when it was not.
  std::vector<CounterState> states;
};

struct SettleOutcome {
  std::vector<CounterState> states;  // parallel to the hold's lines, after
  // Charged beyond what was held with room for it, on the line where that is
  // most; 0 where it was within.
  Amount overrun;
};

// Tokens set aside for a context: a long-lived hold that later calls draw on.
struct AllocateRequest {
  std::string id;
  Time now;
  std::optional<Time> expires_at;
  std::vector<HoldLine> lines;
};

struct AllocationState {
  std::string id;
  Amount allocated;
  Amount remaining;  // not drawn by a call in flight or spent
  std::optional<Time> expires_at;
  bool released = false;
};

// Counters, holds and records, in one of three forms: embedded, Redis, and the
// in-memory model that both are tested against (tests/contract).
//
// Every operation is atomic: it happens on all its counters or on none, and
// after a crash either wholly or not at all. All are idempotent by id: asked
// again with the same id they return the first outcome or `already_resolved`.
// Thread-safe. Arguments are taken by value, for they must outlive a
// suspension.
class Ledger {
 public:
  virtual ~Ledger() = default;

  // Holds request.lines, all or nothing. A refusal is an outcome, not an
  // error, and changes nothing. With an allocation, each line first takes from
  // what the allocation holds on the same counter and only the rest needs
  // room. Lapsed holds on the touched counters are charged first. An id is
  // for one call: after a refusal it may be tried again with other lines, after
  // a release it may not.
  // REQUIRES: no two lines on the same counter.
  // Errors: unavailable, timeout, storage_full, backlog_full, duplicate_hold,
  // no_such_allocation, already_resolved.
  virtual Async<ReserveOutcome> reserve(ReserveRequest request) = 0;

  // Says that a call goes on though reserve() of this request failed, because
  // its policies let it. It ends with record(); a ledger that keeps what its
  // store is owed (outage_ledger.h) writes request.if_lapsed should the process
  // end first. The others do nothing. Errors: backlog_full; then the call must
  // be refused, for nobody could remember it.
  virtual Async<bool> admit_unheld(ReserveRequest request);

  // Raises an open hold to at least `amount` on every line, and with it what
  // a lapse is charged at, and renews its lease. Only lines enforced as `room`
  // that the call may not pass can refuse, and never for requests or
  // concurrency: the call is in already. All or nothing: with a shortfall the
  // hold stays as it was, lease renewed. Errors: unknown_hold, already_resolved,
  // unavailable, timeout.
  virtual Async<ReserveOutcome> extend(std::string id, Amount amount, Time lease_until) = 0;

  // Replaces the hold by what was really used, which may exceed the hold, and
  // writes the record, in one step. The record is durable when this returns,
  // in the sense of docs/operations.md. What an allocation lent and the call
  // did not use goes back to it. Errors: unknown_hold, already_resolved,
  // unavailable, timeout. The record's timestamp becomes the admission's.
  virtual Async<SettleOutcome> settle(UsageRecord record) = 0;

  // Gives a hold back as if it had never been; no record, no request counted.
  // For a call that was not admitted after all. Errors as settle.
  virtual Async<bool> release(std::string id) = 0;

  // Charges every hold whose lease ended before `now` at its if_lapsed record,
  // ends the allocations that expired by then, and forgets idle counters that
  // did. Returns how many holds.
  virtual Async<std::size_t> reap(Time now) = 0;

  // Adds a call made elsewhere, or corrects the estimated record of the same
  // request_id: counters move by the difference. `lines` are the counters of
  // a new record; a correction keeps the lines, timestamp and policies of the
  // first. True: new; false: a correction. Errors: already_resolved (the record
  // stands and was not estimated, or the call was released), duplicate_hold
  // (the call is in flight), unavailable.
  virtual Async<bool> record(UsageRecord record, std::vector<CounterRef> lines) = 0;

  // Sets an allocation aside, under the same rules as reserve(), except that it
  // is no call: limits on requests and concurrency do not bear on it.
  virtual Async<ReserveOutcome> allocate(AllocateRequest request) = 0;
  virtual Async<AllocationState> allocation(std::string id) = 0;
  // Returns what remains to the counters. Idempotent.
  virtual Async<AllocationState> release_allocation(std::string id) = 0;

  // The counters' states at `now`; a counter never touched is all zero.
  virtual Async<std::vector<CounterState>> read(std::vector<CounterRef> counters, Time now) = 0;
};

}  // namespace budget::ledger
