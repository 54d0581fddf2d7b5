// How a store is told of what it is owed.
#pragma once

#include <expected>
#include <vector>

#include "policy/ledger/owed.h"

namespace budget::ledger {

enum class Delivered : std::uint8_t {
  done,   // the store has it, by this telling or an earlier one
  lost,   // the same, but it had forgotten the hold
  later,  // the store cannot be told now
};

// Tells the store of one entry. Asked again, by whomever, with the same entry,
// it changes nothing: settlements and records are idempotent by id.
// `live`: the call of an admitted entry goes on in this process and is held;
// else it is held with a lease that has ended, and so charged at its record.
Async<Delivered> deliver(Ledger& store, Owed owed, Time now, bool live);

// Whether an operation that failed so may succeed later with the same id.
[[nodiscard]] bool store_is_away(LedgerError error);

}  // namespace budget::ledger
