// SIGKILL at random moments: what was acknowledged must be there, once.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 25;
constexpr int kHoldsKeptOpen = 5;

EmbeddedOptions options_for(const std::string& folder) {
  EmbeddedOptions options;
  options.path = folder;
  options.journal_sync = std::chrono::milliseconds(5);
  options.ring_bytes = 256u << 10;  // small, so that kills fall on laps and rolls too
  options.segment_bytes = 512u << 10;
  return options;
}

// What the child tells of what its ledger told it: one fixed-size message, so
// that a pipe never tears it.
struct Acknowledged {
  char kind = 0;  // 'r' reserved, 's' settled, 'x' released
  int round = 0, thread = 0, call = 0;
  std::int64_t cost = 0;
};

std::string id_of(const Acknowledged& said) {
  return "r" + std::to_string(said.round) + "-t" + std::to_string(said.thread) + "-" +
         std::to_string(said.call);
}

// Makes calls until it is killed; some are settled above their hold, some
// released, and each thread always leaves a few open.
void hammer(Ledger& ledger, int round, int thread, int pipe) {
  std::mt19937 random(static_cast<unsigned>(round * kThreads + thread));
  const auto say = [pipe](const Acknowledged& said) {
    if (::write(pipe, &said, sizeof(said)) != sizeof(said)) ::_exit(3);
  };
  std::vector<Acknowledged> open;
  for (int n = 0;; ++n) {
    Acknowledged said{'r', round, thread, n, 100};
    const Time now =
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto request = call(id_of(said),
                        {line(counter("shared"), amount(said.cost)),
                         line(counter("own-" + std::to_string(thread)), amount(said.cost))},
                        now);
    request.lease_until = now + std::chrono::hours(1);
    if (!run(ledger.reserve(std::move(request)))) ::_exit(4);
    say(said);
    open.push_back(said);
    if (open.size() <= kHoldsKeptOpen) continue;
    const std::size_t which = random() % open.size();
    Acknowledged done = open[which];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
    if (random() % 5 == 0) {
      if (!run(ledger.release(id_of(done)))) ::_exit(5);
      done.kind = 'x';
    } else {
      done.kind = 's';
      done.cost = static_cast<std::int64_t>(random() % 150);
      if (!run(ledger.settle(usage_record(id_of(done), amount(done.cost), now)))) ::_exit(6);
    }
    say(done);
  }
}

[[noreturn]] void child(const std::string& folder, int round, int pipe) {
  auto ledger = EmbeddedLedger::open(options_for(folder));
  if (!ledger) ::_exit(2);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { hammer(**ledger, round, t, pipe); });
  }
  for (std::thread& thread : threads) thread.join();
  ::_exit(1);
}

// Everything the child said until it was killed, `lifetime` after it began.
std::vector<Acknowledged> run_and_kill(const std::string& folder, int round,
                                       std::chrono::microseconds lifetime) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    child(folder, round, ends[1]);
  }
  ::close(ends[1]);
  std::vector<Acknowledged> all;
  std::optional<std::chrono::steady_clock::time_point> kill_at;
  bool killed = false;
  for (;;) {
    if (kill_at && !killed && std::chrono::steady_clock::now() >= *kill_at) {
      ::kill(process, SIGKILL);
      killed = true;
    }
    pollfd ready{ends[0], POLLIN, 0};
    ::poll(&ready, 1, killed ? -1 : 1);
    if (ready.revents == 0) continue;
    Acknowledged said;
    const ssize_t got = ::read(ends[0], &said, sizeof(said));
    if (got == 0) break;
    EXPECT_EQ(got, static_cast<ssize_t>(sizeof(said)));
    all.push_back(said);
    if (!kill_at) kill_at = std::chrono::steady_clock::now() + lifetime;
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(process, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
  return all;
}

// The books that the acknowledgements make.
struct Truth {
  std::set<std::string> reserved, released;
  std::map<std::string, std::int64_t> settled;

  void add(const std::vector<Acknowledged>& all) {
    for (const Acknowledged& said : all) {
      if (said.kind == 'r') reserved.insert(id_of(said));
      if (said.kind == 'x') released.insert(id_of(said));
      if (said.kind == 's') settled[id_of(said)] = said.cost;
    }
  }
};

void check(EmbeddedLedger& ledger, const Truth& truth) {
  std::map<std::string, UsageRecord> records;
  std::int64_t sum = 0;
  for (UsageRecord& record : all_records(ledger.usage())) {
    sum += record.cost.total.value();
    const std::string id = record.request_id;
    ASSERT_TRUE(records.emplace(id, std::move(record)).second) << id << " is recorded twice";
  }
  std::int64_t acknowledged = 0;
  for (const std::string& id : truth.reserved) {
    if (truth.released.contains(id)) {
      ASSERT_FALSE(records.contains(id)) << id << " was released";
      continue;
    }
    const auto settled = truth.settled.find(id);
    const auto record = records.find(id);
    if (record == records.end()) {
      // Only a release that was under way and not acknowledged may explain it.
      ASSERT_EQ(settled, truth.settled.end()) << id << " was settled and is lost";
      const auto again = run(ledger.release(id));
      ASSERT_EQ(again, Result<bool>(std::unexpected(LedgerError::already_resolved)))
          << id << " was reserved and is lost";
      continue;
    }
    if (settled == truth.settled.end()) continue;
    ASSERT_EQ(record->second.cost.total.value(), settled->second) << id;
    ASSERT_FALSE(record->second.estimated) << id;
    acknowledged += settled->second;
  }
  const auto shared = run(ledger.read({counter("shared")}, at(0)));
  ASSERT_TRUE(shared);
  const CounterState& state = shared->at(0);
  EXPECT_GE(state.spent.cost.value(), acknowledged);
  EXPECT_EQ(state.spent.cost.value(), sum) << "the records do not sum to the counter";
  EXPECT_EQ(state.requests, static_cast<std::int64_t>(records.size()));
  EXPECT_EQ(state.reserved, Amount{});
  EXPECT_EQ(state.in_flight, 0);
  std::int64_t own = 0;
  for (int t = 0; t < kThreads; ++t) {
    const auto states = run(ledger.read({counter("own-" + std::to_string(t))}, at(0)));
    own += states->at(0).spent.cost.value();
  }
  EXPECT_EQ(own, sum);
}

TEST(EmbeddedLedgerKilled, KeepsWhateverItAcknowledgedExactlyOnce) {
  const std::uint32_t seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const TemporaryFolder folder;
  Truth truth;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const std::chrono::microseconds lifetime(random() % 40'000);
    truth.add(run_and_kill(folder.path(), round, lifetime));
    // Every other time the next child recovers, and this process only later.
    if (round % 2 == 1) continue;
    auto ledger = EmbeddedLedger::open(options_for(folder.path()));
    ASSERT_TRUE(ledger) << ledger.error();
    check(**ledger, truth);
    if (HasFatalFailure()) return;
  }
  std::printf("%zu calls acknowledged, %zu settled, %zu released\n", truth.reserved.size(),
              truth.settled.size(), truth.released.size());
  EXPECT_GT(truth.settled.size(), 100u) << "the children hardly ran";
}

}  // namespace
}  // namespace budget::ledger
