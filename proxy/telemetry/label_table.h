// Counters by the values of labels, of which there may be only so many.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace budget::telemetry {

// The values of the labels, in a fixed order.
template <std::size_t labels>
using LabelKey = std::array<std::string_view, labels>;

// Entries are made and never taken away, so a reference to one holds as long as
// the table. Finding one that is there takes no lock; making one does. Entry is
// made of a LabelKey and tells it by key(). `slots` is a power of two, and far
// above what is ever asked for.
template <class Entry, std::size_t labels, std::size_t slots>
class LabelTable {
 public:
  // nullptr: it is not there, and `most` are there already. REQUIRES: `most` is
  // below `slots`.
  Entry* find_or_make(const LabelKey<labels>& key, std::size_t most) {
    if (Entry* const found = slot_of(key).load(std::memory_order_acquire)) return found;
    const std::lock_guard lock(making_);
    std::atomic<Entry*>& slot = slot_of(key);
    // Another thread may have made it meanwhile.
    if (Entry* const found = slot.load(std::memory_order_acquire)) return found;
    if (entries_.size() >= most) return nullptr;
    entries_.push_back(std::make_unique<Entry>(key));
    slot.store(entries_.back().get(), std::memory_order_release);
    return entries_.back().get();
  }

  // In the order in which they were made.
  template <class Visit>
  void each(Visit visit) const {
    const std::lock_guard lock(making_);
    for (const auto& entry : entries_) visit(*entry);
  }

 private:
  static std::size_t hash(const LabelKey<labels>& key) {
    std::size_t all = 0;
    for (const std::string_view part : key) {
      all = all * 31 + std::hash<std::string_view>{}(part);
    }
    return all;
  }

  // Its slot, or the empty one where it belongs. There is one: `most` sees to it.
  std::atomic<Entry*>& slot_of(const LabelKey<labels>& key) {
    for (std::size_t at = hash(key);; ++at) {
      std::atomic<Entry*>& slot = table_[at & (slots - 1)];
      const Entry* const entry = slot.load(std::memory_order_acquire);
      if (!entry || entry->key() == key) return slot;
    }
  }

  std::array<std::atomic<Entry*>, slots> table_{};
  mutable std::mutex making_;
  std::vector<std::unique_ptr<Entry>> entries_;  // guarded by making_
};

}  // namespace budget::telemetry
