#include "tests/ledger/embedded_under_test.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace budget::ledger {

TemporaryFolder::TemporaryFolder() {
  const bool in_memory = ::access("/dev/shm", W_OK) == 0;
  std::string name = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
  name += "/budget-ledger-XXXXXX";
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<UsageRecord> all_records(UsageStore& usage) {
  constexpr int kPage = 500;
  std::vector<UsageRecord> records;
  for (int page = 1;; ++page) {
    auto some = usage.records({}, page, kPage);
    if (!some) throw std::runtime_error(some.error());
    std::ranges::move(some->records, std::back_inserter(records));
    if (some->records.size() < static_cast<std::size_t>(kPage)) break;
  }
  std::ranges::sort(records, {}, &UsageRecord::request_id);
  return records;
}

namespace {

class EmbeddedUnderTest final : public LedgerUnderTest {
 public:
  EmbeddedUnderTest() { open(); }

  Ledger& ledger() override { return *ledger_; }
  void crash(Time now) override {
    ledger_->abandon();
    ledger_.reset();
    clock_.set(now);
    open();
  }
  std::vector<UsageRecord> records() override { return all_records(ledger_->usage()); }

 private:
  void open() {
    EmbeddedOptions options;
    options.path = folder_.path();
    options.clock = &clock_;
    options.ring_bytes = 64u << 10;  // small, so that it laps and segments roll
    options.segment_bytes = 16u << 10;
    auto opened = EmbeddedLedger::open(std::move(options));
    if (!opened) throw std::runtime_error(opened.error());
    ledger_ = std::move(*opened);
  }

  TemporaryFolder folder_;
  SetClock clock_;
  std::unique_ptr<EmbeddedLedger> ledger_;
};

}  // namespace

LedgerMaker embedded_maker() {
  return {"Embedded", [] { return std::make_unique<EmbeddedUnderTest>(); }};
}

}  // namespace budget::ledger
