// What is made at run time, in Redis, for all replicas.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "admin/state/state_store.h"
#include "policy/ledger/redis_client.h"

namespace budget::admin {

// docs/redis.md lists the keys. Every write is one script, which also adds to a
// stream of changes; a thread of the store's own waits for that stream (a
// blocking read, so that changes are pushed) and tells the listeners. It goes on
// where it stopped after a break, and tells of "" where it cannot know what it
// has missed: the stream was cut behind it, or Redis has lost changes. A write
// whose answer was lost is sent again under the same token and done once.
class RedisStateStore final : public StateStore {
 public:
  // `ledger` must outlive it. Does not ask Redis for anything yet.
  explicit RedisStateStore(ledger::RedisLedger& ledger);
  ~RedisStateStore() override;

  Result<std::vector<StateItem>> list(std::string_view collection) override;
  Result<std::optional<StateItem>> get(std::string_view collection, std::string_view id) override;
  Result<std::int64_t> put(std::string_view collection, std::string_view id, std::string_view body,
                           std::optional<std::int64_t> expected) override;
  Result<bool> erase(std::string_view collection, std::string_view id,
                     std::optional<std::int64_t> expected) override;
  Result<std::int64_t> append(std::string_view log, std::string_view body,
                              std::int64_t keep) override;
  Result<std::vector<StateEntry>> read_after(std::string_view log, std::int64_t sequence,
                                             std::size_t limit) override;
  Result<std::vector<StateEntry>> read_before(std::string_view log,
                                              std::optional<std::int64_t> sequence,
                                              std::size_t limit) override;
  Result<bool> claim(std::string_view what, policy::Time until) override;
  void listen(Listener listener) override;

  // Ends the thread that listens; waits for what it waits for, a part of a
  // second. Afterwards no listener is called. Idempotent.
  void close();

 private:
  enum class Op : std::uint8_t { put, erase, append };
  // The script's answer: a version, a sequence, a count, or -1 for a conflict.
  Result<std::int64_t> write(Op op, std::string_view name, std::string_view id,
                             std::string_view body, const std::string& number);
  Result<std::vector<StateEntry>> read(std::string command);
  [[nodiscard]] std::string key(std::string_view kind, std::string_view name) const;
  void tell(std::string_view name, std::string_view id);

  // The following belong to the thread that listens.
  void follow();
  bool catch_up();  // false: Redis cannot be asked
  bool find_end();  // as catch_up(); where the stream is now
  void pause();

  ledger::RedisClient client_;
  ledger::RedisClient feed_;  // its own, for it is blocked nearly always
  const std::string origin_;  // tells this process's changes from others'
  std::atomic<std::uint64_t> writes_{0};

  std::mutex listeners_mutex_;
  std::vector<Listener> listeners_;

  std::mutex stop_mutex_;
  std::condition_variable stop_changed_;
  bool stop_ = false;
  bool known_ = false;     // whether `last_` is
  std::int64_t last_ = 0;  // the last change that was told
  std::thread thread_;
};

}  // namespace budget::admin
