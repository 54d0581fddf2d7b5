// What the Redis ledger does when Redis does not answer, or answers no.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

const Time kNow = at(1'800'000'000'000);

class RedisFaults : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
    server_ = std::make_unique<RedisServer>();
  }
  std::unique_ptr<RedisLedger> open(std::chrono::milliseconds timeout) {
    options_ = options_for(*server_);
    options_.command_timeout = timeout;
    auto opened = RedisLedger::open(options_);
    EXPECT_TRUE(opened) << opened.error();
    return opened ? std::move(*opened) : nullptr;
  }
  // Does it until it has an outcome, or a minute has passed. (run() has a loop,
  // and so a connection and a breaker, for each type of outcome.)
  template <class F>
  static auto until_known(F operation) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    for (;;) {
      auto outcome = run(operation());
      const bool known = outcome || (outcome.error() != LedgerError::timeout &&
                                     outcome.error() != LedgerError::unavailable);
      if (known || std::chrono::steady_clock::now() > until) return outcome;
    }
  }

  static CounterState state(RedisLedger& ledger, const std::string& name) {
    return until_known([&] { return ledger.read({counter(name)}, kNow); })
        .value_or(std::vector<CounterState>(1))
        .at(0);
  }

  std::unique_ptr<RedisServer> server_;
  RedisOptions options_;
};

TEST_F(RedisFaults, StoppedServerMeansTimeoutsInTimeAndRetriesByIdSettleOnce) {
  const auto ledger = open(std::chrono::milliseconds(300));
  for (const char* id : {"r0", "r1"}) {
    ASSERT_TRUE(run(ledger->reserve(call(id, {line(counter("a"), amount(60))}, kNow))));
  }
  ASSERT_TRUE(run(ledger->settle(usage_record("r0", amount(1), kNow))));
  server_->signal(SIGSTOP);
  const auto begun = std::chrono::steady_clock::now();
  const auto settled = run(ledger->settle(usage_record("r1", amount(40), kNow)));
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error(), LedgerError::timeout) << "it was sent, so it may be done yet";
  const auto reserve = [&] {
    return ledger->reserve(call("r2", {line(counter("a"), amount(7))}, kNow));
  };
  const auto reserved = run(reserve());
  ASSERT_FALSE(reserved);
  EXPECT_EQ(reserved.error(), LedgerError::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  EXPECT_EQ(ledger->stats().timeouts, 2);
  server_->signal(SIGCONT);
  const auto again =
      until_known([&] { return ledger->settle(usage_record("r1", amount(40), kNow)); });
  EXPECT_TRUE(again || again.error() == LedgerError::already_resolved);
  ASSERT_TRUE(until_known(reserve));
  EXPECT_EQ(
      state(*ledger, "a"),
      (CounterState{.spent = amount(41), .reserved = amount(7), .requests = 2, .in_flight = 1}));
  EXPECT_EQ(redis_records(*server_, options_.name_space).size(), 2u);
}

TEST_F(RedisFaults, BreakerAnswersAtOnceWhileRedisIsAway) {
  const auto ledger = open(std::chrono::seconds(30));
  server_->kill();
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(run(ledger->ping()).error(), LedgerError::unavailable);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  EXPECT_GT(ledger->stats().rejected, 500);
  server_->start();
  EXPECT_TRUE(until_known([&] { return ledger->ping(); }));
}

// Many calls in the pipeline when the connection is cut: each is sent again,
// none is done twice.
TEST_F(RedisFaults, CutConnectionsLoseNothingAndDoubleNothing) {
  const auto ledger = open(std::chrono::seconds(30));
  std::atomic<bool> done{false};
  std::atomic<std::int64_t> admitted{0}, lost{0};
  std::thread cutter([this, &done, &admitted] {
    // One cut for every few calls, however fast or slow the machine is.
    for (std::int64_t last = -1; !done; std::this_thread::yield()) {
      if (admitted - last < 5) continue;
      last = admitted;
      server_->ask({"CLIENT", "KILL", "TYPE", "normal"});
    }
  });
  constexpr int kThreads = 3;
  constexpr int kCalls = 150;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        Result<ReserveOutcome> held = std::unexpected(LedgerError::timeout);
        while (!held &&
               (held.error() == LedgerError::timeout || held.error() == LedgerError::unavailable)) {
          held = run(ledger->reserve(
              call(id, {line(counter("a"), amount(3), cost_limit(1'000'000))}, kNow)));
        }
        if (!held) ++lost;
        Result<SettleOutcome> settled = std::unexpected(LedgerError::timeout);
        while (!settled && settled.error() != LedgerError::already_resolved) {
          settled = run(ledger->settle(usage_record(id, amount(2), kNow)));
        }
        ++admitted;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  cutter.join();
  EXPECT_EQ(lost, 0);
  EXPECT_GT(ledger->stats().breaks, 0) << "and there were cuts";
  EXPECT_EQ(state(*ledger, "a"),
            (CounterState{.spent = amount(2 * admitted), .requests = admitted.load()}));
  EXPECT_EQ(redis_records(*server_, options_.name_space).size(),
            static_cast<std::size_t>(admitted));
}

TEST_F(RedisFaults, ScriptsAreSentAgainToAServerThatLostThem) {
  const auto ledger = open(std::chrono::seconds(30));
  ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(1))}, kNow))));
  ASSERT_TRUE(run(ledger->reserve(call("r2", {line(counter("a"), amount(1))}, kNow))));
  EXPECT_EQ(ledger->stats().scripts_sent, 1);
  server_->ask({"SCRIPT", "FLUSH"});
  ASSERT_TRUE(run(ledger->reserve(call("r3", {line(counter("a"), amount(1))}, kNow))));
  EXPECT_EQ(ledger->stats().scripts_sent, 2);
}

TEST_F(RedisFaults, FullMemoryRefusesNewCallsAndStillSettlesOpenOnes) {
  const auto ledger = open(std::chrono::seconds(30));
  ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(60))}, kNow))));
  server_->ask({"CONFIG", "SET", "maxmemory", "1"});
  const auto refused = run(ledger->reserve(call("r2", {line(counter("a"), amount(1))}, kNow)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), LedgerError::storage_full);
  const auto settled = run(ledger->settle(usage_record("r1", amount(40), kNow)));
  ASSERT_TRUE(settled) << name_of(settled.error());
  EXPECT_EQ(settled->states[0], (CounterState{.spent = amount(40), .requests = 1}));
  EXPECT_EQ(redis_records(*server_, options_.name_space).size(), 1u);
}

TEST_F(RedisFaults, ServerThatBecomesAReplicaIsNotWrittenTo) {
  const auto ledger = open(std::chrono::milliseconds(500));
  ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(1))}, kNow))));
  server_->ask({"REPLICAOF", "127.0.0.1", "1"});
  const auto reserve = [&] {
    return ledger->reserve(call("r2", {line(counter("a"), amount(1))}, kNow));
  };
  const auto refused = run(reserve());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), LedgerError::unavailable);
  server_->ask({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(until_known(reserve));
  EXPECT_EQ(state(*ledger, "a").in_flight, 2);
}

// With Redis's own time, what the caller's clock says does not matter: a lease
// is a length of time, and ends by the server's clock.
TEST_F(RedisFaults, LeasesEndByTheServersClock) {
  options_ = options_for(*server_);
  options_.time = TimeSource::redis;
  const auto ledger = *RedisLedger::open(options_);
  auto far = call("r1", {line(counter("a"), amount(60))}, kNow + std::chrono::hours(24 * 365));
  far.lease_until = far.now - std::chrono::milliseconds(1);
  ASSERT_TRUE(run(ledger->reserve(far)));
  auto near = call("r2", {line(counter("a"), amount(5))}, at(0));
  ASSERT_TRUE(run(ledger->reserve(near)));
  // Lapsed already: the next call's reservation has charged it.
  EXPECT_EQ(
      state(*ledger, "a"),
      (CounterState{.spent = amount(60), .reserved = amount(5), .requests = 1, .in_flight = 1}));
  EXPECT_EQ(run(ledger->reap(kNow + std::chrono::hours(24 * 900))), 0u);
  const auto ahead = ledger->clock().now() - policy::SystemClock().now();
  EXPECT_LT(std::chrono::abs(ahead), std::chrono::seconds(5)) << "it is the same machine";
}

}  // namespace
}  // namespace budget::ledger
