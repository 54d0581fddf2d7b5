// The ledger that survives outages, as a ledger under test.
#pragma once

#include "tests/contract/ledger_contract.h"

namespace budget::ledger {

// Over the model, which is there all the time: it must change nothing.
[[nodiscard]] LedgerMaker outage_maker();

}  // namespace budget::ledger
