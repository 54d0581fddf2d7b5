#include "tests/contract/ledgers.h"

#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {

std::vector<LedgerMaker> all_ledgers() {
  return {model_maker(), embedded_maker()};
}

}  // namespace budget::ledger
