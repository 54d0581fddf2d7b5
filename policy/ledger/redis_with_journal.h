// The Redis ledger as a proxy runs it: with a journal for the time when Redis is
// away.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>

#include "policy/ledger/outage_ledger.h"
#include "policy/ledger/redis_ledger.h"

namespace budget::ledger {

// Both ledgers, put together: each reconnection to another server tells the
// journal's side, and its clock is Redis's. Thread-safe.
class RedisWithJournal {
 public:
  // REQUIRES: redis.on_other_server is not set. Where outage.clock is not, it
  // becomes Redis's. The error is one readable sentence.
  static std::expected<std::unique_ptr<RedisWithJournal>, std::string> open(RedisOptions redis,
                                                                            OutageOptions outage);
  ~RedisWithJournal();
  RedisWithJournal(const RedisWithJournal&) = delete;
  RedisWithJournal& operator=(const RedisWithJournal&) = delete;

  // For the data plane.
  [[nodiscard]] OutageLedger& ledger() { return *outage_; }
  [[nodiscard]] const OutageLedger& ledger() const { return *outage_; }
  // For the admin side and for questions: what cannot be done now is an error.
  [[nodiscard]] RedisLedger& redis() { return *redis_; }
  [[nodiscard]] const RedisLedger& redis() const { return *redis_; }

 private:
  struct Link {
    std::mutex mutex;
    OutageLedger* ledger = nullptr;
  };
  RedisWithJournal() = default;

  std::shared_ptr<Link> link_ = std::make_shared<Link>();
  std::unique_ptr<RedisLedger> redis_;
  std::unique_ptr<OutageLedger> outage_;
};

}  // namespace budget::ledger
