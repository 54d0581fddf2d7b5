// Every ledger there is, run through the contract.
#include "tests/contract/ledger_contract.h"
#include "tests/contract/ledgers.h"

namespace budget::ledger {

INSTANTIATE_TEST_SUITE_P(Ledgers, LedgerContract, testing::ValuesIn(all_ledgers()),
                         [](const auto& each) { return each.param.name; });

}  // namespace budget::ledger
