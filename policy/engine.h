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
  // In place of the model's, where it is not known yet which model it will be;
  // "" or one that there is not: the model's.
  std::string_view tier{};
};

// One counter that a call will hold against.
struct PlannedLine {
  const Policy* policy = nullptr;  // owned by the PolicySet
  const Budget* budget = nullptr;
  CounterRef counter;
  Enforcement enforcement = Enforcement::count;
  Limits limits;  // what the ledger compares with: the policy's, by threshold for soft limits
  // What a shadow policy would have been enforced with; for others `count`.
  Enforcement shadow_enforcement = Enforcement::count;
};

struct Plan {
  std::vector<PlannedLine> lines;  // in the order of the configuration
  std::string_view tier;           // of the model; "" when in none; owned by the PolicySet
};

// A compiled, immutable set of budgets. Thread-safe. Plans point into it: keep
// it alive (shared_ptr) as long as they are.
class PolicySet {
 public:
  // The error names the policy and what is wrong with it: an empty or
  // unprintable name, an id that is empty or taken, an unknown time zone, a
  // hard or soft limit without any limit (it would refuse nothing), a number
  // out of its range. Reads the tz database; the only I/O of this folder.
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
  // Partition values are percent-encoded, "-" stands for a label that the
  // caller did not say (a value "-" is written "%2D"); per_session counts for
  // each context, per_task for each task of each context.
  // A counter may be forgotten a day after its window ends; per_session and
  // per_task 30 days after the last call; a rolling one a day after all has
  // left its window; total never.
  // Cost: O(policies that could match), by an index on exact fields;
  // 8 matching policies take about a microsecond.
  [[nodiscard]] Plan plan(const CallFacts& call, Time now) const;

  // The counters of `policy` that hold at `now` for a partition value set as
  // written in CounterRef::partition; for listings. REQUIRES: a policy of
  // that id is in the set.
  [[nodiscard]] CounterRef counter_of(const Policy& policy, std::string_view partition,
                                      Time now) const;

 private:
  struct Compiled;
  explicit PolicySet(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

// Judges an admitted call: `states` are the counters' states after its
// reservation, parallel to plan.lines. Verdict allow or warn.
// It warns of every policy but ignored and shadow ones of which a limit has
// reached the warning threshold, this call included; concurrency, which a busy
// caller reaches all the time, only when it is passed. With `amounts` false
// the warnings name no figures. Shadow policies are judged as of before this
// call. REQUIRES: states.size() == plan.lines.size().
[[nodiscard]] Decision decide_admitted(const Plan& plan, const std::vector<CounterState>& states,
                                       const Amount& amount, bool amounts = true);

// Judges a refused call: `line` is the first line without room and `unit` the
// limit that has none. Verdict deny; the caller may then try the policy's
// when_exceeded. resets_at is not set where no reset helps: total, per_session,
// per_task and concurrency. REQUIRES: line < plan.lines.size(), states as above.
[[nodiscard]] Decision decide_refused(const Plan& plan, const std::vector<CounterState>& states,
                                      const Amount& amount, std::size_t line, Unit unit);

// What is left for one call on every enforced line together: the least of the
// limits' room, per unit. nullopt: not limited. Requests and concurrency have
// no room to clamp to and are not part of it. May be negative. A soft limit
// leaves any room below its action threshold, and from there what its policy's
// full limit still holds: see hold_to_limit().
struct Room {
  std::optional<Money> cost;
  std::optional<Tokens> tokens;
  std::optional<Tokens> input_tokens;
  std::optional<Tokens> output_tokens;
};
[[nodiscard]] Room room_left(const Plan& plan, const std::vector<CounterState>& states);
// What is left for a stream that is under way: of the lines that would cut it,
// for a soft limit and one that lets streams finish have let it in for good.
[[nodiscard]] Room room_to_go_on(const Plan& plan, const std::vector<CounterState>& states);

// Holds the soft limit of `policy`, where `plan` has one, to the policy's full
// limits, as a hard limit is held: for trying again with what when_exceeded
// made of a call, which then must fit. Without it a soft limit past its
// threshold would refuse every call that was clamped or downgraded for it.
void hold_to_limit(Plan& plan, const Policy& policy);

// One or two sentences for a person: names the budget, the policy, spent, reserved,
// limit, and when it resets. With `amounts` false it names no figures.
[[nodiscard]] std::string describe(const Denial& denial, Time now, bool amounts);

}  // namespace budget::policy
