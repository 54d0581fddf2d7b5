// The counters of the embedded ledger, and their locks.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/counter.h"
#include "policy/ledger/rolling_window.h"

namespace budget::ledger {

// Lets a map of strings be searched by view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// Guarded by the lock of its shard.
struct Counter {
  policy::CounterRef ref;
  std::int64_t number = 0;  // its name in the journal
  policy::Amount spent;     // unless it rolls
  std::int64_t requests = 0;
  std::unique_ptr<RollingWindow> window;  // if it rolls
  policy::Amount reserved;
  std::int64_t in_flight = 0;
  std::int64_t allocations = 0;  // that are set aside here and have not ended

  [[nodiscard]] policy::CounterState state(policy::Time now) const;
  void charge(policy::Time at, const policy::Amount& amount, std::int64_t calls);
  // Nothing refers to it, so it may be forgotten.
  [[nodiscard]] bool idle() const {
    return in_flight == 0 && allocations == 0 && reserved == policy::Amount{};
  }
};

// Sharded by key. A call locks the shards of all its counters, in the order of
// the shards, so calls that share none do not wait for one another and no two
// can wait in a circle. A counter stays where it is until it is forgotten.
class CounterTable {
 public:
  static constexpr int shard_count = 64;  // one bit each in a mask
  using Shards = std::uint64_t;
  [[nodiscard]] static int shard_of(std::string_view key) {
    return static_cast<int>((TextHash{}(key) >> 20) % shard_count);
  }
  [[nodiscard]] static Shards bit_of(std::string_view key) { return Shards{1} << shard_of(key); }

  // Holds the locks of a set of shards.
  class Lock {
   public:
    Lock(CounterTable& table, Shards shards);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    CounterTable& table_;
    Shards shards_;
  };

  // REQUIRES of all below: the key's shard is locked. nullptr: never touched.
  [[nodiscard]] Counter* find(std::string_view key);
  Counter& add(const policy::CounterRef& ref, std::int64_t number);
  void remove(std::string_view key);

  // Every counter's name, expired ones that are not forgotten yet among them.
  // Locks one shard after the other.
  [[nodiscard]] std::vector<policy::CounterRef> list();

  [[nodiscard]] std::int64_t next_number() { return next_number_.fetch_add(1); }
  void number_seen(std::int64_t number);

  // Removes the expired, idle counters of a shard, after `forget` has heard of
  // each. Locks the shard.
  void forget_expired(int shard, policy::Time now,
                      const std::function<void(const Counter&)>& forget);

 private:
  struct alignas(64) Shard {
    std::mutex mutex;
    TextMap<std::unique_ptr<Counter>> counters;
    policy::Time next_expiry = policy::Time::max();  // no counter expires before
  };
  std::array<Shard, shard_count> shards_;
  std::atomic<std::int64_t> next_number_{1};
};

}  // namespace budget::ledger
