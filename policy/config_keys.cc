#include "policy/config.h"

namespace budget::policy {
namespace {

using enum ConfigKey::Kind;

std::vector<ConfigKey> match_keys(const std::string& match) {
  return {
      {match, section, "{}",
       "Which calls the policy is about. A field that is not there matches "
       "every call; several values mean any of them; all fields have to match. Values are globs: "
       "`*` any run of characters, `?` one."},
      {match + ".provider", texts, "", "The provider, by its configured name."},
      {match + ".model", texts, "", "The model, as the call names it."},
      {match + ".component", texts, "", "The calling component."},
      {match + ".tier", texts, "", "The model's tier, see `tiers`."},
      {match + ".task_type", texts, "", "The call's task type."},
      {match + ".user", texts, "", "The call's user."},
      {match + ".key", texts, "", "The id of the proxy key."},
      {match + ".operation", texts, "", "What is asked for: `chat`, `embeddings`, …"},
      {match + ".tags", named, "", "The call's tags, by tag name."},
      {match + ".tags.*", texts, "", "The tag's values."},
  };
}

std::vector<ConfigKey> limit_keys(const std::string& policy) {
  return {
      {policy + ".cost_limit", money, "", "What may be spent in one period."},
      {policy + ".token_limit", integer, "", "Input and output tokens together."},
      {policy + ".input_token_limit", integer, "", "Input tokens, cached ones included."},
      {policy + ".output_token_limit", integer, "", "Output tokens, reasoning included."},
      {policy + ".request_limit", integer, "", "Calls."},
      {policy + ".concurrent_limit", integer, "", "Calls in flight at one time."},
  };
}

std::vector<ConfigKey> period_keys(const std::string& policy) {
  return {
      {policy + ".period",
       mixed,
       "daily",
       "How long the limits hold before they start again, by "
       "the budget's calendar: a word, or `{rolling: 5h}`.",
       {"minute", "hourly", "daily", "weekly", "monthly", "yearly", "total", "per_session",
        "per_task"}},
      {policy + ".period.rolling", duration, "",
       "The length of a rolling window, 1s to 366d, in "
       "whole seconds."},
      {policy + ".reset_day", text, "1",
       "monthly: the day of the month, `1` to `28`, or `last`. "
       "weekly: the weekday, `monday` to `sunday`, monday when not stated."},
  };
}

std::vector<ConfigKey> action_keys(const std::string& policy) {
  return {
      {policy + ".warning_threshold", share, "0.8",
       "The share of a limit from which calls are "
       "warned and an alert is raised."},
      {policy + ".action_threshold", share, "1",
       "soft_limit only: the share from which new calls "
       "are refused."},
      {policy + ".when_exceeded",
       mixed,
       "[]",
       "A list of what to try, in this order, before a "
       "call is refused: `clamp` (lower the call's output ceiling to what the budget still "
       "holds), `downgrade: [MODEL, PROVIDER/MODEL]` (the first that fits, of the same wire "
       "format), `queue: 5s` (wait for reservations to come back). What stands before a `/` is "
       "always a provider.",
       {"clamp"}},
      {policy + ".when_exceeded[].downgrade", texts, "", "Models to use instead, in order."},
      {policy + ".when_exceeded[].queue", duration, "", "How long to wait at most, up to 1m."},
      {policy + ".clamp_min_tokens", integer, "256",
       "A call that would be clamped below this is "
       "refused instead."},
      {policy + ".reserve",
       choice,
       "worst_case",
       "What a call holds while it runs: its whole "
       "worst case, or, for streams, steps ahead of what has been said. Output that a stream does "
       "not show (hidden reasoning) is known when it is over and may then pass the limit: use "
       "`worst_case` for models that reason unseen.",
       {"worst_case", "incremental"}},
      {policy + ".stream_overrun",
       choice,
       "cut",
       "A stream held in steps that reaches this limit is ended as if "
       "it had run out of tokens, or let finish. Each limit decides for itself: a stream is cut "
       "where one that it reaches says cut.",
       {"cut", "finish"}},
      {policy + ".on_client_abort",
       choice,
       "cancel",
       "When the client goes away: close upstream "
       "and charge what was relayed, or read on and charge the provider's figure.",
       {"cancel", "drain"}},
      {policy + ".on_store_failure",
       choice,
       "",
       "What the limit does while the store cannot be "
       "asked; as `store.on_failure` when not stated.",
       {"deny", "allow"}},
      {policy + ".shadow", flag, "false", "Decide and record, never act."},
      {policy + ".deny_status",
       choice,
       "429",
       "The HTTP status of a refusal. 402 and 403 are not repeated by SDKs that repeat every 429.",
       {"429", "402", "403"}},
      {policy + ".priority_bypass", integer, "",
       "soft_limit only: calls of this priority (1 to "
       "10) and above go through."},
      {policy + ".enabled", flag, "true", "false: as if the policy were not there."},
  };
}

void append(std::vector<ConfigKey>& keys, std::vector<ConfigKey> more) {
  keys.insert(keys.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<ConfigKey> policy_config_keys() {
  const std::string policy = "budgets[].policies[]";
  std::vector<ConfigKey> keys = {
      {"tiers", named, "{}",
       "Groups of models that policies can match on. The first tier with a "
       "matching glob is a model's."},
      {"tiers.*", texts, "", "Globs of model names, without regard to case."},
      {"budgets", list, "[]", "What is enforced."},
      {"budgets[].name", text, "", "Required. Unique; letters, digits, `.`, `_`, `-`."},
      {"budgets[].owner", text, "", "Who answers for it."},
      {"budgets[].description", text, "", "For people."},
      {"budgets[].timezone", text, "UTC", "The IANA time zone whose calendar the periods follow."},
      {"budgets[].policies", list, "[]",
       "The budget's policies. A call has to fit all that match."},
      {policy + ".name", text, "",
       "Required. Unique in its budget; letters, digits, `.`, `_`, `-`."},
      {policy + ".type",
       choice,
       "hard_limit",
       "ignore: count only. warn: count, and tell the "
       "call. soft_limit: refuse new calls once the action threshold is reached. hard_limit: "
       "admit a call only if its worst case fits.",
       {"ignore", "warn", "soft_limit", "hard_limit"}},
  };
  append(keys, period_keys(policy));
  append(keys, match_keys(policy + ".match"));
  keys.push_back({policy + ".per", texts, "[]",
                  "Counters of their own for each value of: "
                  "`component`, `user`, `key`, `provider`, `model`, `tier`, `task_type`, "
                  "`context`, `task`, `operation`, `tag:NAME`. Empty: one shared counter."});
  append(keys, limit_keys(policy));
  append(keys, action_keys(policy));
  return keys;
}

}  // namespace budget::policy
