// What was decided about a call, and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/counter.h"

namespace budget::policy {

enum class Verdict : std::uint8_t { allow, warn, clamp, downgrade, queue, deny };
[[nodiscard]] std::string_view name_of(Verdict verdict);

// Why a call was refused: one counter, one unit, with its numbers.
struct Denial {
  std::string budget;
  std::string policy;
  Unit unit = Unit::cost;
  // In nano-USD for cost, else in the unit itself.
  std::int64_t limit = 0;
  std::int64_t spent = 0;
  std::int64_t reserved = 0;
  std::int64_t requested = 0;
  std::string partition;
  std::optional<Time> resets_at;  // when it clears by itself at the latest
  int status = 429;
  // For the sentence: over what time the limit counts, and from where on calls
  // are refused: the limit, or for a soft limit its action threshold.
  Period period;
  Enforcement enforcement = Enforcement::room;
  std::int64_t acts_from = 0;
};

// The state of one policy after a decision; for headers, dry runs and records.
struct PolicyState {
  std::string policy_id;
  Unit unit = Unit::cost;  // the unit with the least share left
  std::int64_t limit = 0;
  std::int64_t remaining = 0;  // limit - spent - reserved; may be negative
};

struct Decision {
  Verdict verdict = Verdict::allow;
  std::optional<Denial> denial;         // with Verdict::deny
  std::vector<Denial> shadow_denials;   // what shadow policies would have refused
  std::vector<std::string> warnings;    // one readable sentence each
  std::optional<PolicyState> tightest;  // of the enforced ones; nullopt when none has a limit
};

}  // namespace budget::policy
