#include "tests/ledger/redis_under_test.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <utility>

#include "policy/ledger/redis_record.h"
#include "policy/ledger/redis_scripts.h"

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

struct Faults {
  bool between_operations = false;
  std::function<void(std::string&)> mistake;
};

class RedisUnderTest final : public LedgerUnderTest {
 public:
  explicit RedisUnderTest(Faults faults)
      : faults_(std::move(faults)), options_(options_for(shared_redis())) {
    options_.edit_script = faults_.mistake;
    for (auto& replica : replicas_) open(replica);
  }
  ~RedisUnderTest() override {
    for (const std::string& key : redis_keys(shared_redis(), options_.name_space, "*")) {
      shared_redis().ask({"DEL", key});
    }
  }

  Ledger& ledger() override {
    if (faults_.between_operations && ++asked_ % 17 == 0) fault();
    return *replicas_[++turns_ % replicas_.size()];
  }
  // One fault more, and then the end of all leases, as no replica is left.
  void crash(Time now) override {
    fault();
    if (!run(replicas_[0]->lapse_all(now))) throw std::runtime_error("Redis is gone");
  }
  std::vector<UsageRecord> records() override {
    return redis_records(shared_redis(), options_.name_space);
  }

 private:
  // What a store or a replica may suffer short of losing its file, by turns.
  void fault() {
    switch (suffered_++ % 4) {
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
        open(replicas_[0]);
    }
  }
  void open(std::unique_ptr<RedisLedger>& replica) {
    auto opened = RedisLedger::open(options_);
    if (!opened) throw std::runtime_error(opened.error());
    replica = std::move(*opened);
  }

  Faults faults_;
  RedisOptions options_;
  std::array<std::unique_ptr<RedisLedger>, 2> replicas_;
  std::size_t turns_ = 0;
  int asked_ = 0, suffered_ = 0;
};

}  // namespace

LedgerMaker redis_maker() {
  return {"Redis", [] { return std::make_unique<RedisUnderTest>(Faults{}); }, 300};
}

LedgerMaker redis_with_faults_maker() {
  return {"RedisWithFaults", [] { return std::make_unique<RedisUnderTest>(Faults{true, {}}); }, 60};
}

LedgerMaker redis_with_mistake_maker(std::string right, std::string wrong) {
  // In whichever scripts have it; in none would prove nothing.
  if (!Scripts({}).text(Script::reserve).contains(right) &&
      !Scripts({}).text(Script::settle).contains(right) &&
      !Scripts({}).text(Script::extend).contains(right) &&
      !Scripts({}).text(Script::record).contains(right) &&
      !Scripts({}).text(Script::reap).contains(right)) {
    throw std::runtime_error("no script says " + right);
  }
  auto mistake = [right = std::move(right), wrong = std::move(wrong)](std::string& text) {
    if (const std::size_t at = text.find(right); at != std::string::npos) {
      text.replace(at, right.size(), wrong);
    }
  };
  return {"RedisWithMistake",
          [mistake] { return std::make_unique<RedisUnderTest>(Faults{false, mistake}); }};
}

}  // namespace budget::ledger
