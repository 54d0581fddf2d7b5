// Where counters and usage are kept: the one place that knows which kind.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "admin/state/state_store.h"
#include "admin/view.h"
#include "policy/clock.h"
#include "policy/counter.h"
#include "policy/ledger/ledger.h"
#include "policy/ledger/usage_store.h"
#include "proxy/config.h"
#include "proxy/log.h"

namespace budget {

// Everything that depends on `store.kind`. Thread-safe. What it hands out lives
// as long as it does.
class Store {
 public:
  virtual ~Store() = default;

  // Says when the store is away.
  [[nodiscard]] virtual ledger::Ledger& ledger() = 0;
  // The same for calls, which must be charged also while the store is away.
  [[nodiscard]] virtual ledger::Ledger& ledger_of_calls() = 0;
  [[nodiscard]] virtual ledger::UsageStore& usage() = 0;
  // What decides periods and leases: this machine's clock, or the one that all
  // replicas share.
  [[nodiscard]] virtual const policy::Clock& clock() const = 0;
  // The counters that are known. Blocks; empty while the store is away.
  [[nodiscard]] virtual std::vector<policy::CounterRef> counters() = 0;
  // What is made at run time, where replicas share it; null where the admin side
  // keeps its own.
  [[nodiscard]] virtual admin::StateStore* state() = 0;
  // What it tells of itself; never blocks.
  [[nodiscard]] virtual std::vector<admin::MetricFamily> metrics() const = 0;
  // Everything done so far is where it belongs, or safe until the next start.
  // Blocks, for seconds at most. The error is a sentence.
  virtual std::expected<void, std::string> flush() = 0;
};

// Opens the store that `config` names; its folder exists. `clock` and `log`
// must outlive it. Blocks. The error is a sentence for the operator.
[[nodiscard]] std::expected<std::unique_ptr<Store>, std::string> open_store(
    const Config& config, const policy::Clock& clock, const Log& log);

}  // namespace budget
