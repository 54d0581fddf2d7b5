#include "tests/admin/redis_state_kinds.h"

#include <cstdlib>
#include <thread>

#include "tests/ledger/redis_under_test.h"

namespace budget::admin {

RedisReplica::RedisReplica(const ledger::RedisOptions& options)
    : ledger(*ledger::RedisLedger::open(options)),
      store(std::make_unique<RedisStateStore>(*ledger)) {}

ledger::RedisOptions redis_state_options() {
  ledger::RedisOptions options = ledger::options_for(ledger::shared_redis());
  options.time = ledger::TimeSource::redis;
  return options;
}

namespace {

class RedisUnderTest final : public StateUnderTest {
 public:
  StateStore& store() override { return *first_->store; }
  StateStore& replica() override { return *second_->store; }
  void reopen() override {
    first_.reset();
    first_ = std::make_unique<RedisReplica>(options_);
  }
  policy::Time now() override { return first_->ledger->clock().now(); }
  // Redis's own time is what a claim ends by, so it has to pass.
  void pass(std::chrono::milliseconds time) override { std::this_thread::sleep_for(time); }

 private:
  ledger::RedisOptions options_ = redis_state_options();
  std::unique_ptr<RedisReplica> first_ = std::make_unique<RedisReplica>(options_);
  std::unique_ptr<RedisReplica> second_ = std::make_unique<RedisReplica>(options_);
};

}  // namespace

std::vector<StateKind> state_kinds() {
  if (!ledger::RedisServer::installed()) return {};
  return {{"Redis", [] { return std::make_unique<RedisUnderTest>(); }}};
}

}  // namespace budget::admin
