// What is kept while a store is away, case by case.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "policy/ledger/outage_ledger.h"
#include "tests/ledger/embedded_under_test.h"
#include "tests/ledger/faulty_ledger.h"

namespace budget::ledger {
namespace {

using Fault = FaultyLedger::Fault;
const Time kNow = at(1'800'000'000'000);
constexpr std::chrono::seconds kPatience{30};

class Outage : public testing::Test {
 protected:
  Outage() : store_(model_) { open(); }

  void open() {
    OutageOptions options;
    options.journal.folder = folder_.path() + "/settlements";
    options.journal.ring_bytes = 64u << 10;
    options.journal.segment_bytes = 16u << 10;
    options.journal.journal_sync = std::chrono::milliseconds(2);
    options.journal.write = [this](int file, const void* bytes, std::size_t size, off_t offset) {
      if (!disk_full_) return ::pwrite(file, bytes, size, offset);
      errno = ENOSPC;
      return static_cast<ssize_t>(-1);
    };
    options.bytes_max = bytes_max_;
    options.retry_first = std::chrono::milliseconds(1);
    options.retry_longest = std::chrono::milliseconds(4);
    options.clock = &clock_;
    options.log = [this](std::string_view text) {
      const std::scoped_lock lock(log_mutex_);
      log_ += std::string(text) + "\n";
    };
    auto opened = OutageLedger::open(store_, std::move(options));
    ASSERT_TRUE(opened) << opened.error();
    ledger_ = std::move(*opened);
  }
  // As SIGKILL and a new start.
  void crash() {
    ledger_->abandon();
    ledger_.reset();
    open();
  }
  std::string log() {
    const std::scoped_lock lock(log_mutex_);
    return log_;
  }
  template <class F>
  static bool eventually(F holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }

  static ReserveRequest request(const std::string& id, std::int64_t held = 60) {
    return call(id, {line(counter("a"), amount(held)), line(counter("b"), amount(held))}, kNow);
  }
  void hold(const std::string& id) { ASSERT_TRUE(run(ledger_->reserve(request(id)))); }
  // A settlement of 40, as the pipeline would say it.
  bool settle(const std::string& id) {
    return run(ledger_->settle(usage_record(id, amount(40), kNow))).has_value();
  }
  std::vector<CounterRef> lines() { return {counter("a"), counter("b")}; }
  CounterState state(ModelLedger& store, const std::string& name = "a") {
    return run(store.read({counter(name)}, kNow))->at(0);
  }

  TemporaryFolder folder_;
  SetClock clock_;
  std::atomic<bool> disk_full_{false};
  std::uint64_t bytes_max_ = 1u << 30;
  std::mutex log_mutex_;
  std::string log_;
  ModelLedger model_;
  FaultyLedger store_;
  std::unique_ptr<OutageLedger> ledger_;
};

TEST_F(Outage, SettlementThatCannotBeToldIsKeptAndDeliveredOnce) {
  for (const char* id : {"r1", "r2", "r3"}) hold(id);
  store_.set(Fault::done_late);
  ASSERT_TRUE(settle("r1"));  // the store has it, and we do not know
  store_.set(Fault::unavailable);
  ASSERT_TRUE(settle("r2"));
  ASSERT_TRUE(settle("r3"));
  clock_.set(kNow + std::chrono::seconds(7));
  const OutageStats away = ledger_->stats();
  EXPECT_EQ(away.backlog.entries, 3);
  EXPECT_GT(away.backlog.bytes, 100u);
  EXPECT_EQ(away.oldest_age, std::chrono::seconds(7));
  EXPECT_TRUE(away.away);
  EXPECT_EQ(model_.records().size(), 1u);
  EXPECT_NE(log().find("kept on disk"), std::string::npos) << log();

  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  const CounterState expected{.spent = amount(120), .requests = 3};
  EXPECT_EQ(state(model_), expected);
  EXPECT_EQ(model_.records().size(), 3u);
  const OutageStats back = ledger_->stats();
  EXPECT_EQ(back.backlog.entries, 0);
  EXPECT_EQ(back.backlog.bytes, 0u);
  EXPECT_FALSE(back.oldest_age);
  EXPECT_FALSE(back.away);
  EXPECT_EQ(back.delivered, 3);
  EXPECT_TRUE(eventually([&] { return log().find("all 3 settlements") != std::string::npos; }));
}

TEST_F(Outage, NothingWaitsForAStoreThatIsKnownToBeAway) {
  hold("r1");
  hold("r2");
  store_.set(Fault::timeout);
  ASSERT_TRUE(settle("r1"));
  // From here on only the courier asks, so the caller's answer does not depend
  // on how long the store takes not to give one.
  ASSERT_TRUE(eventually([&] { return ledger_->stats().away; }));
  EXPECT_TRUE(settle("r2"));
  EXPECT_EQ(ledger_->stats().kept, 2);
}

TEST_F(Outage, KilledProcessLeavesWhatItKeptToTheNext) {
  hold("r1");
  store_.set(Fault::unavailable);
  ASSERT_TRUE(settle("r1"));
  crash();
  EXPECT_EQ(ledger_->stats().backlog.entries, 1);
  EXPECT_TRUE(ledger_->stats().oldest_age);
  EXPECT_NE(log().find("1 settlements that the process before kept"), std::string::npos);
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(40), .requests = 1}));
  crash();
  EXPECT_EQ(ledger_->stats().backlog.entries, 0) << "delivered once, and that is remembered";
}

TEST_F(Outage, HoldThatLapsedMeanwhileIsCorrected) {
  hold("r1");
  store_.set(Fault::unavailable);
  ASSERT_TRUE(settle("r1"));
  ASSERT_EQ(run(model_.reap(kNow + std::chrono::minutes(5))), 1u);
  EXPECT_EQ(state(model_).spent, amount(60));
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(40), .requests = 1}));
  EXPECT_FALSE(model_.records().at(0).estimated);
}

TEST_F(Outage, HoldThatTheStoreLostIsRecordedOnItsLines) {
  hold("known");
  hold("later");
  ModelLedger empty;
  store_.replace(empty);
  ASSERT_TRUE(settle("known"));
  EXPECT_EQ(state(empty, "a"), (CounterState{.spent = amount(40), .requests = 1}));
  store_.set(Fault::unavailable);
  ASSERT_TRUE(settle("later"));
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(empty, "b"), (CounterState{.spent = amount(80), .requests = 2}));
  EXPECT_EQ(empty.records().size(), 2u);
  EXPECT_EQ(ledger_->stats().lost_by_store, 2);
}

TEST_F(Outage, CallThatWasNeverHeldIsTheStoresToAnswerFor) {
  const auto settled = run(ledger_->settle(usage_record("nobody", amount(1), kNow)));
  EXPECT_EQ(settled.error(), LedgerError::unknown_hold);
  store_.set(Fault::unavailable);
  EXPECT_EQ(run(ledger_->settle(usage_record("nobody", amount(1), kNow))).error(),
            LedgerError::unavailable);
  EXPECT_EQ(ledger_->stats().backlog.entries, 0);
}

// The store is away when a call comes whose policies let it pass.
TEST_F(Outage, CallWithoutAHoldIsHeldWhenTheStoreIsBackAndSettledOnce) {
  store_.set(Fault::unavailable);
  ASSERT_FALSE(run(ledger_->reserve(request("r1"))));
  ASSERT_TRUE(run(ledger_->admit_unheld(request("r1"))));
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.reserved = amount(60), .in_flight = 1}));
  ASSERT_TRUE(run(ledger_->record(usage_record("r1", amount(40), kNow), lines())));
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(40), .requests = 1}));
  EXPECT_EQ(model_.records().size(), 1u);
}

TEST_F(Outage, CallWithoutAHoldThatEndsDuringTheOutageIsRecordedOnce) {
  for (const Fault fault : {Fault::unavailable, Fault::timeout, Fault::done_late}) {
    const std::string id = "r" + std::to_string(static_cast<int>(fault));
    store_.set(fault);  // done_late: it is held, and we do not know
    ASSERT_FALSE(run(ledger_->reserve(request(id))));
    store_.set(Fault::unavailable);
    ASSERT_TRUE(run(ledger_->admit_unheld(request(id))));
    ASSERT_TRUE(run(ledger_->record(usage_record(id, amount(40), kNow), lines())));
  }
  // The three records; and what says that a call goes on, until the courier has
  // seen that it has ended, which needs no store.
  const auto kept = ledger_->stats().backlog.entries;
  EXPECT_GE(kept, 3);
  EXPECT_LE(kept, 6);
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(120), .requests = 3}));
  EXPECT_EQ(model_.records().size(), 3u);
}

TEST_F(Outage, CallWithoutAHoldWhoseProcessIsKilledIsChargedAtTheWorstCase) {
  store_.set(Fault::unavailable);
  ASSERT_TRUE(run(ledger_->admit_unheld(request("open"))));
  ASSERT_TRUE(run(ledger_->admit_unheld(request("ended"))));
  ASSERT_TRUE(run(ledger_->record(usage_record("ended", amount(40), kNow), lines())));
  crash();
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  ASSERT_EQ(run(model_.reap(kNow + std::chrono::seconds(1))), 1u);
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(100), .requests = 2}));
  const auto records = model_.records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_FALSE(records[0].estimated) << records[0].request_id;
  EXPECT_TRUE(records[1].estimated) << records[1].request_id;
}

TEST_F(Outage, HoldOfACallThatWasRefusedIsGivenBack) {
  store_.set(Fault::done_late);
  ASSERT_EQ(run(ledger_->reserve(request("r1"))).error(), LedgerError::timeout);
  store_.set(Fault::unavailable);
  ASSERT_TRUE(run(ledger_->release("r1")));
  EXPECT_EQ(state(model_).in_flight, 1);
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), CounterState{});
  EXPECT_TRUE(model_.records().empty());
}

TEST_F(Outage, LapsedHoldOfACallThatWasRefusedCostsNothing) {
  store_.set(Fault::done_late);
  ASSERT_EQ(run(ledger_->reserve(request("r1"))).error(), LedgerError::timeout);
  ASSERT_EQ(run(model_.reap(kNow + std::chrono::minutes(5))), 1u);
  store_.set(Fault::none);
  ASSERT_TRUE(run(ledger_->release("r1")));
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.requests = 1}));
  EXPECT_FALSE(model_.records().at(0).estimated);
}

TEST_F(Outage, FullBacklogRefusesNewCallsAndKeepsThoseUnderWay) {
  ledger_.reset();
  bytes_max_ = 300;
  open();
  for (int i = 0; i < 5; ++i) hold("held-" + std::to_string(i));
  store_.set(Fault::unavailable);
  ASSERT_TRUE(run(ledger_->admit_unheld(request("open"))));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(settle("held-" + std::to_string(i)));
  EXPECT_TRUE(ledger_->stats().full);
  EXPECT_EQ(run(ledger_->reserve(request("new"))).error(), LedgerError::backlog_full);
  EXPECT_EQ(run(ledger_->admit_unheld(request("new"))).error(), LedgerError::backlog_full);
  ASSERT_TRUE(run(ledger_->record(usage_record("open", amount(40), kNow), lines())));
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_FALSE(ledger_->stats().full);
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(240), .requests = 6}));
  EXPECT_TRUE(run(ledger_->reserve(request("new"))));
}

TEST_F(Outage, DiskThatIsFullTooRefusesCallsAndLosesNoSettlement) {
  hold("r1");
  hold("r2");
  disk_full_ = true;
  store_.set(Fault::unavailable);
  ASSERT_TRUE(settle("r1"));
  ASSERT_TRUE(eventually([&] { return ledger_->stats().backlog.disk_failing; }));
  ASSERT_TRUE(settle("r2"));
  EXPECT_TRUE(ledger_->stats().full);
  EXPECT_EQ(run(ledger_->admit_unheld(request("new"))).error(), LedgerError::backlog_full);
  store_.set(Fault::none);
  disk_full_ = false;
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(80), .requests = 2}));
}

TEST_F(Outage, EntryThatTheStoreRefusesDoesNotKeepTheOthersWaiting) {
  for (const char* id : {"bad", "r1", "r2"}) hold(id);
  store_.set(Fault::unavailable);
  for (const char* id : {"bad", "r1", "r2"}) ASSERT_TRUE(settle(id));
  store_.refuse("bad");
  store_.set(Fault::none);
  ASSERT_TRUE(eventually([&] { return model_.records().size() == 2; }));
  EXPECT_FALSE(ledger_->drain(std::chrono::milliseconds(20)));
  EXPECT_EQ(ledger_->stats().backlog.entries, 1);
  crash();
  store_.refuse("");
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(120), .requests = 3}));
}

TEST_F(Outage, ServerThatLostWhatItAcknowledgedIsToldAgain) {
  hold("settled");
  ASSERT_TRUE(settle("settled"));
  hold("open");
  ASSERT_TRUE(run(ledger_->extend("open", amount(75), kNow + std::chrono::minutes(2))));
  ModelLedger promoted;
  store_.replace(promoted);
  ledger_->store_changed();
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(
      state(promoted),
      (CounterState{.spent = amount(40), .reserved = amount(75), .requests = 1, .in_flight = 1}));
  EXPECT_EQ(ledger_->stats().held_again, 1);
  ASSERT_TRUE(settle("open"));
  EXPECT_EQ(state(promoted), (CounterState{.spent = amount(80), .requests = 2}));
  // A server that has lost nothing is told the same, and nothing changes.
  ledger_->store_changed();
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(promoted), (CounterState{.spent = amount(80), .requests = 2}));
  EXPECT_EQ(promoted.records().size(), 2u);
}

TEST_F(Outage, PositionSurvivesATornWriteAndIsMissedWhenItIsGone) {
  hold("r1");
  store_.set(Fault::unavailable);
  ASSERT_TRUE(settle("r1"));
  ledger_->abandon();
  ledger_.reset();
  const std::string path = folder_.path() + "/settlements/delivered";
  // Both slots: the journal is there, and nobody can say how much of it is
  // delivered.
  std::ofstream(path, std::ios::binary) << std::string(48, 'x');
  OutageOptions options;
  options.journal.folder = folder_.path() + "/settlements";
  const auto damaged = OutageLedger::open(store_, options);
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().find("delivered is damaged"), std::string::npos) << damaged.error();
  // Without it, all is delivered again.
  ASSERT_EQ(::unlink(path.c_str()), 0);
  open();
  store_.set(Fault::none);
  ASSERT_TRUE(ledger_->drain(kPatience));
  EXPECT_EQ(state(model_), (CounterState{.spent = amount(40), .requests = 1}));
}

TEST_F(Outage, FolderIsOneProcesss) {
  OutageOptions options;
  options.journal.folder = folder_.path() + "/settlements";
  const auto second = OutageLedger::open(store_, options);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("in use"), std::string::npos) << second.error();
}

TEST(Owed, ReadsWhatItWrote) {
  Owed owed = owed_of(call("r1", {line(counter("a"), amount(1, 2, 3))}, kNow, "pot"));
  owed.kept_at = kNow;
  std::string bytes;
  encode(owed, bytes);
  const auto read = decode_owed(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, Owed::Kind::admitted);
  EXPECT_EQ(read->kept_at, kNow);
  EXPECT_EQ(read->record, owed.record);
  EXPECT_EQ(read->lease, std::chrono::minutes(1));
  EXPECT_EQ(read->allocation_id, "pot");
  ASSERT_EQ(read->lines.size(), 1u);
  EXPECT_EQ(read->lines[0].counter, counter("a"));
  EXPECT_EQ(read->lines[0].held, amount(1, 2, 3));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_owed(std::string_view(bytes).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace budget::ledger
