// Which ids were resolved lately.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace budget::ledger {

// Remembers at least the last `kept` ids it was told, by a 64-bit fingerprint: of a
// million new ids, the odds that any is taken for one of a hundred thousand
// old ones are one in a hundred million. Not thread-safe.
class IdMemory {
 public:
  void keep(std::size_t kept) { kept_ = kept; }

  void add(std::string_view id) {
    if (newer_.size() >= kept_) older_ = std::exchange(newer_, {});
    newer_.insert(fingerprint(id));
  }
  [[nodiscard]] bool contains(std::string_view id) const {
    const std::size_t wanted = fingerprint(id);
    return newer_.contains(wanted) || older_.contains(wanted);
  }

 private:
  static std::size_t fingerprint(std::string_view id) { return std::hash<std::string_view>{}(id); }

  std::size_t kept_ = 1;
  std::unordered_set<std::size_t> newer_, older_;
};

}  // namespace budget::ledger
