// Random histories of calls, faults and kills: whatever happens, every call has
// one record with the right figures, and the counters are their sum.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "policy/ledger/outage_ledger.h"
#include "tests/ledger/embedded_under_test.h"
#include "tests/ledger/faulty_ledger.h"

namespace budget::ledger {
namespace {

using Fault = FaultyLedger::Fault;
constexpr int kCounters = 3;
constexpr int kSteps = 120;
constexpr std::chrono::seconds kPatience{60};

CounterRef counter_at(int index) {
  return counter("c" + std::to_string(index));
}

// One proxy, its store, and what every call must have cost when all is over.
class Proxy {
 public:
  Proxy(std::uint64_t seed, ModelLedger& model)
      : random_(seed), model_(model), store_(model, seed) {
    open();
  }

  // What is wrong; "" when nothing is.
  std::string play() {
    for (int i = 0; i < kSteps && wrong_.str().empty(); ++i) step();
    while (!calls_.empty()) end(calls_.begin()->first);
    store_.set(Fault::none);
    if (!ledger_->drain(kPatience)) wrong_ << "does not drain\n";
    // What was left by processes that were killed lapses.
    (void)run(model_.reap(now_ + std::chrono::hours(1)));
    compare();
    return wrong_.str();
  }

 private:
  struct Call {
    bool held = false;
    unsigned counters = 0;
    std::int64_t worst = 0;
  };
  struct Expected {
    std::int64_t cost = 0;
    unsigned counters = 0;
    bool estimated = false;
  };

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  void open() {
    OutageOptions options;
    options.journal.folder = folder_.path();
    options.journal.ring_bytes = 64u << 10;
    options.journal.segment_bytes = 8u << 10;
    options.journal.journal_sync = std::chrono::milliseconds(1);
    options.retry_first = std::chrono::milliseconds(1);
    options.retry_longest = std::chrono::milliseconds(2);
    options.clock = &clock_;
    auto opened = OutageLedger::open(store_, std::move(options));
    if (!opened) throw std::runtime_error(opened.error());
    ledger_ = std::move(*opened);
  }

  void step() {
    const std::int64_t what = pick(0, 99);
    if (what < 45) return begin();
    if (what < 75) {
      if (calls_.empty()) return;
      return end(std::next(calls_.begin(), pick(0, std::ssize(calls_) - 1))->first);
    }
    if (what < 88) return store_.set(static_cast<Fault>(pick(0, 4)));
    if (what < 93) {
      now_ += std::chrono::milliseconds(pick(0, 40'000));
      clock_.set(now_);
      (void)run(model_.reap(now_));
      return;
    }
    if (what < 95) return ledger_->store_changed();
    if (what < 98) return crash();
    if (!calls_.empty()) {
      auto& [id, call] = *std::next(calls_.begin(), pick(0, std::ssize(calls_) - 1));
      const std::int64_t more = call.worst + pick(1, 20);
      if (!call.held) return;
      const auto extended = run(ledger_->extend(id, amount(more), now_ + kLease));
      // An extension whose outcome is unknown may be what a lapse is charged at.
      if (extended) call.worst = more;
      if (!extended && extended.error() == LedgerError::timeout) unsure_[id].insert(more);
    }
  }

  ReserveRequest request(const std::string& id, const Call& call) {
    std::vector<HoldLine> lines;
    for (int i = 0; i < kCounters; ++i) {
      if ((call.counters >> i) & 1u) lines.push_back(line(counter_at(i), amount(call.worst)));
    }
    auto request = ledger::call(id, std::move(lines), now_);
    request.lease_until = now_ + kLease;
    return request;
  }

  void begin() {
    const std::string id = "call-" + std::to_string(++made_);
    Call call;
    call.counters = static_cast<unsigned>(pick(1, (1 << kCounters) - 1));
    call.worst = pick(1, 100);
    const auto reserved = run(ledger_->reserve(request(id, call)));
    call.held = reserved.has_value();
    const bool allowed = pick(0, 1) == 0;
    if (!call.held && allowed && !run(ledger_->admit_unheld(request(id, call)))) {
      wrong_ << id << " cannot be kept\n";
    }
    if (call.held || allowed) {
      calls_.emplace(id, call);
    } else if (reserved.error() == LedgerError::timeout) {
      (void)run(ledger_->release(id));
      refused_[id] = call.counters;
    }
  }

  // As the pipeline ends a call.
  void end(std::string id) {
    const Call call = calls_.at(id);
    calls_.erase(id);
    UsageRecord record = usage_record(id, amount(pick(0, 120)), now_);
    record.estimated = pick(0, 3) == 0;
    std::vector<CounterRef> lines;
    for (int i = 0; i < kCounters; ++i) {
      if ((call.counters >> i) & 1u) lines.push_back(counter_at(i));
    }
    expected_[id] = {record.cost.total.value(), call.counters, record.estimated};
    unsure_.erase(id);
    if (!call.held) {
      if (!run(ledger_->record(record, lines))) wrong_ << id << " is not recorded\n";
      return;
    }
    const auto settled = run(ledger_->settle(record));
    if (settled) return;
    if (settled.error() != LedgerError::already_resolved) {
      wrong_ << id << " is not settled: " << name_of(settled.error()) << "\n";
    } else if (!run(ledger_->record(record, lines))) {
      wrong_ << id << " is not corrected\n";
    }
  }

  // Every call under way costs its worst case.
  void crash() {
    ledger_->abandon();
    ledger_.reset();
    for (const auto& [id, call] : calls_) expected_[id] = {call.worst, call.counters, true};
    calls_.clear();
    open();
  }

  void compare() {
    std::array<std::int64_t, kCounters> sums{}, requests{};
    std::size_t free = 0;
    const auto records = model_.records();
    for (const UsageRecord& record : records) {
      const auto found = expected_.find(record.request_id);
      const std::int64_t cost = record.cost.total.value();
      if (found == expected_.end()) {
        // Its hold lapsed before it could be given back: it must cost nothing.
        const auto refused = refused_.find(record.request_id);
        if (refused != refused_.end() && cost == 0 && !record.estimated) {
          ++free;
          for (int i = 0; i < kCounters; ++i) requests[i] += (refused->second >> i) & 1u;
          continue;
        }
        wrong_ << record.request_id << " was never admitted, and has a record\n";
        continue;
      }
      const auto other = unsure_.find(record.request_id);
      const bool right =
          cost == found->second.cost || (other != unsure_.end() && other->second.contains(cost));
      if (!right || record.estimated != found->second.estimated) {
        wrong_ << record.request_id << " is recorded at " << cost << ", not " << found->second.cost
               << "\n";
      }
      for (int i = 0; i < kCounters; ++i) {
        if (!((found->second.counters >> i) & 1u)) continue;
        sums[i] += cost;
        ++requests[i];
      }
    }
    if (records.size() != expected_.size() + free) {
      wrong_ << records.size() << " records of " << expected_.size() << " calls\n";
    }
    for (int i = 0; i < kCounters; ++i) {
      const CounterState state = run(model_.read({counter_at(i)}, now_))->at(0);
      const CounterState summed{.spent = amount(sums[i]), .requests = requests[i]};
      if (state != summed) wrong_ << "the records of c" << i << " do not sum to it\n";
    }
  }

  static constexpr std::chrono::seconds kLease{20};

  std::mt19937_64 random_;
  ModelLedger& model_;
  FaultyLedger store_;
  TemporaryFolder folder_;
  SetClock clock_;
  Time now_ = at(1'800'000'000'000);
  std::unique_ptr<OutageLedger> ledger_;
  std::map<std::string, Call> calls_;
  std::map<std::string, Expected> expected_;
  std::map<std::string, std::set<std::int64_t>> unsure_;
  std::map<std::string, unsigned> refused_;  // after a timeout; the counters it may be held on
  int made_ = 0;
  std::ostringstream wrong_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(OutageHistories, EveryCallHasOneRightRecordWhateverFails) {
  const std::uint64_t first = from_environment("BUDGET_SEED", 1);
  const std::uint64_t count = from_environment("BUDGET_SEEDS", 400);
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + count - 1));
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    ModelLedger model;
    ASSERT_EQ(Proxy(seed, model).play(), "") << "seed " << seed;
  }
}

// Mistakes in the store that the histories must notice.
class ForgetsWhatWasResolved final : public ModelLedger {
 protected:
  bool resolved(const std::string&) const override { return false; }
};

class DropsCorrections final : public ModelLedger {
 public:
  Async<bool> record(UsageRecord record, std::vector<CounterRef> lines) override {
    for (const UsageRecord& each : records()) {
      if (each.request_id == record.request_id) co_return false;
    }
    co_return co_await ModelLedger::record(std::move(record), std::move(lines));
  }
};

template <class Mutant>
void expect_caught() {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Mutant mutant;
    if (!Proxy(seed, mutant).play().empty()) return;
  }
  FAIL() << "the histories do not notice this mistake";
}

TEST(OutageHistories, MissingIdempotencyIsCaught) {
  expect_caught<ForgetsWhatWasResolved>();
}

TEST(OutageHistories, CorrectionsThatAreDroppedAreCaught) {
  expect_caught<DropsCorrections>();
}

}  // namespace
}  // namespace budget::ledger
