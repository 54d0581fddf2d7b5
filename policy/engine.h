// The decision itself: which counters a call touches, and what follows from
// their state. Pure: no clock, no I/O, no log.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/caller.h"
#include "policy/counter.h"
#include "policy/decision.h"
#include "policy/policy.h"

namespace budget::policy {

// What a call is, as far as policies look at it. Views must outlive the call
// of plan() only.
struct CallFacts {
  const Caller* caller = nullptr;
  std::string_view provider;
  std::string_view model;
  std::string_view operation;
  bool stream = false;
};

// One counter that a call will hold against.
struct PlannedLine {
  const Policy* policy = nullptr;  // owned by the PolicySet
  const Budget* budget = nullptr;
  CounterRef counter;
  Enforcement enforcement = Enforcement::count;
  Limits limits;  // what the ledger compares with: the policy's, by threshold for soft limits
};

struct Plan {
  std::vector<PlannedLine> lines;  // in the order of the configuration
  std::string_view tier;           // of the model; "" when in none; owned by the PolicySet
};

// A compiled, immutable set of budgets. Thread-safe. Plans point into it: keep
// it alive (shared_ptr) as long as they are.
class PolicySet {
 public:
  // The error names the policy and what is wrong with it.
  [[nodiscard]] static std::expected<std::shared_ptr<const PolicySet>, std::string> compile(
      PolicyConfig config);
  ~PolicySet();
  PolicySet(const PolicySet&) = delete;
  PolicySet& operator=(const PolicySet&) = delete;

  [[nodiscard]] const PolicyConfig& config() const;
  [[nodiscard]] std::string_view tier_of(std::string_view model) const;

  // The counters that a call admitted at `now` touches. Disabled policies
  // touch none; shadow policies are planned with Enforcement::count (their
  // judgement is decide()'s). A per_session policy does not apply to a call
  // without a context, nor a per_task policy to one without a task.
  // Cost: O(policies that could match), by an index on exact fields.
  [[nodiscard]] Plan plan(const CallFacts& call, Time now) const;

  // The counters of `policy` that hold at `now` for a partition value set as
  // written in CounterRef::partition; for listings.
  [[nodiscard]] CounterRef counter_of(const Policy& policy, std::string_view partition,
                                      Time now) const;

 private:
  struct Compiled;
  explicit PolicySet(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

// Judges an admitted call: `states` are the counters' states after its
// reservation, parallel to plan.lines. Verdict allow or warn.
// REQUIRES: states.size() == plan.lines.size().
[[nodiscard]] Decision decide_admitted(const Plan& plan, const std::vector<CounterState>& states,
                                       const Amount& amount);

// Judges a refused call: `line` is the first line without room and `unit` the
// limit that has none. Verdict deny; the caller may then try the policy's
// when_exceeded.
[[nodiscard]] Decision decide_refused(const Plan& plan, const std::vector<CounterState>& states,
                                      const Amount& amount, std::size_t line, Unit unit);

// What is left for one call on every enforced line together: the least of the
// limits' room, per unit. nullopt: not limited. Requests and concurrency have
// no room to clamp to and are not part of it. May be negative.
struct Room {
  std::optional<Money> cost;
  std::optional<Tokens> tokens;
  std::optional<Tokens> input_tokens;
  std::optional<Tokens> output_tokens;
};
[[nodiscard]] Room room_left(const Plan& plan, const std::vector<CounterState>& states);

// One sentence for a person: names the budget, the policy, spent, reserved,
// limit, and when it resets. With `amounts` false it names no figures.
[[nodiscard]] std::string describe(const Denial& denial, Time now, bool amounts);

}  // namespace budget::policy
