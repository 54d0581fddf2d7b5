// What the Redis ledger does when Redis does not answer, or answers no.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <thread>

#include "policy/ledger/redis_scripts.h"
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

TEST_F(RedisFaults, CallerThatIsCancelledStillLearnsTheOutcome) {
  const auto ledger = open(std::chrono::seconds(30));
  boost::asio::io_context loop{1};
  const auto start = [&](const std::string& id, auto handler) {
    boost::asio::co_spawn(loop, ledger->reserve(call(id, {line(counter("a"), amount(60))}, kNow)),
                          std::move(handler));
  };
  start("r1", [](const std::exception_ptr&, const Result<ReserveOutcome>&) {});
  loop.run();
  server_->signal(SIGSTOP);
  boost::asio::cancellation_signal hang_up;
  std::optional<bool> held;
  start("r2", boost::asio::bind_cancellation_slot(
                  hang_up.slot(),
                  [&held](const std::exception_ptr& error, const Result<ReserveOutcome>& outcome) {
                    held = !error && outcome && !outcome->shortfall;
                  }));
  loop.restart();
  // Until the command is out and only its reply is missing.
  while (loop.poll() > 0) {
  }
  hang_up.emit(boost::asio::cancellation_type::terminal);
  while (loop.poll() > 0) {
  }
  EXPECT_FALSE(held.has_value());
  server_->signal(SIGCONT);
  loop.run();
  EXPECT_EQ(held, true);
}

// The first sending of a settlement was done, its answer lost: the second is
// told from another's settlement by its token.
TEST_F(RedisFaults, SettlementSentAgainIsNoErrorAndAnotherOneIs) {
  const auto ledger = open(std::chrono::seconds(30));
  ASSERT_TRUE(run(ledger->reserve(call("r1", {line(counter("a"), amount(30))}, kNow))));
  const Scripts scripts({});
  const RequestFormat format{TimeSource::caller, std::chrono::hours(24), 100};
  const auto settle = [&](const char* token) {
    const RedisReply reply = server_->ask(
        {"EVAL", scripts.text(Script::settle), "1", "{" + options_.name_space + "}:leases",
         format.settle(usage_record("r1", amount(40), kNow), token)});
    return std::string(reply.value().at(0).text()) + " " +
           std::to_string(reply.value().at(2).integer());
  };
  EXPECT_EQ(settle("first"), "settled 10");
  EXPECT_EQ(settle("first"), "resent 10");
  EXPECT_EQ(settle("other"), "already_resolved 0");
  EXPECT_EQ(state(*ledger, "a"), (CounterState{.spent = amount(40), .requests = 1}));
}

// More than one script ends at most, and room only when all are charged.
TEST_F(RedisFaults, AllLapsedHoldsAreChargedBeforeACallIsRefused) {
  const auto ledger = open(std::chrono::seconds(30));
  constexpr int kHolds = 350;
  const policy::Limits limits = cost_limit(10 * kHolds);
  for (int i = 0; i < kHolds; ++i) {
    auto request = call(std::to_string(i), {line(counter("a"), amount(10), limits)}, kNow);
    request.if_lapsed = usage_record(request.id, amount(1), kNow);
    ASSERT_TRUE(run(ledger->reserve(request)));
  }
  const Time late = kNow + std::chrono::minutes(2);
  const auto outcome =
      run(ledger->reserve(call("last", {line(counter("a"), amount(9 * kHolds), limits)}, late)));
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->shortfall);
  EXPECT_EQ(outcome->states[0], (CounterState{.spent = amount(kHolds),
                                              .reserved = amount(9 * kHolds),
                                              .requests = kHolds,
                                              .in_flight = 1}));
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
