// Recorded calls, replayed against another set of policies.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "policy/engine.h"
#include "policy/ledger/rolling_window.h"
#include "policy/ledger/usage_record.h"

namespace budget::admin {

struct SimulatedCounts {
  std::int64_t calls = 0;  // the sum of the next five
  std::int64_t allowed = 0;
  std::int64_t warned = 0;
  std::int64_t clamped = 0;
  std::int64_t downgraded = 0;
  std::int64_t denied = 0;
  std::int64_t shadow_denied = 0;  // of those let in: what shadow policies would have refused
  pricing::Money saved;            // what denied, clamped and downgraded calls would not have cost
};

// What `record`'s usage costs at another provider and model; nullopt: unknown.
using Reprice = std::function<std::optional<pricing::Cost>(
    const ledger::UsageRecord& record, std::string_view provider, std::string_view model)>;

// Decides as a ledger and the pipeline do, by the same pure functions, but holds
// what a call came to use where they had to hold its worst case: a call that
// only its worst case kept out is let in here. A policy's `queue` is passed
// over. Not thread-safe. Cost: that of plan() for each call.
class Simulation {
 public:
  // By policy and component.
  using ByPolicy = std::map<std::pair<std::string, std::string>, SimulatedCounts>;
  using ByComponent = std::map<std::string, SimulatedCounts>;

  // What is played before `from` counts and is not reported.
  Simulation(std::shared_ptr<const policy::PolicySet> policies, Reprice reprice, policy::Time from);

  // REQUIRES: not earlier than the record before.
  void play(const ledger::UsageRecord& record);

  [[nodiscard]] const ByPolicy& by_policy() const { return by_policy_; }
  [[nodiscard]] const ByComponent& by_component() const { return by_component_; }
  [[nodiscard]] const SimulatedCounts& total() const { return total_; }

 private:
  struct Counter {
    policy::CounterState state;  // spent: of what does not roll
    std::optional<ledger::RollingWindow> rolling;
  };
  // A call that has been let in and is not over.
  struct Held {
    policy::Time ends_at, admitted_at;
    policy::Amount amount;
    std::vector<policy::CounterRef> counters;

    friend bool operator>(const Held& a, const Held& b) { return a.ends_at > b.ends_at; }
  };
  struct Refusal {
    std::size_t line = 0;
    policy::Unit unit = policy::Unit::cost;
  };
  // A way to let a call in, perhaps a changed one.
  struct Attempt {
    policy::Plan plan;
    policy::Amount amount;
    std::vector<policy::CounterState> before;
    std::optional<Refusal> refusal;
  };

  [[nodiscard]] policy::CounterState state_of(const policy::CounterRef& counter, policy::Time now);
  [[nodiscard]] policy::Plan plan_of(const ledger::UsageRecord& record, std::string_view provider,
                                     std::string_view model) const;
  void attempt(Attempt& at, policy::Time now);
  [[nodiscard]] std::optional<Attempt> clamped(const ledger::UsageRecord& record,
                                               const pricing::Cost& cost, const Attempt& refused);
  [[nodiscard]] std::optional<Attempt> downgraded(const ledger::UsageRecord& record,
                                                  const policy::Action& action,
                                                  const policy::Policy& policy);
  void hold(const ledger::UsageRecord& record, const Attempt& admitted);
  void settle_until(policy::Time now);
  // Adds to every report that the call belongs to.
  void report_admitted(const ledger::UsageRecord& record, const Attempt& admitted,
                       policy::Verdict verdict, const policy::Policy* changed_by,
                       pricing::Money saved);
  void report_denied(const ledger::UsageRecord& record, const policy::Policy& policy,
                     pricing::Money saved);

  std::shared_ptr<const policy::PolicySet> policies_;
  Reprice reprice_;
  policy::Time from_;
  std::unordered_map<std::string, Counter> counters_;
  std::priority_queue<Held, std::vector<Held>, std::greater<>> held_;  // the next to end first
  ByPolicy by_policy_;
  ByComponent by_component_;
  SimulatedCounts total_;
};

}  // namespace budget::admin
