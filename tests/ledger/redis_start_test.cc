// What the ledger asks of a server before it trusts it with money.
#include <gtest/gtest.h>

#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

const Time kNow = at(1'800'000'000'000);

class RedisStart : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
  }
  static std::string refusal(const RedisOptions& options) {
    const auto opened = RedisLedger::open(options);
    return opened ? "" : opened.error();
  }
};

TEST_F(RedisStart, EvictingServerIsRefusedWithTheSettingThatWouldDo) {
  RedisServer server({"--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"});
  RedisOptions options = options_for(server);
  EXPECT_TRUE(refusal(options).ends_with("set maxmemory-policy noeviction"));
  options.must_be_reachable = false;
  EXPECT_NE(refusal(options), "") << "it was reached, and will not do";
}

TEST_F(RedisStart, ReplicaIsRefused) {
  RedisServer server({"--replicaof", "127.0.0.1", "1"});
  EXPECT_TRUE(refusal(options_for(server)).contains("read-only replica"));
}

TEST_F(RedisStart, ServerThatIsNotThereIsAnErrorUnlessItMayBe) {
  RedisServer server;
  RedisOptions options = options_for(server);
  server.kill();
  EXPECT_TRUE(refusal(options).starts_with("unix://" + server.socket()));
  options.must_be_reachable = false;
  auto opened = RedisLedger::open(options);
  ASSERT_TRUE(opened);
  EXPECT_EQ(run((*opened)->ping()).error(), LedgerError::unavailable);
  server.start();
  // The breaker may still be open for a moment.
  Result<bool> answer = std::unexpected(LedgerError::unavailable);
  while (!answer) answer = run((*opened)->ping());
  EXPECT_TRUE(*answer);
}

TEST_F(RedisStart, UserPasswordAndDatabaseAreUsed) {
  RedisServer server({"--user", "budget", "on", ">hunter2", "~*", "&*", "+@all"});
  RedisOptions options = options_for(server);
  options.address = *parse_redis_url("unix://budget:wrong@" + server.socket());
  const std::string error = refusal(options);
  EXPECT_TRUE(error.contains("WRONGPASS")) << error;
  EXPECT_FALSE(error.contains("wrong@"));
  options.address = *parse_redis_url("unix://budget:hunter2@" + server.socket() + "?db=3");
  const auto ledger = RedisLedger::open(options);
  ASSERT_TRUE(ledger) << ledger.error();
  ASSERT_TRUE(run((*ledger)->reserve(call("r1", {line(counter("a"), amount(1))}, kNow))));
  EXPECT_EQ(server.ask({"DBSIZE"}).value().integer(), 0);
  EXPECT_TRUE(server.ask({"INFO", "keyspace"}).value().text().contains("db3:keys="));
  EXPECT_TRUE(server.ask({"CLIENT", "LIST"}).value().text().contains("name=budget"));
}

TEST_F(RedisStart, TcpWorksByAddressAndByName) {
  // A free port: the kernel's choice of a moment ago.
  RedisServer server({"--port", std::to_string(free_port()), "--bind", "127.0.0.1"});
  const std::string port(server.ask({"CONFIG", "GET", "port"}).value().at(1).text());
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    RedisOptions options = options_for(server);
    options.address = *parse_redis_url("redis://" + host + ":" + port);
    const auto ledger = RedisLedger::open(options);
    ASSERT_TRUE(ledger) << ledger.error();
    EXPECT_EQ(run((*ledger)->ping()), true);
  }
}

TEST_F(RedisStart, NamespaceThatWouldBreakTheHashTagIsRefused) {
  for (const char* name : {"", "a}b", "{", "a b"}) {
    RedisOptions options = options_for(shared_redis());
    options.name_space = name;
    EXPECT_TRUE(refusal(options).contains("namespace")) << name;
  }
}

}  // namespace
}  // namespace budget::ledger
