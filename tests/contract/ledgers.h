// Which ledgers there are to test.
#pragma once

#include <vector>

#include "tests/contract/ledger_contract.h"

namespace budget::ledger {

// The model and every real one. A test program that runs them defines it.
[[nodiscard]] std::vector<LedgerMaker> all_ledgers();

}  // namespace budget::ledger
