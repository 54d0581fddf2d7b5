// What the ledger asks of a server before it trusts it with money.
#include <gtest/gtest.h>

#include <cstdlib>

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

// Certificates of a test's own, made by openssl.
std::string make_certificates(const std::string& folder) {
  const std::string base = folder + "/tls";
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
      base + ".key -out " + base + ".crt 2>/dev/null";
  return std::system(command.c_str()) == 0 ? base : "";
}

TEST_F(RedisStart, TlsIsSpokenAndTheServersNameIsChecked) {
  const TemporaryFolder folder;
  const std::string base = make_certificates(folder.path());
  if (base.empty()) GTEST_SKIP() << "openssl is not installed";
  const std::string port = std::to_string(free_port());
  RedisServer server({"--tls-port", port, "--bind", "127.0.0.1", "--tls-cert-file", base + ".crt",
                      "--tls-key-file", base + ".key", "--tls-ca-cert-file", base + ".crt",
                      "--tls-auth-clients", "yes"});
  RedisOptions options = options_for(server);
  options.connect_timeout = std::chrono::seconds(5);
  options.address = *parse_redis_url("rediss://127.0.0.1:" + port);
  EXPECT_TRUE(refusal(options).contains("TLS")) << "nobody vouches for the server";
  options.address.tls_ca = base + ".crt";
  EXPECT_NE(refusal(options), "") << "the server asks for a certificate";
  options.address.tls_certificate = base + ".crt";
  options.address.tls_key = base + ".key";
  const auto ledger = RedisLedger::open(options);
  ASSERT_TRUE(ledger) << ledger.error();
  ASSERT_TRUE(run((*ledger)->reserve(call("r1", {line(counter("a"), amount(60))}, kNow))));
  ASSERT_TRUE(run((*ledger)->settle(usage_record("r1", amount(40), kNow))));
  EXPECT_EQ(redis_records(server, options.name_space).size(), 1u);
  options.address.tls_server_name = "another.example";
  EXPECT_TRUE(refusal(options).contains("TLS")) << "the certificate names somebody else";
  options.address.tls_ca = folder.path() + "/none";
  EXPECT_TRUE(refusal(options).contains("cannot be read"));
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
