// Work that goes on without a request: deliveries, price updates, heartbeats.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace budget::admin {

// One thread that runs `turn` now and again, and may block in it. The next turn
// comes when the time it returned has passed, or when it is woken. An exception
// out of a turn is told to `on_error`, and the next comes a minute later.
// Destruction waits for the turn under way: let it look at stopping() where it
// can take long.
class Background {
 public:
  using Turn = std::function<std::chrono::milliseconds()>;
  using OnError = std::function<void(const std::string& what)>;

  Background(Turn turn, OnError on_error);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Any thread.
  void wake();
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

 private:
  void run();

  Turn turn_;
  OnError on_error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // the last member: it uses the others
};

}  // namespace budget::admin
