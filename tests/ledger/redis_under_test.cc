#include "tests/ledger/redis_under_test.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

#include "policy/ledger/redis_record.h"

namespace budget::ledger {

RedisOptions options_for(const RedisServer& server) {
  static std::atomic<int> names{0};
  RedisOptions options;
  options.address.path = server.socket();
  options.name_space = "test-" + std::to_string(++names);
  options.time = TimeSource::caller;
  // Long, because a machine that runs other tests beside this one is slow.
  options.command_timeout = std::chrono::seconds(30);
  options.connect_timeout = std::chrono::seconds(30);
  return options;
}

std::vector<std::string> redis_keys(RedisServer& server, const std::string& name_space,
                                    const std::string& pattern) {
  std::vector<std::string> keys;
  const RedisReply reply = server.ask({"KEYS", "{" + name_space + "}:" + pattern});
  for (std::size_t i = 0; i < reply.value().size(); ++i) {
    keys.emplace_back(reply.value().at(i).text());
  }
  return keys;
}

std::vector<UsageRecord> redis_records(RedisServer& server, const std::string& name_space) {
  std::vector<UsageRecord> records;
  for (const std::string& key : redis_keys(server, name_space, "usage:*")) {
    const RedisReply reply = server.ask({"XRANGE", key, "-", "+"});
    for (std::size_t i = 0; i < reply.value().size(); ++i) {
      const RedisValue fields = reply.value().at(i).at(1);
      std::vector<std::pair<std::string_view, std::string_view>> entry;
      for (std::size_t j = 0; j + 1 < fields.size(); j += 2) {
        entry.emplace_back(fields.at(j).text(), fields.at(j + 1).text());
      }
      auto record = record_of(entry);
      if (!record) throw std::runtime_error("an entry of " + key + " cannot be read");
      records.push_back(std::move(*record));
    }
  }
  std::ranges::sort(records, {}, &UsageRecord::request_id);
  return records;
}

namespace {

class RedisUnderTest final : public LedgerUnderTest {
 public:
  RedisUnderTest() : options_(options_for(shared_redis())) { open(); }
  ~RedisUnderTest() override {
    for (const std::string& key : redis_keys(shared_redis(), options_.name_space, "*")) {
      shared_redis().ask({"DEL", key});
    }
  }

  Ledger& ledger() override { return *ledger_; }
  // Every fault that a store may have short of losing its file, by turns; then
  // the end of all leases, as no replica is left.
  void crash(Time now) override {
    switch (crashes_++ % 4) {
      case 0:
        shared_redis().kill();
        shared_redis().start();
        break;
      case 1:
        shared_redis().ask({"SCRIPT", "FLUSH"});
        break;
      case 2:
        shared_redis().ask({"CLIENT", "KILL", "TYPE", "normal"});
        break;
      default:
        ledger_.reset();
        open();
    }
    if (!run(ledger_->lapse_all(now))) throw std::runtime_error("Redis is gone");
  }
  std::vector<UsageRecord> records() override {
    return redis_records(shared_redis(), options_.name_space);
  }

 private:
  void open() {
    auto opened = RedisLedger::open(options_);
    if (!opened) throw std::runtime_error(opened.error());
    ledger_ = std::move(*opened);
  }

  RedisOptions options_;
  std::unique_ptr<RedisLedger> ledger_;
  int crashes_ = 0;
};

}  // namespace

LedgerMaker redis_maker() {
  return {"Redis", [] { return std::make_unique<RedisUnderTest>(); }};
}

}  // namespace budget::ledger
