#include "tests/contract/ledger_contract.h"

#include <algorithm>
#include <thread>

namespace budget::ledger {

using policy::Enforcement;
using policy::Limits;
using policy::Unit;
using pricing::Money;
using pricing::Tokens;

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

TEST_P(LedgerContract, CounterNeverTouchedIsAllZero) {
  const auto subject = GetParam().make();
  EXPECT_EQ(state_of(subject->ledger(), counter("a")), CounterState{});
}

TEST_P(LedgerContract, HoldIsReservedOnEveryLineThenReplacedByWhatWasUsed) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto reserved = run(ledger.reserve(
      call("r1", {line(counter("a"), amount(100, 10, 20)), line(counter("b"), amount(100, 10, 20))},
           kNow)));
  ASSERT_TRUE(held(reserved));
  const CounterState after{.reserved = amount(100, 10, 20), .in_flight = 1};
  EXPECT_EQ(reserved->states, (std::vector<CounterState>{after, after}));
  const auto settled = run(ledger.settle(usage_record("r1", amount(40, 9, 7), kNow)));
  ASSERT_TRUE(settled);
  const CounterState spent{.spent = amount(40, 9, 7), .requests = 1};
  EXPECT_EQ(settled->states, (std::vector<CounterState>{spent, spent}));
  EXPECT_EQ(settled->overrun, Amount{});
  EXPECT_EQ(state_of(ledger, counter("b")), spent);
  ASSERT_EQ(subject->records().size(), 1u);
  EXPECT_EQ(subject->records()[0], usage_record("r1", amount(40, 9, 7), kNow));
}

TEST_P(LedgerContract, RefusalNamesTheFirstLineWithoutRoomAndChangesNothing) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto refused = run(ledger.reserve(call("r1",
                                               {line(counter("a"), amount(100), cost_limit(100)),
                                                line(counter("b"), amount(100), cost_limit(99)),
                                                line(counter("c"), amount(100), cost_limit(1))},
                                               kNow)));
  ASSERT_TRUE(refused);
  ASSERT_TRUE(refused->shortfall);
  EXPECT_EQ(refused->shortfall->line, 1u);
  EXPECT_EQ(refused->shortfall->unit, Unit::cost);
  EXPECT_EQ(refused->states, std::vector<CounterState>(3));
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(state_of(ledger, counter(name)), CounterState{});
  }
  EXPECT_TRUE(subject->records().empty());
  EXPECT_EQ(error_of(run(ledger.settle(usage_record("r1", amount(1), kNow)))),
            LedgerError::unknown_hold);
  EXPECT_TRUE(held(run(ledger.reserve(call("r1", {line(counter("a"), amount(1))}, kNow)))));
}

struct EnforcementCase {
  const char* name;
  Enforcement enforcement;
  Limits limits;
  Amount first, second;
  std::optional<Unit> refused;
};

std::vector<EnforcementCase> enforcement_cases() {
  Limits tokens, input, output, requests, concurrent;
  tokens.tokens = Tokens(100);
  input.input_tokens = Tokens(50);
  output.output_tokens = Tokens(50);
  requests.requests = 1;
  concurrent.concurrent = 1;
  const Amount half = amount(50, 25, 25);
  return {
      {"room to the last nano-USD", Enforcement::room, cost_limit(100), half, half, {}},
      {"one nano-USD short", Enforcement::room, cost_limit(99), half, half, Unit::cost},
      {"tokens fit", Enforcement::room, tokens, half, half, {}},
      {"tokens do not", Enforcement::room, tokens, half, amount(0, 25, 26), Unit::tokens},
      {"input", Enforcement::room, input, half, amount(0, 26, 0), Unit::input_tokens},
      {"output", Enforcement::room, output, half, amount(0, 0, 26), Unit::output_tokens},
      {"requests count calls in flight", Enforcement::room, requests, half, half, Unit::requests},
      {"concurrent", Enforcement::room, concurrent, half, half, Unit::concurrent},
      {"below the threshold", Enforcement::threshold, cost_limit(51), half, amount(999), {}},
      {"at the threshold", Enforcement::threshold, cost_limit(50), half, amount(1), Unit::cost},
      {"only counted", Enforcement::count, cost_limit(0), half, half, {}},
  };
}

TEST_P(LedgerContract, EachEnforcementRefusesExactlyWhatItMust) {
  for (const EnforcementCase& each : enforcement_cases()) {
    SCOPED_TRACE(each.name);
    const auto subject = GetParam().make();
    const auto first = run(subject->ledger().reserve(
        call("r1", {line(counter("a"), each.first, each.limits, each.enforcement)}, kNow)));
    ASSERT_TRUE(held(first));
    const auto second = run(subject->ledger().reserve(
        call("r2", {line(counter("a"), each.second, each.limits, each.enforcement)}, kNow)));
    ASSERT_TRUE(second);
    ASSERT_EQ(second->shortfall.has_value(), each.refused.has_value());
    if (each.refused) EXPECT_EQ(second->shortfall->unit, *each.refused);
  }
}

TEST_P(LedgerContract, ConcurrencyIsFreedBySettlingAndRequestsAreNot) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  Limits concurrent, requests;
  concurrent.concurrent = 1;
  requests.requests = 1;
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {line(counter("a"), {}, concurrent)}, kNow)))));
  ASSERT_TRUE(run(ledger.settle(usage_record("r1", {}, kNow))));
  EXPECT_TRUE(held(run(ledger.reserve(call("r2", {line(counter("a"), {}, concurrent)}, kNow)))));
  ASSERT_TRUE(run(ledger.release("r2")));
  const auto refused = run(ledger.reserve(call("r3", {line(counter("a"), {}, requests)}, kNow)));
  ASSERT_TRUE(refused && refused->shortfall);
  EXPECT_EQ(refused->shortfall->unit, Unit::requests);
}

TEST_P(LedgerContract, SameReservationAgainIsOneReservation) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto request = call("r1", {line(counter("a"), amount(60), cost_limit(100))}, kNow);
  const auto first = run(ledger.reserve(request));
  const auto again = run(ledger.reserve(request));
  ASSERT_TRUE(held(first) && held(again));
  EXPECT_EQ(first->states, again->states);
  EXPECT_EQ(error_of(run(ledger.reserve(call("r1", {line(counter("b"), amount(60))}, kNow)))),
            LedgerError::duplicate_hold);
  EXPECT_EQ(error_of(run(ledger.reserve(call("r1", {line(counter("a"), amount(61))}, kNow)))),
            LedgerError::duplicate_hold);
  EXPECT_EQ(state_of(ledger, counter("a")).reserved, amount(60));
}

TEST_P(LedgerContract, FirstResolutionStands) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto request = call("settled", {line(counter("a"), amount(60))}, kNow);
  ASSERT_TRUE(held(run(ledger.reserve(request))));
  ASSERT_TRUE(held(run(ledger.reserve(call("released", {line(counter("a"), amount(1))}, kNow)))));
  ASSERT_TRUE(run(ledger.settle(usage_record("settled", amount(5), kNow))));
  ASSERT_TRUE(run(ledger.release("released")));
  for (const char* id : {"settled", "released"}) {
    SCOPED_TRACE(id);
    EXPECT_EQ(error_of(run(ledger.settle(usage_record(id, amount(7), kNow)))),
              LedgerError::already_resolved);
    EXPECT_EQ(error_of(run(ledger.release(id))), LedgerError::already_resolved);
    EXPECT_EQ(error_of(run(ledger.extend(id, amount(9), kNow))), LedgerError::already_resolved);
    EXPECT_EQ(error_of(run(ledger.reserve(call(id, {line(counter("a"), amount(60))}, kNow)))),
              LedgerError::already_resolved);
  }
  EXPECT_EQ(state_of(ledger, counter("a")), (CounterState{.spent = amount(5), .requests = 1}));
  EXPECT_EQ(subject->records().size(), 1u);
}

TEST_P(LedgerContract, UnknownHoldIsAnError) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  EXPECT_EQ(error_of(run(ledger.settle(usage_record("x", amount(1), kNow)))),
            LedgerError::unknown_hold);
  EXPECT_EQ(error_of(run(ledger.release("x"))), LedgerError::unknown_hold);
  EXPECT_EQ(error_of(run(ledger.extend("x", amount(1), kNow))), LedgerError::unknown_hold);
}

TEST_P(LedgerContract, ReleaseLeavesNoTrace) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {line(counter("a"), amount(60))}, kNow)))));
  ASSERT_TRUE(run(ledger.release("r1")));
  EXPECT_EQ(state_of(ledger, counter("a")), CounterState{});
  EXPECT_TRUE(subject->records().empty());
}

TEST_P(LedgerContract, OverrunIsChargedInFullAndReported) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  ASSERT_TRUE(held(run(
      ledger.reserve(call("r1", {line(counter("a"), amount(60, 10, 5), cost_limit(60))}, kNow)))));
  const auto settled = run(ledger.settle(usage_record("r1", amount(75, 4, 6), kNow)));
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->overrun, amount(15, 0, 1));
  EXPECT_EQ(state_of(ledger, counter("a")).spent, amount(75, 4, 6));
  const auto refused =
      run(ledger.reserve(call("r2", {line(counter("a"), {}, cost_limit(60))}, kNow)));
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->shortfall);
}

TEST_P(LedgerContract, LapsedHoldIsChargedAtItsRecordOnce) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto request = call("r1", {line(counter("a"), amount(60, 3, 4))}, kNow);
  ASSERT_TRUE(held(run(ledger.reserve(request))));
  EXPECT_EQ(run(ledger.reap(request.lease_until)), 0u) << "the lease has not ended before";
  const Time late = request.lease_until + std::chrono::milliseconds(1);
  EXPECT_EQ(run(ledger.reap(late)), 1u);
  EXPECT_EQ(run(ledger.reap(late)), 0u);
  EXPECT_EQ(state_of(ledger, counter("a")),
            (CounterState{.spent = amount(60, 3, 4), .requests = 1}));
  EXPECT_EQ(error_of(run(ledger.settle(usage_record("r1", amount(1), kNow)))),
            LedgerError::already_resolved);
  ASSERT_EQ(subject->records().size(), 1u);
  UsageRecord expected = request.if_lapsed;
  expected.ended_at = late;
  EXPECT_EQ(subject->records()[0], expected);
}

TEST_P(LedgerContract, LapsedHoldOnATouchedCounterIsChargedBeforeTheNextCallIsJudged) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  auto first = call("r1", {line(counter("a"), amount(60), cost_limit(100))}, kNow);
  first.if_lapsed = usage_record("r1", amount(20), kNow);
  ASSERT_TRUE(held(run(ledger.reserve(first))));
  const Time late = first.lease_until + std::chrono::milliseconds(1);
  const auto second =
      run(ledger.reserve(call("r2", {line(counter("a"), amount(80), cost_limit(100))}, late)));
  ASSERT_TRUE(held(second));
  EXPECT_EQ(
      second->states[0],
      (CounterState{.spent = amount(20), .reserved = amount(80), .requests = 1, .in_flight = 1}));
}

TEST_P(LedgerContract, RecordAddsACallMadeElsewhereOnce) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto record = usage_record("r1", amount(60, 1, 2), kNow);
  EXPECT_EQ(run(ledger.record(record, {counter("a"), counter("b")})), true);
  EXPECT_EQ(error_of(run(ledger.record(record, {counter("a")}))), LedgerError::already_resolved);
  EXPECT_EQ(state_of(ledger, counter("b")),
            (CounterState{.spent = amount(60, 1, 2), .requests = 1}));
  EXPECT_EQ(error_of(run(ledger.reserve(call("r1", {line(counter("a"), amount(1))}, kNow)))),
            LedgerError::already_resolved);
}

TEST_P(LedgerContract, RecordOfACallInFlightIsRefused) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {line(counter("a"), amount(60))}, kNow)))));
  EXPECT_EQ(error_of(run(ledger.record(usage_record("r1", amount(1), kNow), {counter("a")}))),
            LedgerError::duplicate_hold);
}

TEST_P(LedgerContract, CorrectionMovesTheFirstLinesByTheDifference) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const auto request = call("r1", {line(counter("a"), amount(60, 5, 5))}, kNow);
  ASSERT_TRUE(held(run(ledger.reserve(request))));
  ASSERT_EQ(run(ledger.reap(request.lease_until + std::chrono::seconds(1))), 1u);
  const auto truth = usage_record("r1", amount(25, 7, 2), kNow);
  EXPECT_EQ(run(ledger.record(truth, {counter("b")})), false);
  EXPECT_EQ(state_of(ledger, counter("a")),
            (CounterState{.spent = amount(25, 7, 2), .requests = 1}));
  EXPECT_EQ(state_of(ledger, counter("b")), CounterState{});
  EXPECT_EQ(subject->records(), std::vector<UsageRecord>{truth});
  EXPECT_EQ(error_of(run(ledger.record(truth, {}))), LedgerError::already_resolved);
}

TEST_P(LedgerContract, RollingWindowForgetsABucketOnlyWhenItIsWhollyOutside) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const CounterRef ref = rolling_counter("a", std::chrono::seconds(60));  // buckets of a second
  const Time start = at(1'800'000'000'000);
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {line(ref, amount(10))}, start)))));
  ASSERT_TRUE(run(ledger.settle(usage_record("r1", amount(10), start))));
  const Time last = start + std::chrono::milliseconds(60'999);
  EXPECT_EQ(state_of(ledger, ref, last).spent, amount(10));
  EXPECT_EQ(state_of(ledger, ref, last).requests, 1);
  EXPECT_EQ(state_of(ledger, ref, last + std::chrono::milliseconds(1)), CounterState{});
}

TEST_P(LedgerContract, RollingWindowCountsACallWhereItWasAdmittedAndHoldsAtAnyAge) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const CounterRef ref = rolling_counter("a", std::chrono::seconds(60));
  auto request = call("r1", {line(ref, amount(10))}, kNow);
  request.lease_until = kNow + std::chrono::hours(1);
  ASSERT_TRUE(held(run(ledger.reserve(request))));
  const Time later = kNow + std::chrono::seconds(90);
  EXPECT_EQ(state_of(ledger, ref, later).reserved, amount(10));
  ASSERT_TRUE(run(ledger.settle(usage_record("r1", amount(10), kNow))));
  EXPECT_EQ(state_of(ledger, ref, later), CounterState{});
}

TEST_P(LedgerContract, ClockSteppingBackUnlocksNothing) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  const CounterRef ref = rolling_counter("a", std::chrono::seconds(60));
  ASSERT_TRUE(run(ledger.record(usage_record("r1", amount(10), kNow), {ref})));
  EXPECT_EQ(state_of(ledger, ref, kNow - std::chrono::hours(1)).spent, amount(10));
}

TEST_P(LedgerContract, ExpiredCounterIsForgottenOnceIdle) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  CounterRef ref = counter("a");
  ref.expires_at = kNow + std::chrono::seconds(10);
  ASSERT_TRUE(run(ledger.record(usage_record("r0", amount(10), kNow), {ref})));
  ASSERT_TRUE(held(run(ledger.reserve(call("r1", {line(ref, amount(10))}, kNow)))));
  ASSERT_EQ(run(ledger.reap(*ref.expires_at)), 0u);
  EXPECT_EQ(state_of(ledger, ref).spent, amount(10)) << "a call is still in flight";
  ASSERT_TRUE(run(ledger.settle(usage_record("r1", amount(1), kNow))));
  ASSERT_EQ(run(ledger.reap(*ref.expires_at)), 0u);
  EXPECT_EQ(state_of(ledger, ref), CounterState{});
}

TEST_P(LedgerContract, CrashChargesTheOpenHoldsAndKeepsEverythingElse) {
  const auto subject = GetParam().make();
  const CounterRef rolling = rolling_counter("w", std::chrono::seconds(60));
  ASSERT_TRUE(held(run(subject->ledger().reserve(
      call("settled", {line(counter("a"), amount(60)), line(rolling, amount(60))}, kNow)))));
  ASSERT_TRUE(held(
      run(subject->ledger().reserve(call("open", {line(counter("a"), amount(7, 8, 9))}, kNow)))));
  ASSERT_TRUE(held(
      run(subject->ledger().reserve(call("released", {line(counter("a"), amount(5))}, kNow)))));
  ASSERT_TRUE(held(run(
      subject->ledger().allocate({"al", kNow, std::nullopt, {line(counter("b"), amount(80))}}))));
  ASSERT_TRUE(held(
      run(subject->ledger().reserve(call("drew", {line(counter("b"), amount(30))}, kNow, "al")))));
  ASSERT_TRUE(run(subject->ledger().settle(usage_record("settled", amount(40), kNow))));
  ASSERT_TRUE(run(subject->ledger().release("released")));
  const Time restart = kNow + std::chrono::seconds(5);
  for (int crashes = 0; crashes < 2; ++crashes) {
    subject->crash(restart);
    Ledger& ledger = subject->ledger();
    EXPECT_EQ(state_of(ledger, counter("a")),
              (CounterState{.spent = amount(47, 8, 9), .requests = 2}));
    EXPECT_EQ(state_of(ledger, rolling), (CounterState{.spent = amount(40), .requests = 1}));
    EXPECT_EQ(state_of(ledger, counter("b")),
              (CounterState{.spent = amount(30), .reserved = amount(50), .requests = 1}));
    EXPECT_EQ(run(ledger.allocation("al"))->remaining, amount(50));
    for (const char* id : {"settled", "open", "released", "drew"}) {
      EXPECT_EQ(error_of(run(ledger.settle(usage_record(id, amount(1), kNow)))),
                LedgerError::already_resolved);
    }
    const auto records = subject->records();
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(std::ranges::count_if(records, &UsageRecord::estimated), 2);
  }
}

TEST_P(LedgerContract, ManyThreadsNeverPassTheLimitAndLoseNothing) {
  const auto subject = GetParam().make();
  Ledger& ledger = subject->ledger();
  constexpr int kThreads = 4;
  constexpr int kCalls = 200;
  std::vector<std::int64_t> admitted(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&ledger, &admitted, t] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string id = "t" + std::to_string(t) + "-" + std::to_string(i);
        const auto outcome =
            run(ledger.reserve(call(id,
                                    {line(counter("shared"), amount(3), cost_limit(1000)),
                                     line(counter("own" + std::to_string(t)), amount(3))},
                                    kNow)));
        if (!held(outcome)) continue;
        if (i % 3 == 0) {
          if (run(ledger.release(id))) continue;
        }
        if (run(ledger.settle(usage_record(id, amount(2), kNow)))) ++admitted[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::int64_t total = 0;
  for (int t = 0; t < kThreads; ++t) {
    total += admitted[t];
    EXPECT_EQ(state_of(ledger, counter("own" + std::to_string(t))),
              (CounterState{.spent = amount(2 * admitted[t]), .requests = admitted[t]}));
  }
  EXPECT_EQ(state_of(ledger, counter("shared")),
            (CounterState{.spent = amount(2 * total), .requests = total}));
  EXPECT_LE(2 * total, 1000);
  EXPECT_GE(2 * total, 1000 - 3 * kThreads) << "and the limit was reached, so it was tried";
  EXPECT_EQ(static_cast<std::int64_t>(subject->records().size()), total);
}

}  // namespace
}  // namespace budget::ledger
