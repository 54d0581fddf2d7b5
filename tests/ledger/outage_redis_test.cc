// Outages of a real Redis: stopped, killed and restarted, and the proxy killed
// meanwhile.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "policy/ledger/outage_ledger.h"
#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

const Time kNow = at(1'800'000'000'000);
constexpr int kCalls = 40;
constexpr std::chrono::seconds kPatience{60};

class OutageOfRedis : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
    server_ = std::make_unique<RedisServer>();
    options_ = options_for(*server_);
    options_.command_timeout = std::chrono::milliseconds(200);
    options_.must_be_reachable = false;
    open();
  }
  void open() {
    auto redis = RedisLedger::open(options_);
    ASSERT_TRUE(redis) << redis.error();
    OutageOptions options;
    options.journal.folder = folder_.path();
    options.journal.ring_bytes = 256u << 10;
    options.retry_longest = std::chrono::milliseconds(100);
    auto opened = OutageLedger::open(**redis, options);
    ASSERT_TRUE(opened) << opened.error();
    redis_ = std::move(*redis);
    ledger_ = std::move(*opened);
  }
  static ReserveRequest request(const std::string& id) {
    return call(id, {line(counter("a"), amount(60))}, kNow);
  }
  void hold_all() {
    for (int i = 0; i < kCalls; ++i) {
      // A slow machine may need more than one command_timeout.
      const auto held = [&] { return run(ledger_->reserve(request(std::to_string(i)))); };
      while (!held()) {
      }
    }
  }
  void settle_all() {
    for (int i = 0; i < kCalls; ++i) {
      ASSERT_TRUE(run(ledger_->settle(usage_record(std::to_string(i), amount(40), kNow))));
    }
  }
  void expect_exact(int calls) {
    ASSERT_TRUE(ledger_->drain(kPatience));
    Result<std::vector<CounterState>> states = std::unexpected(LedgerError::timeout);
    while (!states) states = run(redis_->read({counter("a")}, kNow));
    EXPECT_EQ(states->at(0), (CounterState{.spent = amount(40 * calls), .requests = calls}));
    EXPECT_EQ(redis_records(*server_, options_.name_space).size(), static_cast<std::size_t>(calls));
    const OutageStats stats = ledger_->stats();
    EXPECT_EQ(stats.backlog.entries, 0);
  }

  std::unique_ptr<RedisServer> server_;
  RedisOptions options_;
  TemporaryFolder folder_;
  std::unique_ptr<RedisLedger> redis_;
  std::unique_ptr<OutageLedger> ledger_;
};

TEST_F(OutageOfRedis, StoppedServerCostsOneTimeoutAndGetsEverySettlementOnce) {
  hold_all();
  server_->signal(SIGSTOP);
  settle_all();
  EXPECT_GE(ledger_->stats().backlog.entries, kCalls);
  EXPECT_TRUE(ledger_->stats().away);
  server_->signal(SIGCONT);
  expect_exact(kCalls);
}

TEST_F(OutageOfRedis, KilledServerGetsThemWhenItIsBack) {
  hold_all();
  server_->kill();
  settle_all();
  EXPECT_EQ(ledger_->stats().backlog.entries, kCalls);
  ASSERT_FALSE(run(ledger_->reserve(request("unheld"))));
  ASSERT_TRUE(run(ledger_->admit_unheld(request("unheld"))));
  ASSERT_TRUE(run(ledger_->record(usage_record("unheld", amount(40), kNow), {counter("a")})));
  server_->start();
  expect_exact(kCalls + 1);
}

TEST_F(OutageOfRedis, SettlementsOfAProxyThatIsKilledMeanwhileAreDeliveredByTheNext) {
  hold_all();
  server_->kill();
  ledger_.reset();
  redis_.reset();
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    open();
    // Holds of the process before are not this one's to settle: it admits its own.
    for (int i = 0; i < kCalls; ++i) {
      const std::string id = "unheld-" + std::to_string(i);
      if (!run(ledger_->admit_unheld(request(id)))) ::_exit(2);
      if (!run(ledger_->record(usage_record(id, amount(40), kNow), {counter("a")}))) ::_exit(3);
    }
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(process, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
  open();
  EXPECT_EQ(ledger_->stats().backlog.entries, 2 * kCalls);
  server_->start();
  ASSERT_TRUE(ledger_->drain(kPatience));
  Result<std::size_t> lapsed = std::unexpected(LedgerError::timeout);
  while (!lapsed) lapsed = run(redis_->lapse_all(kNow));
  Result<std::vector<CounterState>> states = std::unexpected(LedgerError::timeout);
  while (!states) states = run(redis_->read({counter("a")}, kNow));
  EXPECT_EQ(states->at(0),
            (CounterState{.spent = amount(40 * kCalls + 60 * kCalls), .requests = 2 * kCalls}));
  EXPECT_EQ(redis_records(*server_, options_.name_space).size(), 2u * kCalls);
}

}  // namespace
}  // namespace budget::ledger
