// The thread that brings a store what it is owed.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "policy/clock.h"
#include "policy/ledger/outage_calls.h"
#include "policy/ledger/settlement_journal.h"

namespace budget::ledger {

struct CourierOptions {
  std::chrono::milliseconds retry_first{50};
  std::chrono::milliseconds retry_longest{1'000};
  const policy::Clock* clock = nullptr;
  std::function<void(std::string_view)> log;
};

// Delivers the journal's entries in order, a batch in one pipeline, and makes
// holds again. Sleeps while there is nothing to do; while the store is away,
// tries between half of a back-off and all of it.
class Courier {
 public:
  // All must outlive it.
  Courier(Ledger& store, SettlementJournal& journal, OutageCalls& calls, CourierOptions options);
  ~Courier();  // ends what is under way; entries stay in the journal
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // Something was kept. Any thread; cheap when it is awake.
  void wake();
  // The store did not take something. Any thread.
  void store_is_away(std::string_view why);
  [[nodiscard]] bool away() const { return away_.load(std::memory_order_relaxed); }
  // Makes these holds again. Any thread.
  void hold_again(std::vector<Owed> holds);
  // Waits until the backlog is empty; false when the time is up first.
  bool drained(std::chrono::milliseconds patience);

  [[nodiscard]] std::int64_t delivered() const { return delivered_; }
  [[nodiscard]] std::int64_t lost_by_store() const { return lost_; }
  [[nodiscard]] std::int64_t held_again() const { return held_again_; }

 private:
  using Executor = boost::asio::io_context::executor_type;
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  template <class T>
  using Awaitable = boost::asio::awaitable<T, Executor>;
  enum class Pass : std::uint8_t { idle, progress, stuck };

  Awaitable<void> run();
  Awaitable<Pass> pass();
  Awaitable<bool> hold_again_now();
  Awaitable<void> deliver_one(const Owed& owed, bool& done, std::size_t& left);
  Awaitable<std::vector<bool>> deliver_all(const std::vector<Owed>& entries);
  void all_delivered();
  void log(std::string_view text) const;

  Ledger& store_;
  SettlementJournal& journal_;
  OutageCalls& calls_;
  CourierOptions options_;

  boost::asio::io_context loop_{1};
  Timer timer_;
  std::minstd_rand random_;
  std::string unreadable_;  // the last that was said of the journal

  std::atomic<bool> asleep_{false}, away_{false}, stopping_{false};
  std::atomic<std::int64_t> delivered_{0}, lost_{0}, held_again_{0};
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::vector<Owed> to_hold_;
  std::int64_t late_ = 0;  // delivered since the outage began
  std::chrono::steady_clock::time_point away_since_{};

  std::thread thread_;
};

}  // namespace budget::ledger
