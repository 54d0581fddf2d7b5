// Coroutines that somebody waits for.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "proxy/net/io.h"

namespace budget::server {

// Starts tasks and knows how many are left, so that none is orphaned: what a
// task throws is reported, and shutdown waits until all are done. spawn() may
// be called from any thread.
class TaskGroup {
 public:
  // `report` is told of a task that ended by an exception, which is a bug.
  using Report = std::function<void(std::string_view task, std::string_view what)>;
  explicit TaskGroup(Report report) : report_(std::move(report)) {}

  void spawn(const net::Executor& executor, std::string name, net::Awaitable<void> task);
  [[nodiscard]] std::size_t running() const { return running_.load(std::memory_order_acquire); }

 private:
  Report report_;
  std::atomic<std::size_t> running_{0};
};

}  // namespace budget::server
