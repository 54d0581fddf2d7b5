// What replicas hear of each other, whatever happens to Redis between them.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/admin/redis_state_kinds.h"
#include "tests/ledger/redis_server.h"

namespace budget::admin {
namespace {

// What a replica was told, "NAME/ID"; "/" is "everything may have changed".
class Heard {
 public:
  explicit Heard(StateStore& store) {
    store.listen([this](const StateChange& change) {
      const std::lock_guard lock(mutex_);
      told_.insert(change.name + "/" + change.id);
      more_.notify_all();
    });
  }
  // Or for `other`, where that is given.
  bool waits_for(const std::string& change, const std::string& other = "none") {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(10),
                          [&] { return told_.contains(change) || told_.contains(other); });
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    told_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::set<std::string> told_;
};

class RedisState : public testing::Test {
 protected:
  void SetUp() override {
    if (!ledger::RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
    server_ = std::make_unique<ledger::RedisServer>();
    options_ = redis_state_options();
    options_.address.path = server_->socket();
    writer_ = std::make_unique<RedisReplica>(options_);
    reader_ = std::make_unique<RedisReplica>(options_);
    heard_ = std::make_unique<Heard>(*reader_->store);
    // The reader follows once it has told of everything, or of this.
    ASSERT_TRUE(writer_->store->put("ready", "go", "1", 0));
    ASSERT_TRUE(heard_->waits_for("ready/go", "/"));
    ASSERT_TRUE(writer_->store->put("ready", "set", "1", 0));
    ASSERT_TRUE(heard_->waits_for("ready/set"));
    heard_->forget();
  }
  void TearDown() override {
    if (reader_) reader_->store->close();  // before whom it tells
  }

  std::unique_ptr<ledger::RedisServer> server_;
  ledger::RedisOptions options_;
  std::unique_ptr<RedisReplica> writer_, reader_;
  std::unique_ptr<Heard> heard_;
};

TEST_F(RedisState, ChangesArriveAlsoAfterConnectionsWereCut) {
  server_->ask({"CLIENT", "KILL", "TYPE", "normal"});
  ASSERT_TRUE(writer_->store->put("keys", "a", "1", 0));
  EXPECT_TRUE(heard_->waits_for("keys/a"));
  server_->ask({"SCRIPT", "FLUSH"});
  ASSERT_TRUE(writer_->store->erase("keys", "a", std::nullopt));
  EXPECT_TRUE(heard_->waits_for("keys/a"));
}

TEST_F(RedisState, ChangesArriveAlsoAfterRedisWasKilledAndStarted) {
  server_->kill();
  EXPECT_EQ(writer_->store->put("keys", "a", "1", 0).error(), StateError::unavailable);
  server_->start();
  StateStore::Result<std::int64_t> put = std::unexpected(StateError::unavailable);
  while (!put) put = writer_->store->put("keys", "b", "1", std::nullopt);
  EXPECT_TRUE(heard_->waits_for("keys/b"));
}

TEST_F(RedisState, RedisThatHasLostChangesMakesEverybodyReadAgain) {
  server_->ask({"FLUSHALL"});
  EXPECT_TRUE(heard_->waits_for("/"));
}

TEST_F(RedisState, ChangesThatWereCutOffMakeEverybodyReadAgain) {
  const std::string changes = "{" + options_.name_space + "}:state_changes";
  // As when this replica had been away for longer than the stream is long.
  server_->ask(
      {"EVAL",
       "redis.call('SET', KEYS[2], 9000) redis.call('XADD', KEYS[1], '9000-0', 'name', 'a', "
       "'id', 'x', 'origin', 'other')",
       "2", changes, "{" + options_.name_space + "}:state_version"});
  EXPECT_TRUE(heard_->waits_for("/"));
  EXPECT_TRUE(heard_->waits_for("a/x"));
}

TEST_F(RedisState, NothingIsToldAfterClose) {
  reader_->store->close();
  heard_->forget();
  ASSERT_TRUE(writer_->store->put("keys", "late", "1", 0));
  EXPECT_EQ(reader_->store->get("keys", "late").value()->body, "1") << "it can still be asked";
}

}  // namespace
}  // namespace budget::admin
