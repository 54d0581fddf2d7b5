#include <gtest/gtest.h>

#include "policy/engine.h"
#include "tests/policy/policies.h"

namespace budget::policy {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Kind = Period::Kind;

constexpr std::int64_t usd = 1'000'000'000;

Denial denial_of(Unit unit) {
  return {.budget = "tekton",
          .policy = "daily-cap",
          .unit = unit,
          .limit = 5 * usd,
          .spent = 4'900'000'000,
          .reserved = 80'000'000,
          .requested = 32'100'000,
          .partition = "component=apollo",
          .resets_at = noon + hours{3} + minutes{12},
          .acts_from = 5 * usd};
}

TEST(Describe, SaysWhatIsSpentHeldAndLeftAndWhenItResets) {
  EXPECT_EQ(describe(denial_of(Unit::cost), noon, true),
            "Budget 'tekton', policy 'daily-cap' (component=apollo): this call may cost up to "
            "$0.0321, but of the daily limit of $5.00 $4.90 is spent and $0.08 is held by calls in "
            "flight. It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
}

TEST(Describe, FindsWordsForEveryUnit) {
  Denial d = denial_of(Unit::tokens);
  d.partition = "";
  d.limit = d.acts_from = 1000;
  d.spent = 998;
  d.reserved = 1;
  d.requested = 200;
  const std::string reset = " It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).";
  const std::string who = "Budget 'tekton', policy 'daily-cap': ";
  EXPECT_EQ(describe(d, noon, true),
            who +
                "this call may use up to 200 tokens, but of the daily limit of 1000 tokens 998 "
                "tokens are spent and 1 token is held by calls in flight." +
                reset);
  d.unit = Unit::input_tokens;
  d.reserved = 0;
  EXPECT_EQ(describe(d, noon, true),
            who +
                "this call may use up to 200 input tokens, but of the daily limit of 1000 input "
                "tokens 998 input tokens are spent and nothing is held." +
                reset);
  d.unit = Unit::requests;
  d.reserved = 2;
  EXPECT_EQ(describe(d, noon, true),
            who + "of the daily limit of 1000 requests 998 requests are counted and 2 in flight." +
                reset);
  d.unit = Unit::concurrent;
  d.resets_at = std::nullopt;
  d.spent = 0;
  d.reserved = d.limit = d.acts_from = 8;
  EXPECT_EQ(describe(d, noon, true),
            who +
                "8 calls are in flight, and at most 8 calls may be. There is room again when one "
                "of them has ended.");
}

TEST(Describe, SaysFromWhereASoftLimitActs) {
  Denial d = denial_of(Unit::cost);
  d.enforcement = Enforcement::threshold;
  d.acts_from = 4'750'000'000;
  EXPECT_EQ(describe(d, noon, true),
            "Budget 'tekton', policy 'daily-cap' (component=apollo): of the daily limit of $5.00 "
            "$4.90 is spent and $0.08 is held by calls in flight, and calls are refused from $4.75 "
            "on. It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
}

TEST(Describe, SaysWhatKindOfResetThereIs) {
  const struct {
    Period period;
    std::optional<Time> resets_at;
    std::string kind;
    std::string ends;
  } cases[] = {
      {{.kind = Kind::minute},
       noon + std::chrono::milliseconds{30'500},
       "minute",
       "It resets at 2026-11-24T12:00:31Z (in 31 s)."},
      {{.kind = Kind::hourly},
       noon + minutes{5},
       "hourly",
       "It resets at 2026-11-24T12:05:00Z (in 5 min)."},
      {{.kind = Kind::weekly},
       noon + hours{60},
       "weekly",
       "It resets at 2026-11-27T00:00:00Z (in 2 days 12 h)."},
      {{.kind = Kind::monthly},
       noon + hours{47} + minutes{59},
       "monthly",
       "It resets at 2026-11-26T11:59:00Z (in 47 h 59 min)."},
      {{.kind = Kind::yearly}, noon, "yearly", "It resets at 2026-11-24T12:00:00Z (in 0 s)."},
      {{.kind = Kind::daily},
       noon - minutes{1},
       "daily",
       "It resets at 2026-11-24T11:59:00Z (in 0 s)."},
      {{.kind = Kind::total}, std::nullopt, "total", "It does not reset."},
      {{.kind = Kind::per_session}, std::nullopt, "session", "It does not reset in this session."},
      {{.kind = Kind::per_task}, std::nullopt, "task", "It does not reset in this task."},
      {{.kind = Kind::rolling, .rolling = hours{5}},
       noon + hours{5},
       "rolling 5 h",
       "There is room again as past calls leave the window, by 2026-11-24T17:00:00Z (in 5 h) at "
       "the latest."},
  };
  for (const auto& c : cases) {
    Denial d = denial_of(Unit::cost);
    d.period = c.period;
    d.resets_at = c.resets_at;
    const std::string text = describe(d, noon, true);
    EXPECT_NE(text.find("of the " + c.kind + " limit of $5.00"), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with(c.ends)) << text;
  }
}

TEST(Describe, NamesNoFiguresWhenToldNotTo) {
  Denial d = denial_of(Unit::cost);
  EXPECT_EQ(describe(d, noon, false),
            "Budget 'tekton', policy 'daily-cap' (component=apollo): the daily cost limit has no "
            "room for this call. It resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
  d.enforcement = Enforcement::threshold;
  d.partition = "";
  EXPECT_EQ(describe(d, noon, false),
            "Budget 'tekton', policy 'daily-cap': the daily cost limit refuses further calls. It "
            "resets at 2026-11-24T15:12:00Z (in 3 h 12 min).");
  d.unit = Unit::concurrent;
  d.enforcement = Enforcement::room;
  EXPECT_EQ(describe(d, noon, false),
            "Budget 'tekton', policy 'daily-cap': the concurrency limit has no room for this call; "
            "there is room again when a call has ended.");
}

}  // namespace
}  // namespace budget::policy
