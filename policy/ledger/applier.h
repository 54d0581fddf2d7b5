// Carries the journal into the database.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "policy/clock.h"
#include "policy/ledger/journal.h"
#include "policy/ledger/store_writer.h"

namespace budget::ledger {

// One thread that reads the journal from where the database stands, applies
// whole batches, and deletes the segments that are wholly applied. The same
// code runs after a crash and in steady state. Thread-safe.
class Applier {
 public:
  struct Options {
    std::chrono::milliseconds interval{250};  // how long records may wait for their batch
    std::chrono::hours usage_retention{24 * 90};
    std::function<void(std::string_view)> log;
    // Told after every batch, on the applier's thread.
    std::function<void()> applied;
  };
  // Journal and clock must outlive it.
  Applier(Journal& journal, std::unique_ptr<StoreWriter> writer, const policy::Clock& clock,
          Options options);
  ~Applier();  // stops after the batch at hand; barrier() first for an orderly end
  Applier(const Applier&) = delete;
  Applier& operator=(const Applier&) = delete;

  // Returns once everything appended before the call is applied. Blocks. An
  // error: the disk or the database would not; it is tried again by itself.
  std::expected<void, std::string> barrier();
  [[nodiscard]] Position position() const { return position_.load(std::memory_order_acquire); }

 private:
  void run();
  // One batch; false when there was nothing to do or it could not be done.
  bool apply_batch();
  std::expected<Position, std::string> gather();
  void set_error(std::string error);

  Journal& journal_;
  std::unique_ptr<StoreWriter> writer_;
  const policy::Clock& clock_;
  Options options_;

  std::atomic<Position> position_{0};
  std::mutex mutex_;
  std::condition_variable wake_, progress_;
  bool stopping_ = false;
  Position wanted_ = 0;
  std::uint64_t rounds_ = 0;  // how often the thread has tried all it could
  std::string error_;
  std::chrono::steady_clock::time_point trimmed_at_;  // the thread's own
  std::thread thread_;
};

}  // namespace budget::ledger
