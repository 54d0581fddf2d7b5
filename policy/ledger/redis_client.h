// Redis for threads that may block: questions about the past, listings, state.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <expected>
#include <string>
#include <thread>
#include <vector>

#include "policy/ledger/redis_ledger.h"

namespace budget::ledger {

// A connection of its own, apart from those that calls wait on, on a loop and a
// thread of its own. Thread-safe; every method blocks, each command no longer
// than the ledger's command_timeout. Errors are sentences.
class RedisClient {
 public:
  // `ledger` must outlive it: what it knows of addresses and deadlines is used.
  explicit RedisClient(RedisLedger& ledger);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  template <class T>
  using Answer = std::expected<T, std::string>;

  // Commands as redis_command() writes them; sent at once, answered in order.
  // An error that Redis answers with is an error of the whole.
  Answer<std::vector<RedisReply>> ask(std::vector<std::string> commands);
  Answer<RedisReply> ask(std::string command);
  // nullopt: nothing is remembered of that id.
  Answer<std::optional<RedisLedger::RecordPlace>> find_record(const std::string& id);

  [[nodiscard]] RedisLedger& ledger() const { return ledger_; }

 private:
  template <class T>
  std::vector<Result<T>> wait_for(std::vector<Async<T>> operations);

  RedisLedger& ledger_;
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace budget::ledger
