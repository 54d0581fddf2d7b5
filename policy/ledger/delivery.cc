#include "policy/ledger/delivery.h"

#include <utility>

namespace budget::ledger {
namespace {

// Settles; what lapsed meanwhile is corrected, what the store lost is recorded.
Async<Delivered> settle(Ledger& store, Owed owed) {
  const auto settled = co_await store.settle(owed.record);
  if (settled) co_return Delivered::done;
  if (store_is_away(settled.error())) co_return Delivered::later;
  const bool lost = settled.error() == LedgerError::unknown_hold;
  const auto recorded = co_await store.record(owed.record, owed.counters());
  if (!recorded && store_is_away(recorded.error())) co_return Delivered::later;
  // A hold that came between the two is settled next time.
  if (!recorded && recorded.error() == LedgerError::duplicate_hold) co_return Delivered::later;
  // Or it stands already, and is no estimate: ours, or somebody's correction.
  co_return lost&& recorded ? Delivered::lost : Delivered::done;
}

Async<Delivered> record(Ledger& store, Owed owed) {
  const auto recorded = co_await store.record(owed.record, owed.counters());
  if (recorded || recorded.error() == LedgerError::already_resolved) co_return Delivered::done;
  // The reservation whose outcome was unknown had been made after all.
  if (recorded.error() == LedgerError::duplicate_hold) {
    co_return co_await settle(store, std::move(owed));
  }
  co_return Delivered::later;
}

// Gives back a hold that may have been made; one that lapsed before it could be
// was charged for a call that never was, and is corrected to nothing.
Async<Delivered> release(Ledger& store, Owed owed) {
  const auto released = co_await store.release(owed.id());
  if (!released && store_is_away(released.error())) co_return Delivered::later;
  if (released || released.error() != LedgerError::already_resolved) co_return Delivered::done;
  const auto recorded = co_await store.record(owed.record, owed.counters());
  co_return !recorded && store_is_away(recorded.error()) ? Delivered::later : Delivered::done;
}

// A call that is over without having said so is held too, with a lease that has
// ended: so it is charged at its record by the next sweep, unless what it did
// say, which may have come first, stands already.
Async<Delivered> admitted(Ledger& store, Owed owed, Time now, bool live) {
  if (!live) owed.lease = {};
  auto held = co_await store.reserve(owed.hold(now));
  if (!held && held.error() == LedgerError::no_such_allocation) {
    owed.allocation_id.clear();
    held = co_await store.reserve(owed.hold(now));
  }
  co_return !held && store_is_away(held.error()) ? Delivered::later : Delivered::done;
}

}  // namespace

bool store_is_away(LedgerError error) {
  return error == LedgerError::unavailable || error == LedgerError::timeout ||
         error == LedgerError::storage_full;
}

Async<Delivered> deliver(Ledger& store, Owed owed, Time now, bool live) {
  switch (owed.kind) {
    case Owed::Kind::settle:
      co_return co_await settle(store, std::move(owed));
    case Owed::Kind::record:
      co_return co_await record(store, std::move(owed));
    case Owed::Kind::release:
      co_return co_await release(store, std::move(owed));
    case Owed::Kind::admitted:
      co_return co_await admitted(store, std::move(owed), now, live);
  }
  co_return Delivered::done;
}

}  // namespace budget::ledger
