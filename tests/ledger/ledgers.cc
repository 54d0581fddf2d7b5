#include "tests/contract/ledgers.h"

#include "tests/ledger/embedded_under_test.h"
#include "tests/ledger/outage_under_test.h"
#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {

std::vector<LedgerMaker> all_ledgers() {
  std::vector<LedgerMaker> all = {model_maker(), embedded_maker(), outage_maker()};
  // RedisIsInstalled says so where it is not.
  if (RedisServer::installed()) {
    all.push_back(redis_maker());
    all.push_back(redis_with_faults_maker());
  }
  return all;
}

}  // namespace budget::ledger
