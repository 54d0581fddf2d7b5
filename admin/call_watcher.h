// What the data plane tells of its calls as they pass.
#pragma once

#include <string_view>
#include <vector>

#include "policy/engine.h"
#include "policy/ledger/ledger.h"
#include "policy/ledger/usage_record.h"

namespace budget::admin {

// A call that was let through to its end. References last for the call.
struct SettledCall {
  const ledger::UsageRecord& record;
  const policy::Plan& plan;
  // Parallel to plan.lines, after the settlement; empty where the store takes
  // it later.
  const std::vector<policy::CounterState>& states;
  policy::Amount overrun;  // charged beyond what was held
};

// A call that was not. Views last for the call.
struct RefusedCall {
  std::string_view request_id;
  std::string_view component;
  std::string_view provider;
  std::string_view model;
  std::string_view code;  // as in the answer: "budget_exceeded", …
  std::string_view message;
  const policy::Denial* denial = nullptr;  // null: not for want of budget
};

// Seam: called on the workers' threads. Thread-safe, must not block, and costs
// next to nothing while nobody watches and no threshold is crossed.
class CallWatcher {
 public:
  virtual ~CallWatcher() = default;
  // A call is held against the counters of `plan`, which now stand at `states`.
  virtual void admitted(const policy::Plan& plan,
                        const std::vector<policy::CounterState>& states) = 0;
  virtual void settled(const SettledCall& call) = 0;
  virtual void refused(const RefusedCall& call) = 0;
  // Our count of a call's input is far from the provider's figure.
  virtual void drifted(std::string_view provider, std::string_view model, std::int64_t counted,
                       std::int64_t told) = 0;
  // The ledger could not be asked, or did not take a settlement.
  virtual void store_failed(ledger::LedgerError error) = 0;
};

}  // namespace budget::admin
