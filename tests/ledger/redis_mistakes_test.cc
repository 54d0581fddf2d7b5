// Mistakes planted in the scripts: the histories must notice each.
#include <gtest/gtest.h>

#include "tests/contract/history.h"
#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

struct Mistake {
  const char* name;
  const char* right;
  const char* wrong;
};

// Instants that chance rarely meets: the end of a lease, and just after; the
// end of a window's bucket; the end of a counter's time with a call open on it.
std::vector<History> exact_histories() {
  constexpr unsigned kPlain = 1, kRolling = 8, kExpiring = 16;
  const auto leases = [](std::int64_t ms) {
    return History{{Act::reserve, 0, kPlain, false, 10},
                   {Act::clock, 0, kPlain, false, ms},
                   {Act::reap, 0, kPlain, false, 0}};
  };
  return {leases(20'000),
          leases(20'001),
          {{Act::record, 0, kRolling, false, 10}, {Act::clock, 0, kPlain, false, 60'500}},
          {{Act::clock, 0, kPlain, false, 199'000},
           {Act::reserve, 0, kExpiring, false, 10},
           {Act::clock, 0, kPlain, false, 2'000},
           {Act::reap, 0, kPlain, false, 0}}};
}

class RedisMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(RedisMistakes, AreCaught) {
  if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
  const LedgerMaker maker = redis_with_mistake_maker(GetParam().right, GetParam().wrong);
  for (const History& exact : exact_histories()) {
    if (play(exact, maker)) return;
  }
  constexpr std::uint64_t kSeeds = 100;
  constexpr std::size_t kSteps = 80;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    if (play(random_history(seed, kSteps), maker)) return;
  }
  FAIL() << "the histories do not notice: " << GetParam().name;
}

constexpr Mistake kMistakes[] = {
    {"ReapsAnInstantEarly", "text_of(lease + 1)", "text_of(lease)"},
    {"ReapsAnInstantLate", "text_of(lease + 1)", "text_of(lease + 2)"},
    {"ForgetsThatACallIsOver", "return {call and 'already_resolved' or 'unknown_hold'}",
     "return {'unknown_hold'}"},
    {"SettlesTwice",
     "if not call or call[1] ~= 'open' then return not_open(call) end\nlocal overrun",
     "if not call then return not_open(call) end\nlocal overrun"},
    {"ReservesTwice", "if open then\n", "if open and open[1] ~= 'open' then\n"},
    {"RoomIsOneShort", "return less(limit, add(committed, requested))",
     "return not less(add(committed, requested), limit)"},
    {"LosesOverrun",
     "overrun = each(larger, overrun, each(sub, used, line[IN_ROOM] or line[AMOUNT]))", ""},
    {"ForgetsWhatPassedALimit", "used, line[IN_ROOM] or line[AMOUNT]", "used, line[AMOUNT]"},
    {"AsksForRoomWhereACallMayPass", "if unit and line[ENFORCEMENT] ~= ROOM_TO_BEGIN then",
     "if unit then"},
    {"KeepsWhatWasLent", "draw(lender, j, each(sub, nothing(), back))", ""},
    {"CorrectsWithoutMovingCounters", "charge_counter(counter, charge.at, difference, 0)", ""},
    {"ForgetsABusyCounter", "if is_idle(counter) then", "if true then"},
    {"LapseDoesNotRaise", "raise_to(call[IF_LAPSED], amount)", ""},
    {"WindowIsOneBucketShort", "if (index + 1) * counter.bucket_ms > now",
     "if index * counter.bucket_ms > now"},
};

TEST(RedisHistories, ExactInstantsAgreeWithTheModel) {
  if (!RedisServer::installed()) GTEST_SKIP() << "redis-server is not installed";
  for (const History& exact : exact_histories())
    EXPECT_EQ(play(exact, redis_maker()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Planted, RedisMistakes, testing::ValuesIn(kMistakes),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace budget::ledger
