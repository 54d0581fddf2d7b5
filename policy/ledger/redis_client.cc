#include "policy/ledger/redis_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace budget::ledger {

namespace asio = boost::asio;

RedisClient::RedisClient(RedisLedger& ledger)
    : ledger_(ledger), work_(loop_.get_executor()), thread_([this] { loop_.run(); }) {}

RedisClient::~RedisClient() {
  work_.reset();
  thread_.join();
}

namespace {

std::string sentence(LedgerError error) {
  return "Redis: " + std::string(name_of(error));
}

template <class T>
struct Waiting {
  std::vector<std::optional<Result<T>>> results;
  std::size_t missing = 0;
};

template <class T>
asio::awaitable<void, asio::io_context::executor_type> put(Async<T> operation,
                                                           std::optional<Result<T>>& result) {
  result = co_await std::move(operation);
}

}  // namespace

// Results in the order of the operations, which run side by side.
template <class T>
std::vector<Result<T>> RedisClient::wait_for(std::vector<Async<T>> operations) {
  if (operations.empty()) return {};
  Waiting<T> waiting;
  waiting.results.resize(operations.size());
  waiting.missing = operations.size();
  // Whoever waits may be gone before set_value() has returned.
  auto done = std::make_shared<std::promise<void>>();
  auto all_done = done->get_future();
  asio::post(loop_, [this, &waiting, &operations, done, count = operations.size()] {
    for (std::size_t i = 0; i < count; ++i) {
      asio::co_spawn(loop_, put(std::move(operations[i]), waiting.results[i]),
                     [&waiting, done](const std::exception_ptr&) {
                       if (--waiting.missing == 0) done->set_value();
                     });
    }
  });
  all_done.wait();
  std::vector<Result<T>> results;
  results.reserve(waiting.results.size());
  for (std::optional<Result<T>>& result : waiting.results) {
    // Only want of memory throws, and then there is none.
    results.push_back(result ? std::move(*result) : std::unexpected(LedgerError::unavailable));
  }
  return results;
}

RedisClient::Answer<std::vector<RedisReply>> RedisClient::ask(std::vector<std::string> commands) {
  std::vector<Async<RedisReply>> operations;
  operations.reserve(commands.size());
  for (std::string& command : commands) operations.push_back(ledger_.command(std::move(command)));
  std::vector<RedisReply> replies;
  replies.reserve(operations.size());
  for (Result<RedisReply>& result : wait_for(std::move(operations))) {
    if (!result) return std::unexpected(sentence(result.error()));
    if (const RedisValue value = result->value(); value.is_error()) {
      return std::unexpected("Redis: " + std::string(value.text()));
    }
    replies.push_back(std::move(*result));
  }
  return replies;
}

RedisClient::Answer<RedisReply> RedisClient::ask(std::string command) {
  std::vector<std::string> commands;
  commands.push_back(std::move(command));
  auto replies = ask(std::move(commands));
  if (!replies) return std::unexpected(std::move(replies.error()));
  return std::move(replies->front());
}

RedisClient::Answer<std::optional<RedisLedger::RecordPlace>> RedisClient::find_record(
    const std::string& id) {
  std::vector<Async<RedisLedger::RecordPlace>> one;
  one.push_back(ledger_.find_record(id));
  auto found = std::move(wait_for(std::move(one)).front());
  if (found) return std::move(*found);
  if (found.error() == LedgerError::unknown_hold) return std::nullopt;
  return std::unexpected(sentence(found.error()));
}

}  // namespace budget::ledger
