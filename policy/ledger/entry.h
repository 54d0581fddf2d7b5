// What the journal says: each entry is an effect, already decided, so that
// replaying it needs no clock, no limit and no luck.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/ledger/ledger.h"

namespace budget::ledger {

// Counters are written by number; the number is given once, by this entry.
struct CounterDefined {
  std::int64_t number = 0;
  CounterRef ref;
};
struct CounterForgotten {
  std::int64_t number = 0;
};

// What is held on a counter. By what limits it was let in is not said: after a
// crash no hold is extended, each is charged.
struct KeptLine {
  std::int64_t counter = 0;
  Amount amount;  // held here, in all
  Amount drawn;   // of that, what an allocation lent
};
// A hold as it is after a reservation or an extension.
struct HoldKept {
  std::string id;
  Time now;
  Time lease_until;
  std::string allocation_id;
  std::vector<KeptLine> lines;
  UsageRecord if_lapsed;
};
struct HoldReleased {
  std::string id;
};

struct ChargedLine {
  std::int64_t counter = 0;
  Amount consumed;  // of what an allocation lent, what does not go back to it
};
// A record is written and its counters charged; a hold of that id ends.
struct Charged {
  UsageRecord record;
  std::string allocation_id;
  std::vector<ChargedLine> lines;
};
// An estimated record is replaced; `lines` are those whose counters still are.
struct Corrected {
  UsageRecord record;
  Amount before;
  std::vector<std::int64_t> lines;
};

struct AllocationKept {
  std::string id;
  std::optional<Time> expires_at;
  std::vector<KeptLine> lines;
};
struct AllocationEnded {
  std::string id;
};

using Entry = std::variant<CounterDefined, CounterForgotten, HoldKept, HoldReleased, Charged,
                           Corrected, AllocationKept, AllocationEnded>;

// The bytes of one entry, in place of what `out` held.
void encode(const CounterDefined& entry, std::string& out);
void encode(const CounterForgotten& entry, std::string& out);
void encode(const HoldKept& entry, std::string& out);
void encode(const HoldReleased& entry, std::string& out);
void encode(const Charged& entry, std::string& out);
void encode(const Corrected& entry, std::string& out);
void encode(const AllocationKept& entry, std::string& out);
void encode(const AllocationEnded& entry, std::string& out);

// The id of a HoldKept, for who needs no more of it; nullopt when `bytes` are
// another entry.
[[nodiscard]] std::optional<std::string> kept_hold_id(std::string_view bytes);

// nullopt when `bytes` are not exactly one entry.
[[nodiscard]] std::optional<Entry> decode(std::string_view bytes);

}  // namespace budget::ledger
