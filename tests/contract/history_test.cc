// Thousands of random histories, and the proof that they would notice.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/contract/history.h"
#include "tests/contract/ledgers.h"
#include "tests/contract/model_ledger.h"

namespace budget::ledger {
namespace {

constexpr std::size_t kSteps = 80;

// The first failing seed of `count`, shrunk, with what went wrong; nullopt
// when there is none.
struct Failure {
  std::uint64_t seed = 0;
  std::string what;
  History minimal;
};
std::optional<Failure> first_failure(const LedgerMaker& maker, std::uint64_t first,
                                     std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const History history = random_history(seed, kSteps);
    if (!play(history, maker)) continue;
    History minimal = shrink(history, maker);
    const std::string what = play(minimal, maker).value_or("");
    return Failure{seed, what, std::move(minimal)};
  }
  return std::nullopt;
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

class LedgerHistories : public testing::TestWithParam<LedgerMaker> {};

TEST_P(LedgerHistories, AgreeWithTheModelStepByStep) {
  const std::uint64_t first = from_environment("BUDGET_SEED", 1);
  const std::uint64_t count = from_environment("BUDGET_SEEDS", GetParam().histories);
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + count - 1));
  const auto failure = first_failure(GetParam(), first, count);
  if (failure) {
    ADD_FAILURE() << "seed " << failure->seed << ", " << failure->what << "\n"
                  << to_text(failure->minimal);
  }
}

INSTANTIATE_TEST_SUITE_P(Ledgers, LedgerHistories, testing::ValuesIn(all_ledgers()),
                         [](const auto& each) { return each.param.name; });

// A ledger with one mistake planted.
template <class Mutant>
LedgerMaker mutant_maker() {
  class UnderTest final : public LedgerUnderTest {
   public:
    Ledger& ledger() override { return mutant_; }
    void crash(Time now) override { mutant_.restart(now); }
    std::vector<UsageRecord> records() override { return mutant_.records(); }

   private:
    Mutant mutant_;
  };
  return {"Mutant", [] { return std::make_unique<UnderTest>(); }};
}

class ReapsAnInstantEarly final : public ModelLedger {
 protected:
  bool lapsed(Time lease_until, Time now) const override { return lease_until <= now; }
};

class ForgetsWhatWasResolved final : public ModelLedger {
 protected:
  bool resolved(const std::string&) const override { return false; }
};

class LosesOverrun final : public ModelLedger {
 public:
  Async<SettleOutcome> settle(UsageRecord record) override {
    auto outcome = co_await ModelLedger::settle(std::move(record));
    if (outcome) outcome->overrun = {};
    co_return outcome;
  }
};

void expect_caught(const LedgerMaker& maker, std::size_t steps_at_most) {
  const auto failure = first_failure(maker, 1, 2000);
  ASSERT_TRUE(failure) << "the histories do not notice this mistake";
  EXPECT_LE(failure->minimal.size(), steps_at_most) << to_text(failure->minimal);
}

TEST(HistoryMutants, ReapingAnInstantEarlyIsCaught) {
  // The lease must end exactly at a step's instant, which chance rarely makes.
  const History exact = {{Act::reserve, 0, 1, false, 10},
                         {Act::clock, 0, 1, false, 20'000},
                         {Act::reap, 0, 1, false, 0}};
  EXPECT_FALSE(play(exact, model_maker()));
  EXPECT_TRUE(play(exact, mutant_maker<ReapsAnInstantEarly>()));
  expect_caught(mutant_maker<ReapsAnInstantEarly>(), 6);
}

TEST(HistoryMutants, MissingIdempotencyIsCaught) {
  expect_caught(mutant_maker<ForgetsWhatWasResolved>(), 4);
}

TEST(HistoryMutants, SilentOverrunIsCaught) {
  expect_caught(mutant_maker<LosesOverrun>(), 2);
}

}  // namespace
}  // namespace budget::ledger
