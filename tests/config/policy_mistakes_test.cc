// Planted mistakes in budgets, policies and tiers.
#include "tests/config/fixture.h"

namespace budget {
namespace {

class PolicyMistakeTest : public MistakeTest {};

// What the mistakes are made against.
constexpr std::string_view rest =
    "providers:\n"
    "  openai: {format: openai, url: \"https://api.openai.com\"}\n"
    "  anthropic: {format: anthropic, url: \"https://api.anthropic.com\"}\n"
    "  ollama: {format: ollama, url: \"http://127.0.0.1:11434\"}\n"
    "tiers: {small: [\"*mini*\"], large: [\"*\"]}\n";

TEST_P(PolicyMistakeTest, IsFoundAtItsPlaceWithAHint) {
  expect_reported(GetParam(), rest);
}

constexpr Mistake mistakes[] = {
    {"BudgetWithoutName", "budgets:\n  - ^policies: []\n",
     "'name' is missing; give the budget a name"},
    {"BudgetNameWithASpace", "budgets: [{name: ^My budget, policies: []}]\n", "write 'my-budget'"},
    {"BudgetTwice", "budgets:\n  - {name: a, policies: []}\n  - {name: ^a, policies: []}\n",
     "the budget 'a' is already on line 2"},
    {"UnknownBudgetKey", "budgets: [{name: a, ^polcies: [], policies: []}]\n",
     "did you mean 'policies'?"},
    {"TimeZoneMisspelt", "budgets: [{name: a, timezone: ^America/NewYork, policies: []}]\n",
     "no such time zone: 'America/NewYork'; did you mean 'America/New_York'?"},
    {"PolicyTwice",
     "budgets:\n- name: a\n  policies:\n  - {name: p, request_limit: 1}\n"
     "  - {name: ^p, request_limit: 1}\n",
     "the policy 'p' is already on line 4"},
    {"UnknownPolicyKey",
     "budgets: [{name: a, policies: [{name: p, ^cost_limt: 1, request_limit: 1}]}]\n",
     "unknown key 'cost_limt'; did you mean 'cost_limit'?"},
    {"NoLimit", "budgets:\n- name: a\n  policies:\n  - ^name: p\n    type: hard_limit\n",
     "this policy has no limit; add a cost_limit"},
    {"TypeMisspelt", "budgets: [{name: a, policies: [{name: p, type: ^hard, request_limit: 1}]}]\n",
     "one of ignore, warn, soft_limit, hard_limit"},
    {"PeriodMisspelt",
     "budgets: [{name: a, policies: [{name: p, period: ^dayly, request_limit: 1}]}]\n",
     "did you mean 'daily'?"},
    {"RollingTooShort",
     "budgets: [{name: a, policies: [{name: p, period: {rolling: ^500ms}, request_limit: 1}]}]\n",
     "a duration from 1s to 366d"},
    {"ResetDayThatNotEveryMonthHas",
     "budgets: [{name: a, policies: [{name: p, period: monthly, reset_day: ^31, request_limit: "
     "1}]}]\n",
     "1 to 28, found '31'; write 'last'"},
    {"ResetDayOfTheWrongKind",
     "budgets: [{name: a, policies: [{name: p, period: weekly, reset_day: ^5, request_limit: "
     "1}]}]\n",
     "expected a weekday|monday"},
    {"ResetDayMisspelt",
     "budgets: [{name: a, policies: [{name: p, period: weekly, reset_day: ^wensday, request_limit: "
     "1}]}]\n",
     "did you mean 'wednesday'?"},
    {"ResetDayWithoutUse",
     "budgets: [{name: a, policies: [{name: p, period: daily, reset_day: ^15, request_limit: "
     "1}]}]\n",
     "for the periods monthly and weekly; remove it"},
    {"MoneyInWords", "budgets: [{name: a, policies: [{name: p, cost_limit: ^five}]}]\n",
     "an amount of US dollars|found 'five'"},
    {"MoneyWithASign", "budgets: [{name: a, policies: [{name: p, cost_limit: ^$5}]}]\n", "write 5"},
    {"MoneyBelowZero", "budgets: [{name: a, policies: [{name: p, cost_limit: ^-5}]}]\n",
     "an amount of US dollars|found '-5'"},
    {"MoneyWithAnExponent", "budgets: [{name: a, policies: [{name: p, cost_limit: ^1e3}]}]\n",
     "found '1e3'"},
    {"MoneyTooFine", "budgets: [{name: a, policies: [{name: p, cost_limit: ^0.0000000001}]}]\n",
     "at most nine decimals"},
    {"LimitForgotten",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, ^cost_limit: }]}]\n",
     "found nothing; write a value"},
    {"TokensWithACommas", "budgets: [{name: a, policies: [{name: p, token_limit: ^\"1,000\"}]}]\n",
     "a whole number from 0, found '1,000'"},
    {"ThresholdAboveOne",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, warning_threshold: ^80}]}]\n",
     "at most 1|80 percent is 0.8"},
    {"ThresholdInPercent",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, warning_threshold: ^80%}]}]\n",
     "80 percent is 0.8"},
    {"ActionThresholdOnHardLimit",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, action_threshold: ^0.9}]}]\n",
     "for the type soft_limit"},
    {"BypassOnHardLimit",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, priority_bypass: ^8}]}]\n",
     "priority_bypass contradicts this type|soft_limit"},
    {"BypassOutOfRange",
     "budgets: [{name: a, policies: [{name: p, type: soft_limit, request_limit: 1, "
     "priority_bypass: ^11}]}]\n",
     "a whole number from 1 to 10"},
    {"StatusOfAnother",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, deny_status: ^500}]}]\n",
     "one of 429, 402, 403, found '500'"},
    {"MatchOnUnknownProvider",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, match: {provider: ^opanai}}]}]\n",
     "'opanai' matches no configured provider; did you mean 'openai'?"},
    {"MatchOnGlobWithoutProvider",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, match: {provider: [openai, "
     "^\"azure*\"]}}]}]\n",
     "'azure*' matches no configured provider"},
    {"OperationMisspelt",
     "budgets: [{name: a, policies: [{name: p, match: {operation: [chat, ^embedings]}, "
     "request_limit: 1}]}]\n",
     "'embedings' matches no metered operation; did you mean 'embeddings'?"},
    {"OperationThatCostsNothing",
     "budgets: [{name: a, policies: [{name: p, match: {operation: ^moderation}, "
     "request_limit: 1}]}]\n",
     "'moderation' matches no metered operation"},
    {"MatchOnUnknownTier",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, match: {tier: ^smal}}]}]\n",
     "matches no configured tier; did you mean 'small'?"},
    {"MatchOnUnknownField",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, match: {^modle: x}}]}]\n",
     "did you mean 'model'?"},
    {"MatchOnNothing",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, match: {user: ^\"\"}}]}]\n",
     "an empty text; write '*' for any"},
    {"PerUnknown",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, per: [^componnt]}]}]\n",
     "cannot keep a counter per 'componnt'; did you mean 'component'?"},
    {"PerTwice",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, per: [user, ^user]}]}]\n",
     "in the list twice"},
    {"ActionUnknown",
     "budgets: [{name: a, policies: [{name: p, cost_limit: 1, when_exceeded: [^clmp]}]}]\n",
     "clamp, {downgrade: [MODEL, …]} or {queue: DURATION}|found 'clmp'"},
    {"ActionMisspelt",
     "budgets: [{name: a, policies: [{name: p, cost_limit: 1, when_exceeded: [clamp, {queue: "
     "^5}]}]}]\n",
     "write 5s for seconds"},
    {"ClampWithoutOutput",
     "budgets: [{name: a, policies: [{name: p, request_limit: 1, when_exceeded: [^clamp]}]}]\n",
     "clamp lowers the output, and no limit here depends on it"},
    {"ActionsOnWarn",
     "budgets: [{name: a, policies: [{name: p, type: warn, cost_limit: 1, when_exceeded: "
     "^[clamp]}]}]\n",
     "refuses nothing"},
    {"DowngradeToUnknownProvider",
     "budgets: [{name: a, policies: [{name: p, cost_limit: 1, when_exceeded: [{downgrade: "
     "[gpt-4o-mini, ^olama/llama3.2]}]}]}]\n",
     "there is no provider 'olama'; did you mean 'ollama'?"},
    {"DowngradeToAnotherFormat",
     "budgets: [{name: a, policies: [{name: p, cost_limit: 1, match: {provider: openai}, "
     "when_exceeded: [{downgrade: [^anthropic/claude-3-haiku]}]}]}]\n",
     "another wire format|of the same format"},
    {"DowngradeToNothing",
     "budgets: [{name: a, policies: [{name: p, cost_limit: 1, when_exceeded: [{downgrade: "
     "^[]}]}]}]\n",
     "a downgrade without models"},
};

INSTANTIATE_TEST_SUITE_P(Table, PolicyMistakeTest, testing::ValuesIn(mistakes),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(PolicyMistakes, InTiersAreReported) {
  expect_reported({"", "tiers: {small: ^[]}\n", "a tier without models"});
  expect_reported({"", "tiers: {^my tier: [\"*\"]}\n", "write 'my-tier'"});
  expect_reported({"", "tiers: {small: ^{a: b}}\n", "a text or a list of texts"});
}

TEST(PolicyMistakes, LeaveTheContractsOwnDowngradeAlone) {
  parsed(std::string(rest) +
         "budgets: [{name: a, policies: [{name: p, cost_limit: 1, match: {provider: openai}, "
         "when_exceeded: [clamp, {downgrade: [gpt-4o-mini, ollama/llama3.2]}, {queue: 5s}]}]}]\n");
}

}  // namespace
}  // namespace budget
