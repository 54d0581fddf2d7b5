#include "tests/ledger/outage_under_test.h"

#include <stdexcept>

#include "policy/ledger/outage_ledger.h"
#include "tests/contract/model_ledger.h"
#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {
namespace {

class OutageUnderTest final : public LedgerUnderTest {
 public:
  OutageUnderTest() { open(); }

  Ledger& ledger() override { return *ledger_; }
  void crash(Time now) override {
    ledger_->abandon();
    ledger_.reset();
    model_.restart(now);
    open();
  }
  std::vector<UsageRecord> records() override { return model_.records(); }

 private:
  void open() {
    OutageOptions options;
    options.journal.folder = folder_.path();
    options.journal.ring_bytes = 64u << 10;
    options.clock = &clock_;
    auto opened = OutageLedger::open(model_, std::move(options));
    if (!opened) throw std::runtime_error(opened.error());
    ledger_ = std::move(*opened);
  }

  TemporaryFolder folder_;
  SetClock clock_;
  ModelLedger model_;
  std::unique_ptr<OutageLedger> ledger_;
};

}  // namespace

LedgerMaker outage_maker() {
  return {"Outage", [] { return std::make_unique<OutageUnderTest>(); }, 300};
}

}  // namespace budget::ledger
