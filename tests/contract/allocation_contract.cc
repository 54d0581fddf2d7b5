// The contract's part on allocations.
#include "tests/contract/ledger_contract.h"

namespace budget::ledger {
namespace {

const Time kNow = at(1'800'000'000'000);

CounterState state_of(Ledger& ledger, const CounterRef& ref, Time now = kNow) {
  const auto states = run(ledger.read({ref}, now));
  EXPECT_TRUE(states.has_value());
  return states ? states->at(0) : CounterState{};
}

template <class T>
LedgerError error_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? LedgerError::unavailable : result.error();
}

bool held(const Result<ReserveOutcome>& result) {
  return result && !result->shortfall;
}

TEST_P(LedgerContract, AllocationHoldsRoomThatOnlyItsCallsDrawOn) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto limits = cost_limit(100);
  ASSERT_TRUE(held(
      run(ledger.allocate({"al", kNow, std::nullopt, {line(counter("a"), amount(80), limits)}}))));
  EXPECT_EQ(state_of(ledger, counter("a")), (CounterState{.reserved = amount(80)}));
  const auto outsider =
      run(ledger.reserve(call("r1", {line(counter("a"), amount(21), limits)}, kNow)));
  ASSERT_TRUE(outsider && outsider->shortfall);
  ASSERT_TRUE(
      held(run(ledger.reserve(call("r2", {line(counter("a"), amount(50), limits)}, kNow, "al")))));
  EXPECT_EQ(state_of(ledger, counter("a")), (CounterState{.reserved = amount(80), .in_flight = 1}));
  EXPECT_EQ(run(ledger.allocation("al"))->remaining, amount(30));
  ASSERT_TRUE(run(ledger.settle(usage_record("r2", amount(10), kNow))));
  EXPECT_EQ(run(ledger.allocation("al"))->remaining, amount(70));
  EXPECT_EQ(state_of(ledger, counter("a")),
            (CounterState{.spent = amount(10), .reserved = amount(70), .requests = 1}));
}

TEST_P(LedgerContract, BeyondTheAllocationACallNeedsRoom) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto limits = cost_limit(100);
  ASSERT_TRUE(held(
      run(ledger.allocate({"al", kNow, std::nullopt, {line(counter("a"), amount(80), limits)}}))));
  const auto refused =
      run(ledger.reserve(call("r1", {line(counter("a"), amount(101), limits)}, kNow, "al")));
  ASSERT_TRUE(refused && refused->shortfall);
  EXPECT_EQ(run(ledger.allocation("al"))->remaining, amount(80));
  ASSERT_TRUE(
      held(run(ledger.reserve(call("r2", {line(counter("a"), amount(95), limits)}, kNow, "al")))));
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(95));
  ASSERT_TRUE(run(ledger.release("r2")));
  EXPECT_EQ(run(ledger.allocation("al"))->remaining, amount(80));
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(80));
}

TEST_P(LedgerContract, CallCoveredByItsAllocationIsAdmittedWhenTheLimitWasLowered) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  ASSERT_TRUE(held(run(ledger.allocate(
      {"al", kNow, std::nullopt, {line(counter("a"), amount(80), cost_limit(100))}}))));
  EXPECT_TRUE(held(run(
      ledger.reserve(call("r1", {line(counter("a"), amount(50), cost_limit(10))}, kNow, "al")))));
}

TEST_P(LedgerContract, ReleasedAllocationGivesBackWhatRemainsAndTakesNothingMore) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  ASSERT_TRUE(
      held(run(ledger.allocate({"al", kNow, std::nullopt, {line(counter("a"), amount(80))}}))));
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {line(counter("a"), amount(30))}, kNow, "al")))));
  for (int again = 0; again < 2; ++again) {
    const auto released = run(ledger.release_allocation("al"));
    ASSERT_TRUE(released);
    EXPECT_TRUE(released->released);
    EXPECT_EQ(released->remaining, Amount{});
    EXPECT_EQ(released->allocated, amount(80));
    EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(30));
  }
  EXPECT_EQ(error_of(run(ledger.reserve(call("r2", {line(counter("a"), amount(1))}, kNow, "al")))),
            LedgerError::no_such_allocation);
  ASSERT_TRUE(run(ledger.settle(usage_record("r1", amount(10), kNow))));
  EXPECT_EQ(state_of(ledger, counter("a")), (CounterState{.spent = amount(10), .requests = 1}));
  EXPECT_EQ(
      error_of(run(ledger.allocate({"al", kNow, std::nullopt, {line(counter("a"), amount(8))}}))),
      LedgerError::already_resolved);
}

TEST_P(LedgerContract, ExpiredAllocationIsGone) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const Time end = kNow + std::chrono::hours(1);
  ASSERT_TRUE(held(run(ledger.allocate({"al", kNow, end, {line(counter("a"), amount(80))}}))));
  EXPECT_EQ(error_of(run(ledger.reserve(call("r1", {line(counter("a"), amount(1))}, end, "al")))),
            LedgerError::no_such_allocation);
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, Amount{});
  EXPECT_EQ(error_of(run(ledger.allocation("never"))), LedgerError::no_such_allocation);
  EXPECT_EQ(error_of(run(ledger.release_allocation("never"))), LedgerError::no_such_allocation);
}

TEST_P(LedgerContract, AllocationIsIdempotentAndObeysTheLimits) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const AllocateRequest request{
      "al", kNow, std::nullopt, {line(counter("a"), amount(80), cost_limit(100))}};
  ASSERT_TRUE(held(run(ledger.allocate(request))));
  ASSERT_TRUE(held(run(ledger.allocate(request))));
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(80));
  AllocateRequest other = request;
  other.lines[0].amount = amount(1);
  EXPECT_EQ(error_of(run(ledger.allocate(other))), LedgerError::duplicate_hold);
  other = request;
  other.id = "second";
  const auto refused = run(ledger.allocate(other));
  ASSERT_TRUE(refused && refused->shortfall);
  EXPECT_EQ(error_of(run(ledger.allocation("second"))), LedgerError::no_such_allocation);
}

}  // namespace
}  // namespace budget::ledger
