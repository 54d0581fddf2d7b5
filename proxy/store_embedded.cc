// The store of one process: a journal and SQLite in a folder.
#include "proxy/store_embedded.h"

#include <utility>

#include "policy/ledger/embedded_ledger.h"
#include "proxy/metric.h"

namespace budget {
namespace {

class EmbeddedStore final : public Store {
 public:
  EmbeddedStore(std::unique_ptr<ledger::EmbeddedLedger> ledger, const policy::Clock& clock)
      : ledger_(std::move(ledger)), clock_(clock) {}

  ledger::Ledger& ledger() override { return *ledger_; }
  ledger::Ledger& ledger_of_calls() override { return *ledger_; }
  ledger::UsageStore& usage() override { return ledger_->usage(); }
  const policy::Clock& clock() const override { return clock_; }
  std::vector<policy::CounterRef> counters() override { return ledger_->counters(); }
  admin::StateStore* state() override { return nullptr; }
  std::expected<void, std::string> flush() override { return ledger_->flush(); }

  std::vector<admin::MetricFamily> metrics() const override {
    const ledger::EmbeddedStats stats = ledger_->stats();
    return {
        single_metric("budget_holds_open", "Calls in flight that hold money", "gauge",
                      stats.open_holds),
        single_metric("budget_holds_lapsed_total", "Holds charged because nobody settled them",
                      "counter", stats.lapsed),
        single_metric("budget_journal_bytes", "The journal's files", "gauge",
                      static_cast<std::int64_t>(stats.journal_bytes)),
        single_metric("budget_journal_backlog_bytes", "Of those, not yet in the database", "gauge",
                      static_cast<std::int64_t>(stats.backlog_bytes)),
        single_metric("budget_journal_failing", "Whether the journal's disk fails", "gauge",
                      stats.disk_failing ? 1 : 0),
    };
  }

 private:
  std::unique_ptr<ledger::EmbeddedLedger> ledger_;
  const policy::Clock& clock_;
};

}  // namespace

std::expected<std::unique_ptr<Store>, std::string> open_embedded_store(const Config& config,
                                                                       const policy::Clock& clock,
                                                                       const Log& log) {
  ledger::EmbeddedOptions options;
  options.path = config.store.path;
  options.journal_sync = config.store.journal_sync;
  options.usage_retention = config.store.usage_retention;
  options.clock = &clock;
  options.log = [&log](std::string_view what) {
    log.warn(LogModule::store, "ledger", {{"what", what}});
  };
  auto ledger = ledger::EmbeddedLedger::open(std::move(options));
  if (!ledger) return std::unexpected(std::move(ledger.error()));
  return std::make_unique<EmbeddedStore>(std::move(*ledger), clock);
}

}  // namespace budget
