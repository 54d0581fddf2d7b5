// Replicas and Redis are killed, stopped, paused and cut off at random moments:
// the limit holds, what was acknowledged is there, and every call has one
// record. BUDGET_ROUNDS makes a soak of it (tests/soak.sh).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "policy/ledger/redis_with_journal.h"
#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

constexpr int kReplicas = 3;
constexpr int kClients = 20;                  // of each
constexpr std::int64_t kLimitPerRound = 600;  // it is raised, so that no round is all refusals
constexpr std::int64_t kHeld = 3, kUsed = 2;
constexpr std::chrono::milliseconds kLease{500};

using Loop = boost::asio::io_context::executor_type;

// One line for each thing that the ledger acknowledged; a line is one write.
void say(int file, char what, const std::string& id) {
  const std::string text = std::string(1, what) + " " + id + "\n";
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(3);
}

std::vector<HoldLine> lines_within(std::int64_t limit) {
  return {line(counter("shared"), amount(kHeld), cost_limit(limit)),
          line(rolling_counter("rolling", std::chrono::hours(5)), amount(kHeld))};
}

// As the pipeline does: a hold that lapsed meanwhile is corrected.
Async<bool> end_call(OutageLedger& ledger, UsageRecord record) {
  const auto settled = co_await ledger.settle(record);
  if (settled) co_return true;
  if (settled.error() != LedgerError::already_resolved) {
    co_return std::unexpected(settled.error());
  }
  std::vector<CounterRef> lines;
  for (const HoldLine& each : lines_within(0)) lines.push_back(each.counter);
  const auto corrected = co_await ledger.record(std::move(record), std::move(lines));
  if (!corrected) co_return std::unexpected(corrected.error());
  co_return true;
}

// A client makes calls until its process is killed. Every seventh is never
// settled and every ninth is released.
boost::asio::awaitable<void, Loop> client(RedisWithJournal& both, std::string name,
                                          std::int64_t limit, int file) {
  OutageLedger& ledger = both.ledger();
  for (int n = 0;; ++n) {
    const std::string id = name + "-" + std::to_string(n);
    const Time now = both.redis().clock().now();
    auto request = call(id, lines_within(limit), now);
    request.lease_until = now + kLease;
    const auto held = co_await ledger.reserve(request);
    if (!held && held.error() == LedgerError::timeout) {
      say(file, 'q', id);  // it may be held or not, and costs nothing
      co_await ledger.release(id);
    }
    if (!held || held->shortfall) continue;
    say(file, 'r', id);
    if (n % 7 == 0) continue;
    if (n % 9 == 0) {
      say(file, 'q', id);  // from here on it may be gone, told or not
      co_await ledger.release(id);
      continue;
    }
    const UsageRecord record = usage_record(id, amount(kUsed), now);
    const auto ended = co_await end_call(ledger, record);
    if (!ended) ::_exit(6);
    say(file, 's', id);
  }
}

OutageOptions journal_of(const std::string& folder) {
  OutageOptions options;
  options.journal.folder = folder;
  options.journal.ring_bytes = 256u << 10;
  options.retry_longest = std::chrono::milliseconds(100);
  return options;
}

// Returns in the parent only.
pid_t start_replica(const RedisOptions& options, const std::string& name, std::int64_t limit,
                    const std::string& log, const std::string& journal) {
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process != 0) return process;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  auto ledger = RedisWithJournal::open(options, journal_of(journal));
  if (!ledger) {
    std::fprintf(stderr, "a replica cannot start: %s\n", ledger.error().c_str());
    ::_exit(2);
  }
  boost::asio::io_context loop{1};
  for (int i = 0; i < kClients; ++i) {
    boost::asio::co_spawn(loop, client(**ledger, name + "-" + std::to_string(i), limit, file),
                          [](const std::exception_ptr&) { ::_exit(4); });
  }
  loop.run();
  ::_exit(5);
}

void end(pid_t process) {
  ::kill(process, SIGKILL);
  int status = 0;
  ::waitpid(process, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "a replica ended by itself: " << WEXITSTATUS(status);
}

TEST(RedisKill, NothingAcknowledgedIsLostAndTheLimitHolds) {
  if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  RedisServer server;
  RedisOptions options = options_for(server);
  options.time = TimeSource::redis;
  options.must_be_reachable = false;  // a replica may start while Redis is down
  // Short, so that a Redis that is stopped leaves outcomes unknown.
  options.command_timeout = std::chrono::milliseconds(150);
  const char* asked = std::getenv("BUDGET_ROUNDS");
  const int rounds = std::max(1, asked ? std::atoi(asked) : 12);
  const std::int64_t limit = rounds * kLimitPerRound;
  const std::string log = server.folder() + "/acknowledged";
  std::array<pid_t, kReplicas> replicas{};
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < kReplicas; ++i) {
      // In the last round all, so that all go up to the whole limit.
      const bool killed = round == rounds - 1 || random() % 2 == 0;
      if (replicas[i] != 0 && killed) end(std::exchange(replicas[i], 0));
      if (replicas[i] == 0) {
        replicas[i] = start_replica(options, std::to_string(round) + "-" + std::to_string(i),
                                    kLimitPerRound * (round + 1), log,
                                    server.folder() + "/journal-" + std::to_string(i));
      }
    }
    // The moment is the point: anything may be under way.
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 200));
    if (round % 3 == 2) {
      server.kill();
      server.start();
    }
    if (round % 4 == 1) server.ask({"SCRIPT", "FLUSH"});
    if (round % 4 == 3) server.ask({"CLIENT", "KILL", "TYPE", "normal"});
    if (round % 4 == 0) server.ask({"CLIENT", "PAUSE", "250", "ALL"});
    if (round % 6 == 4) {
      // As a partition: nothing comes back, and what was sent arrives later.
      server.signal(SIGSTOP);
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      server.signal(SIGCONT);
    }
  }
  options.must_be_reachable = true;
  options.command_timeout = std::chrono::seconds(30);
  const auto ledger = *RedisLedger::open(options);
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  const auto committed = [&] {
    const auto states = run(ledger->read({counter("shared")}, Time()));
    return states ? (states->at(0).spent.cost + states->at(0).reserved.cost).value() : 0;
  };
  while (committed() <= limit - kHeld) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "the limit is not reached";
  }
  for (const pid_t replica : replicas) end(replica);

  std::int64_t kept = 0;
  for (int i = 0; i < kReplicas; ++i) {
    auto left = RedisWithJournal::open(
        options, journal_of(server.folder() + "/journal-" + std::to_string(i)));
    ASSERT_TRUE(left) << left.error();
    kept += (*left)->ledger().stats().backlog.entries;
    ASSERT_TRUE((*left)->ledger().drain(std::chrono::minutes(1)));
  }

  const std::string leases = "{" + options.name_space + "}:leases";
  while (server.ask({"ZCARD", leases}).value().integer() > 0) {
    ASSERT_TRUE(run(ledger->reap(ledger->clock().now())));
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "leases do not end";
  }

  std::map<std::string, UsageRecord> records;
  std::int64_t sum = 0;
  for (UsageRecord& record : redis_records(server, options.name_space)) {
    sum += record.cost.total.value();
    const std::string id = record.request_id;
    EXPECT_TRUE(records.emplace(id, std::move(record)).second) << id << " has two records";
  }
  const auto states = run(
      ledger->read({counter("shared"), rolling_counter("rolling", std::chrono::hours(5))}, Time()));
  ASSERT_TRUE(states);
  const CounterState expected{.spent = amount(sum),
                              .requests = static_cast<std::int64_t>(records.size())};
  EXPECT_EQ(states->at(0), expected);
  EXPECT_EQ(states->at(1), expected);
  EXPECT_LE(sum, limit);

  std::map<std::string, char> acknowledged;
  std::ifstream file(log);
  char what = 0;
  std::string id;
  int settled = 0;
  while (file >> what >> id) acknowledged[id] = what;
  for (const auto& [call_id, last] : acknowledged) {
    const auto record = records.find(call_id);
    if (last != 'q') ASSERT_EQ(record != records.end(), last != 'x') << call_id;
    if (last != 's') continue;
    ++settled;
    EXPECT_EQ(record->second.cost.total.value(), kUsed) << call_id;
    EXPECT_FALSE(record->second.estimated) << call_id;
  }
  std::printf("%zu records, %d settlements acknowledged, %lld left in journals\n", records.size(),
              settled, static_cast<long long>(kept));
}

}  // namespace
}  // namespace budget::ledger
