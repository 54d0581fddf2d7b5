// The hours that usage is kept by in Redis, and the records within one.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/ledger/redis_cells.h"
#include "policy/ledger/redis_client.h"
#include "policy/ledger/usage_store.h"

namespace budget::ledger {

// A stretch of time that one set of keys is about.
struct UsagePiece {
  std::string name;  // "2026-11-24" or "2026-11-24T13"
  policy::Time start;
  bool day = false;
  // Whether the filter takes all of it; else its records must be looked at.
  bool whole = true;
};

// The pieces of what `filter` asks about that hold records, oldest first.
// `days`: whole days as one piece each. Where the filter names a context, only
// hours that know it. One round trip, or two.
[[nodiscard]] std::expected<std::vector<UsagePiece>, std::string> pieces_of(
    RedisClient& client, const UsageFilter& filter, bool days);
// A day's hours that hold records, oldest first.
[[nodiscard]] std::expected<std::vector<UsagePiece>, std::string> hours_of_day(
    RedisClient& client, const UsagePiece& day);

// An entry of a stream as it came; views last for the call.
using EntryFields = std::vector<std::pair<std::string_view, std::string_view>>;

// Calls `each` with the entries of an hour, the last settled first, until it
// returns false. In steps of about a millisecond of Redis.
[[nodiscard]] std::expected<void, std::string> scan_hour(
    RedisClient& client, const std::string& hour,
    const std::function<bool(std::string_view id, const EntryFields& fields)>& each);

// Whether an entry is what a filter asks for. Not thread-safe.
class EntryFilter {
 public:
  explicit EntryFilter(const UsageFilter& filter);
  [[nodiscard]] bool passes(const EntryFields& fields) const;

 private:
  UsageFilter filter_;
  std::string policy_, budget_, tag_;  // encoded; "" for any
};

// The entry's admission, in ms; 0 where it has none.
[[nodiscard]] std::int64_t timestamp_of(const EntryFields& fields);
// The milliseconds that an entry's id begins with.
[[nodiscard]] std::int64_t milliseconds_of(std::string_view id);

}  // namespace budget::ledger
