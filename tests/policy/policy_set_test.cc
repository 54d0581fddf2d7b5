#include <gtest/gtest.h>

#include <functional>

#include "policy/engine.h"
#include "tests/policy/policies.h"

namespace budget::policy {
namespace {

using Kind = Period::Kind;

TEST(PolicySet, RefusesWhatMakesNoSense) {
  const struct {
    std::function<void(PolicyConfig&)> spoil;
    std::string says;
  } cases[] = {
      {[](auto& c) { c.budgets[0].name = ""; }, "the name is empty"},
      {[](auto& c) { c.budgets[0].name = "a\r\nb"; }, "control characters"},
      {[](auto& c) { c.budgets.push_back(c.budgets[0]); }, "another one of that name"},
      {[](auto& c) { c.budgets[0].timezone = "Mars/Olympus"; },
       "'Mars/Olympus' is not a time zone"},
      {[](auto& c) { c.budgets[0].policies[0].name = ""; }, "the name is empty"},
      {[](auto& c) { c.budgets[0].policies[0].id = ""; }, "the id is empty"},
      {[](auto& c) { c.budgets[0].policies[0].id = "a\nb"; }, "the id has control characters"},
      {[](auto& c) { c.budgets[0].policies.push_back(c.budgets[0].policies[0]); },
       "policy 'daily-cap': there is another one of the id 'tekton/daily-cap'"},
      {[](auto& c) { c.budgets[0].policies[0].limits = {}; }, "it has no limit"},
      {[](auto& c) {
         c.budgets[0].policies[0].type = PolicyType::soft_limit;
         c.budgets[0].policies[0].limits = {};
       },
       "it has no limit"},
      {[](auto& c) { c.budgets[0].policies[0].limits.requests = -1; }, "a limit is negative"},
      {[](auto& c) { c.budgets[0].policies[0].limits.tokens = Tokens(-1); }, "a limit is negative"},
      {[](auto& c) { c.budgets[0].policies[0].warning_threshold_ppm = 1'000'001; },
       "warning_threshold"},
      {[](auto& c) { c.budgets[0].policies[0].warning_threshold_ppm = -1; }, "warning_threshold"},
      {[](auto& c) { c.budgets[0].policies[0].action_threshold_ppm = 1'000'001; },
       "action_threshold"},
      {[](auto& c) { c.budgets[0].policies[0].period.reset_day = 29; }, "reset_day"},
      {[](auto& c) { c.budgets[0].policies[0].period.reset_weekday = std::chrono::weekday(9); },
       "reset_day"},
      {[](auto& c) { c.budgets[0].policies[0].period.kind = Kind::rolling; }, "rolling"},
      {[](auto& c) { c.budgets[0].policies[0].deny_status = 200; }, "deny_status"},
      {[](auto& c) { c.budgets[0].policies[0].priority_bypass = 11; }, "priority_bypass"},
      {[](auto& c) { c.budgets[0].policies[0].clamp_min = Tokens(-1); }, "clamp_min_tokens"},
      {[](auto& c) { c.budgets[0].policies[0].per = {{Partition::Kind::tag, ""}}; },
       "per names a tag"},
      {[](auto& c) { c.budgets[0].policies[0].match.tags = {{"", {"a"}}}; }, "match names a tag"},
      {[](auto& c) { c.tiers[0].name = ""; }, "tier"},
      {[](auto& c) { c.tiers[0].name = c.tiers[1].name; }, "another one of that name"},
  };
  for (const auto& c : cases) {
    PolicyConfig config = config_of({policy_named("daily-cap")});
    c.spoil(config);
    const auto set = PolicySet::compile(std::move(config));
    ASSERT_FALSE(set) << c.says;
    EXPECT_NE(set.error().find(c.says), std::string::npos) << set.error();
  }
}

TEST(PolicySet, AcceptsAnIgnoredPolicyWithoutLimitsAndAnEmptySet) {
  Policy counting = policy_named("counting");
  counting.type = PolicyType::ignore;
  counting.limits = {};
  EXPECT_TRUE(PolicySet::compile(config_of({counting})));
  EXPECT_TRUE(PolicySet::compile({}));
}

TEST(PolicySet, PutsAModelInTheFirstTierThatMatchesWhateverTheCase) {
  const auto set = compiled({});
  EXPECT_EQ(set->tier_of("CodeLlama-7b"), "local_lightweight");
  EXPECT_EQ(set->tier_of("claude-3-5-Haiku-latest"), "local_midweight");
  EXPECT_EQ(set->tier_of("llama-3.2"), "local_midweight");
  EXPECT_EQ(set->tier_of("claude-opus"), "remote_heavyweight");
  EXPECT_EQ(set->tier_of("mystery"), "");
  EXPECT_EQ(set->tier_of(""), "");
}

}  // namespace
}  // namespace budget::policy
