// The contract's part on holds that grow.
#include "tests/contract/ledger_contract.h"

namespace budget::ledger {
namespace {

using policy::Limits;
using pricing::Money;
using pricing::Tokens;

const Time kNow = at(1'800'000'000'000);

CounterState state_of(Ledger& ledger, const CounterRef& ref) {
  const auto states = run(ledger.read({ref}, kNow));
  EXPECT_TRUE(states.has_value());
  return states ? states->at(0) : CounterState{};
}

bool held(const Result<ReserveOutcome>& result) {
  return result && !result->shortfall;
}

TEST_P(LedgerContract, ExtensionRaisesTheHoldOrLeavesIt) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  ASSERT_TRUE(held(run(ledger.reserve(call("r1",
                                           {line(counter("a"), amount(60), cost_limit(100)),
                                            line(counter("b"), amount(60), cost_limit(90))},
                                           kNow)))));
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(90), kNow))));
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(90));
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(10), kNow)))) << "never lowers";
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(90));
  const auto refused = run(ledger.extend("r1", amount(95), kNow));
  ASSERT_TRUE(refused && refused->shortfall);
  EXPECT_EQ(refused->shortfall->line, 1u);
  EXPECT_EQ(state_of(ledger, counter("a")), (CounterState{.reserved = amount(90), .in_flight = 1}));
}

TEST_P(LedgerContract, ExtensionNeedsNoRoomForACallThatIsAlreadyIn) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  Limits one;
  one.concurrent = 1;
  one.requests = 1;
  one.cost = Money(100);
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {line(counter("a"), amount(60), one)}, kNow)))));
  EXPECT_TRUE(held(run(ledger.extend("r1", amount(100), kNow))));
}

TEST_P(LedgerContract, ExtensionAsksForNoRoomOnALineThatTheCallMayPass) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  HoldLine passable = line(counter("a"), amount(60), cost_limit(70));
  passable.may_pass = true;
  const HoldLine strict = line(counter("b"), amount(60), cost_limit(90));
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {passable, strict}, kNow)))));
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(90), kNow))));
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(90));
  const auto refused = run(ledger.extend("r1", amount(91), kNow));
  ASSERT_TRUE(refused && refused->shortfall) << "the other line still refuses";
  EXPECT_EQ(refused->shortfall->line, 1u);
  const auto another = run(ledger.reserve(call("r2", {passable}, kNow)));
  ASSERT_TRUE(another && another->shortfall) << "who is not in yet needs room";
  const auto settled = run(ledger.settle(usage_record("r1", amount(85), kNow)));
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->overrun, amount(25)) << "beyond what there was room for";
}

TEST_P(LedgerContract, HoldThatPassedALimitIsNoOverrunOnceThereIsRoomForIt) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  HoldLine passable = line(counter("a"), amount(60), cost_limit(100));
  passable.may_pass = true;
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {passable}, kNow)))));
  ASSERT_TRUE(held(run(ledger.reserve(call("r2", {line(counter("a"), amount(40))}, kNow)))));
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(70), kNow))));
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(70), kNow)))) << "a renewal asks for nothing";
  ASSERT_TRUE(run(ledger.release("r2")));
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(80), kNow))));
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(110), kNow))));
  const auto settled = run(ledger.settle(usage_record("r1", amount(110), kNow)));
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->overrun, amount(30));
}

TEST_P(LedgerContract, ExtensionRenewsTheLeaseAndRaisesWhatALapseCosts) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto request = call("r1", {line(counter("a"), amount(60, 3, 4))}, kNow);
  ASSERT_TRUE(held(run(ledger.reserve(request))));
  const Time renewed = request.lease_until + std::chrono::minutes(1);
  ASSERT_TRUE(held(run(ledger.extend("r1", amount(90, 3, 10), renewed))));
  EXPECT_EQ(run(ledger.reap(renewed)), 0u);
  EXPECT_EQ(run(ledger.reap(renewed + std::chrono::milliseconds(1))), 1u);
  EXPECT_EQ(state_of(ledger, counter("a")).spent, amount(90, 3, 10));
  ASSERT_EQ(subject->records().size(), 1u);
  EXPECT_EQ(subject->records()[0].cost.total, Money(90));
  EXPECT_EQ(subject->records()[0].usage.output_total(), Tokens(10));
  EXPECT_EQ(subject->records()[0].cost.input + subject->records()[0].cost.output, Money(90));
}

}  // namespace
}  // namespace budget::ledger
