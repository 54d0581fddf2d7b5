// Random histories: what many clients do to a ledger, played on it and on the
// model, and compared after every step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/contract/ledger_contract.h"

namespace budget::ledger {

enum class Act : std::uint8_t {
  reserve,
  extend,
  settle,
  release,
  reap,
  crash,
  clock,
  limit,
  record,
  allocate,
  give_up,
};

// One step, complete in itself, so that any subset of a history is a history.
struct Step {
  Act act = Act::reserve;
  int call = 0;            // which call, or which allocation
  unsigned counters = 1;   // a bit for each counter touched
  bool draws = false;      // reserve: on allocation `call % kAllocations`
  std::int64_t value = 0;  // the amount, the limit, or milliseconds
};

using History = std::vector<Step>;

[[nodiscard]] History random_history(std::uint64_t seed, std::size_t steps);

// Plays `history` on a new ledger and a new model. What differed first, or
// which invariant broke; nullopt when all is well.
[[nodiscard]] std::optional<std::string> play(const History& history, const LedgerMaker& maker);

// A history that still fails, from which no single step can be taken away.
[[nodiscard]] History shrink(History failing, const LedgerMaker& maker);

[[nodiscard]] std::string to_text(const History& history);

}  // namespace budget::ledger
