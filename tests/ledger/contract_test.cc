// Every ledger there is, run through the contract.
#include "tests/contract/ledger_contract.h"

namespace budget::ledger {

INSTANTIATE_TEST_SUITE_P(Ledgers, LedgerContract, testing::Values(model_maker()),
                         [](const auto& each) { return each.param.name; });

}  // namespace budget::ledger
