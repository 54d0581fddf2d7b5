// What a store that is away is owed, one entry a thing to tell it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/ledger/ledger.h"

namespace budget::ledger {

struct OwedLine {
  CounterRef counter;
  Amount held;  // what the call holds there, or would have
};

// Complete in itself: delivered by another process, days later, it says the
// same.
struct Owed {
  enum class Kind : std::uint8_t {
    settle = 1,    // `record` ends a hold
    record = 2,    // `record` is of a call that had no hold, or corrects its record
    release = 3,   // the hold is given back; `record` is what it is charged if it has lapsed
    admitted = 4,  // a call without a hold goes on; `record` is what it is charged if it never ends
  };
  Kind kind = Kind::settle;
  Time kept_at;  // by this machine's clock
  UsageRecord record;
  std::vector<OwedLine> lines;
  std::chrono::milliseconds lease{};  // admitted: how long a hold of it would have lasted
  std::string allocation_id;          // admitted

  [[nodiscard]] const std::string& id() const { return record.request_id; }
  [[nodiscard]] std::vector<CounterRef> counters() const;
  // The hold that an admitted call should have had, as of `now`: lines that
  // only count, for the call is in.
  [[nodiscard]] ReserveRequest hold(Time now) const;
};

// The same call as an entry of `kind`; for `admitted`, with what it holds.
[[nodiscard]] Owed owed_of(const ReserveRequest& request);

void encode(const Owed& owed, std::string& out);
// nullopt when `bytes` are not exactly one entry.
[[nodiscard]] std::optional<Owed> decode_owed(std::string_view bytes);

}  // namespace budget::ledger
