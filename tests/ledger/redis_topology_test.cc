// Sentinel and Cluster: real failovers, real migrations.
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "policy/ledger/redis_with_journal.h"
#include "tests/ledger/redis_fleet.h"
#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

const Time kNow = at(1'800'000'000'000);
constexpr std::chrono::seconds kPatience{60};
const std::string kSpace = "fleet";
const std::vector<std::string> kDurable = {"--save",
                                           "",
                                           "--appendonly",
                                           "yes",
                                           "--appendfsync",
                                           "no",
                                           "--maxmemory-policy",
                                           "noeviction",
                                           "--repl-diskless-sync-delay",
                                           "0"};

std::vector<std::string> with(std::vector<std::string> arguments, std::vector<std::string> more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

RedisTopology::Node nobody() {
  return {"127.0.0.1", static_cast<std::uint16_t>(free_port())};
}

// A proxy's ledger on some topology, and what it was told is settled.
class Client {
 public:
  explicit Client(RedisTopology topology) {
    RedisOptions options;
    options.name_space = kSpace;
    options.topology = std::move(topology);
    options.time = TimeSource::caller;
    options.command_timeout = std::chrono::milliseconds(500);
    options.must_be_reachable = false;
    OutageOptions outage;
    outage.journal.folder = folder_.path();
    outage.journal.ring_bytes = 256u << 10;
    outage.retry_longest = std::chrono::milliseconds(100);
    outage.clock = &clock_;
    auto opened = RedisWithJournal::open(std::move(options), std::move(outage));
    if (!opened) throw std::runtime_error(opened.error());
    both_ = std::move(*opened);
  }

  // One call of 2, held at 3. False when it was refused for the store.
  bool one_call() {
    const std::string id = "call-" + std::to_string(++made_);
    const auto held = run(ledger().reserve(
        call(id, {line(counter("a"), amount(3)), line(counter("b"), amount(3))}, kNow)));
    if (!held) {
      if (held.error() == LedgerError::timeout) (void)run(ledger().release(id));
      return false;
    }
    const auto settled = run(ledger().settle(usage_record(id, amount(2), kNow)));
    if (!settled) throw std::runtime_error(id + ": " + std::string(name_of(settled.error())));
    settled_.insert(id);
    return true;
  }
  // Calls until `count` more have been settled.
  bool calls(int count) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (count > 0) {
      if (std::chrono::steady_clock::now() > until) return false;
      if (one_call()) --count;
    }
    return true;
  }

  void expect_exact(RedisNode& server) {
    ASSERT_TRUE(ledger().drain(kPatience));
    std::multiset<std::string> recorded;
    const RedisReply keys = server.ask({"KEYS", "{" + kSpace + "}:usage:*"});
    for (std::size_t k = 0; k < keys.value().size(); ++k) {
      const RedisReply entries =
          server.ask({"XRANGE", std::string(keys.value().at(k).text()), "-", "+"});
      for (std::size_t i = 0; i < entries.value().size(); ++i) {
        const RedisValue fields = entries.value().at(i).at(1);
        EXPECT_EQ(fields.at(0).text(), "request_id");
        recorded.emplace(fields.at(1).text());
      }
    }
    EXPECT_EQ(recorded, std::multiset<std::string>(settled_.begin(), settled_.end()));
    const auto count = static_cast<std::int64_t>(settled_.size());
    Result<std::vector<CounterState>> states = std::unexpected(LedgerError::timeout);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!states && std::chrono::steady_clock::now() < until) {
      states = run(redis().read({counter("a"), counter("b")}, kNow));
    }
    ASSERT_TRUE(states);
    for (const CounterState& state : *states) {
      EXPECT_EQ(state, (CounterState{.spent = amount(2 * count), .requests = count}));
    }
  }

  OutageLedger& ledger() { return both_->ledger(); }
  RedisLedger& redis() { return both_->redis(); }
  void count_as_settled(const std::string& id) { settled_.insert(id); }

 private:
  TemporaryFolder folder_;
  SetClock clock_;
  std::unique_ptr<RedisWithJournal> both_;
  std::set<std::string> settled_;
  int made_ = 0;
};

TEST(ClusterSlot, IsThatOfTheSpecification) {
  EXPECT_EQ(cluster_slot("123456789"), 0x31C3 % 16'384);
  EXPECT_EQ(cluster_slot("user1000"), 3'443);
  EXPECT_EQ(cluster_slot(""), 0);
}

TEST(Sentinel, FailoverLosesNoSettlementAndHoldsWhatIsOpenAgain) {
  if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
  RedisNode master(kDurable);
  RedisNode replica(with(kDurable, {"--replicaof", "127.0.0.1", std::to_string(master.port())}));
  replica.await({"INFO", "replication"}, "master_link_status:up");
  const std::string name = "sentinel monitor budget 127.0.0.1 " + std::to_string(master.port()) +
                           " 1\nsentinel down-after-milliseconds budget 1000\n"
                           "sentinel failover-timeout budget 3000\n";
  RedisNode sentinel({}, name);
  sentinel.await({"INFO", "sentinel"}, "slaves=1");

  RedisTopology topology;
  topology.kind = RedisTopology::Kind::sentinel;
  topology.master = "budget";
  topology.nodes = {nobody(), sentinel.node()};
  Client client(topology);
  ASSERT_TRUE(client.calls(30));
  ASSERT_TRUE(run(client.ledger().reserve(
      call("open", {line(counter("a"), amount(3)), line(counter("b"), amount(3))}, kNow))));
  master.kill();
  ASSERT_TRUE(client.calls(30));
  replica.await({"INFO", "replication"}, "role:master");
  ASSERT_TRUE(client.ledger().drain(kPatience));
  const auto states = run(client.redis().read({counter("a")}, kNow));
  ASSERT_TRUE(states);
  EXPECT_EQ(states->at(0).in_flight, 1);
  ASSERT_TRUE(run(client.ledger().settle(usage_record("open", amount(2), kNow))));
  client.count_as_settled("open");
  client.expect_exact(replica);
}

// The replica never got what its master acknowledged last: asynchronous
// replication, at its worst.
TEST(Sentinel, WhatThePromotedReplicaNeverGotIsToldAgain) {
  if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
  RedisNode master(kDurable);
  RedisNode replica(with(kDurable, {"--replicaof", "127.0.0.1", std::to_string(master.port())}));
  replica.await({"INFO", "replication"}, "master_link_status:up");
  RedisNode sentinel({}, "sentinel monitor budget 127.0.0.1 " + std::to_string(master.port()) +
                             " 1\nsentinel down-after-milliseconds budget 1000\n"
                             "sentinel failover-timeout budget 3000\n");
  sentinel.await({"INFO", "sentinel"}, "slaves=1");
  RedisTopology topology;
  topology.kind = RedisTopology::Kind::sentinel;
  topology.master = "budget";
  topology.nodes = {sentinel.node()};
  Client client(topology);
  ASSERT_TRUE(client.calls(5));
  // Stopped and cut off, it gets nothing more, and is all there is to promote.
  replica.signal(SIGSTOP);
  master.ask({"CLIENT", "KILL", "TYPE", "replica"});
  ASSERT_TRUE(client.calls(20));
  ASSERT_TRUE(run(client.ledger().reserve(
      call("open", {line(counter("a"), amount(3)), line(counter("b"), amount(3))}, kNow))));
  master.kill();
  replica.signal(SIGCONT);
  ASSERT_TRUE(client.calls(5));
  ASSERT_TRUE(client.ledger().drain(kPatience));
  EXPECT_GT(client.ledger().stats().held_again, 0);
  EXPECT_GE(client.ledger().stats().lost_by_store, 20);
  ASSERT_TRUE(run(client.ledger().settle(usage_record("open", amount(2), kNow))));
  client.count_as_settled("open");
  client.expect_exact(replica);
}

class Cluster : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
    for (int i = 0; i < 3; ++i) {
      nodes_.push_back(std::make_unique<RedisNode>(
          with(kDurable, {"--cluster-enabled", "yes", "--cluster-node-timeout", "2000"})));
    }
    first().ask({"CLUSTER", "ADDSLOTSRANGE", "0", "16383"});
    for (int i = 1; i < 3; ++i) {
      first().ask({"CLUSTER", "MEET", "127.0.0.1", std::to_string(nodes_[i]->port())});
    }
    for (const auto& node : nodes_) {
      node->await({"CLUSTER", "INFO"}, "cluster_state:ok");
      node->await({"CLUSTER", "INFO"}, "cluster_known_nodes:3");
    }
    topology_.kind = RedisTopology::Kind::cluster;
    topology_.nodes = {nobody(), nodes_[2]->node()};
  }
  RedisNode& first() { return *nodes_[0]; }
  RedisNode& second() { return *nodes_[1]; }
  std::string slot() { return std::to_string(cluster_slot(kSpace)); }

  void begin_migration() {
    second().ask({"CLUSTER", "SETSLOT", slot(), "IMPORTING", first().text({"CLUSTER", "MYID"})});
    first().ask({"CLUSTER", "SETSLOT", slot(), "MIGRATING", second().text({"CLUSTER", "MYID"})});
  }
  void move_key(const std::string& key) {
    EXPECT_EQ(
        first().text({"MIGRATE", "127.0.0.1", std::to_string(second().port()), key, "0", "5000"}),
        "OK")
        << key;
  }
  std::vector<std::string> keys_left() {
    std::vector<std::string> keys;
    const RedisReply reply = first().ask({"CLUSTER", "GETKEYSINSLOT", slot(), "10000"});
    for (std::size_t i = 0; i < reply.value().size(); ++i) {
      keys.emplace_back(reply.value().at(i).text());
    }
    return keys;
  }
  void end_migration() {
    for (auto keys = keys_left(); !keys.empty(); keys = keys_left()) {
      for (const std::string& key : keys) move_key(key);
    }
    const std::string id = second().text({"CLUSTER", "MYID"});
    for (const auto& node : {nodes_[1].get(), nodes_[0].get(), nodes_[2].get()}) {
      node->ask({"CLUSTER", "SETSLOT", slot(), "NODE", id});
    }
  }

  std::vector<std::unique_ptr<RedisNode>> nodes_;
  RedisTopology topology_;
};

TEST_F(Cluster, SlotThatMigratesUnderLoadLosesNothing) {
  Client client(topology_);
  ASSERT_TRUE(client.calls(20));
  std::atomic<bool> moved{false};
  std::thread load([&] {
    while (!moved) client.one_call();
  });
  begin_migration();
  end_migration();
  moved = true;
  load.join();
  ASSERT_TRUE(client.calls(20)) << "it has followed";
  client.expect_exact(second());
  EXPECT_TRUE(keys_left().empty());
}

// A part of the keys is here and a part there: no step may see that.
TEST_F(Cluster, NoStepIsDoneOnAPartOfTheKeys) {
  Client client(topology_);
  ASSERT_TRUE(client.calls(3));
  ASSERT_TRUE(run(client.ledger().reserve(
      call("open", {line(counter("a"), amount(3)), line(counter("b"), amount(3))}, kNow))));
  begin_migration();
  for (const std::string& key : keys_left()) {
    if (key.contains(":usage:") || key.contains(":rollup:")) move_key(key);
  }
  ASSERT_TRUE(run(client.ledger().settle(usage_record("open", amount(2), kNow)))) << "it is kept";
  client.count_as_settled("open");
  EXPECT_EQ(client.ledger().stats().backlog.entries, 1);
  const std::string held =
      first().text({"HGET", "{" + kSpace + "}:counter:" + counter("a").key, "in_flight"});
  EXPECT_EQ(held, "1") << "nothing was written";
  end_migration();
  client.expect_exact(second());
}

}  // namespace
}  // namespace budget::ledger
