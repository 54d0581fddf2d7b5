#include "admin/cli/command.h"
#include "admin/cli/runs.h"

namespace budget::cli {
namespace {

constexpr Option status_options[] = {{"budget", "NAME", "Of this budget alone"}};

constexpr Option policies_options[] = {
    {"period", "PERIOD", "Of this period", "period"},
    {"tier", "TIER", "That could apply to this tier", "tier"},
    {"provider", "NAME", "That could apply to this provider", "provider"},
    {"component", "NAME", "That could apply to this component", "component"},
    {"task-type", "TYPE", "That could apply to this type of task", "task_type"},
    {"enabled", "BOOL", "Enabled or not", "enabled", false, false, "true false"}};

// What a policy is set with, now or in a simulation.
constexpr Option limit_cost{"cost", "USD", "What may be spent in a period", "cost_limit"};
constexpr Option limit_tokens{"tokens", "N", "Input and output tokens in a period", "token_limit"};
constexpr Option limit_requests{"requests", "N", "Calls in a period", "request_limit"};
constexpr Option limit_period{
    "period",
    "PERIOD",
    "How long the limits hold",
    "period",
    false,
    false,
    "minute hourly daily weekly monthly yearly total per_session per_task"};
constexpr Option limit_type{"type", "TYPE", "What it does at its limit",        "type",
                            false,  false,  "ignore warn soft_limit hard_limit"};
constexpr Option of_components{"component", "LIST", "For calls of these components",
                               "match.component"};
constexpr Option of_providers{"provider", "LIST", "For calls to these providers", "match.provider"};
constexpr Option of_models{"model", "LIST", "For calls to models of these patterns", "match.model"};
constexpr Option of_tiers{"tier", "LIST", "For calls to models of these tiers", "match.tier"};
constexpr Option of_users{"user", "LIST", "For calls of these users", "match.user"};
constexpr Option counted_per{"per", "LIST", "Counting apart for each value of these labels", "per"};

constexpr Option set_limit_options[] = {
    {"policy", "BUDGET/POLICY", "The policy", "", true, true},
    limit_cost,
    limit_tokens,
    limit_requests,
    limit_period,
    limit_type,
    of_components,
    of_providers,
    of_models,
    of_tiers,
    of_users,
    counted_per,
    {"until", "TIME", "An override that ends by itself: in 2h, or RFC 3339"},
    {"reason", "TEXT", "Why, for people; with --until"}};

constexpr Option simulate_options[] = {
    {"start", "TIME", "From then on: 24h, 7d, a date, or RFC 3339"},
    {"end", "TIME", "Before then"},
    {"last", "SPAN", "The last 24h (the default), 7d, 2w, 90m"},
    {"policy", "BUDGET/POLICY", "A policy to set, with the limits that follow"},
    limit_cost,
    limit_tokens,
    limit_requests,
    limit_period,
    limit_type,
    of_components,
    of_providers,
    of_models,
    of_tiers,
    of_users,
    counted_per,
    {"remove", "LIST", "Budgets and policies to do without", "remove"},
    {"base", "SET", "Begin with the policies in force, or with none", "base", false, false,
     "current empty"},
    {"changes", "JSON", "Budgets and policies to set, as the API takes them"}};

constexpr Option get_usage_options[] = {
    {"start", "TIME", "From then on: 24h, 7d, a date, or RFC 3339", "start_time"},
    {"end", "TIME", "Before then", "end_time"},
    {"last", "SPAN", "The last 24h (the default), 7d, 2w, 90m"},
    {"group-by", "LIST",
     "Of provider, model, component, task_type, user, context_id, key, operation, status, tag, "
     "tag.NAME, minute, hour, day, week, month (default: provider,model)",
     "group_by"},
    {"provider", "NAME", "Of this provider", "provider"},
    {"model", "NAME", "Of this model", "model"},
    {"component", "NAME", "Of this component", "component"},
    {"task-type", "TYPE", "Of this type of task", "task_type"},
    {"user", "NAME", "Of this user", "user"},
    {"context", "ID", "Of this context", "context_id"},
    {"key", "ID", "Of this proxy key", "key"},
    {"tag", "K=V", "Of this tag", "tag"},
    {"budget", "NAME", "That counted against this budget", "budget_id"},
    {"policy", "ID", "That counted against this policy", "policy_id"}};

constexpr Option usage_records_options[] = {
    {"start", "TIME", "From then on: 24h, 7d, a date, or RFC 3339", "start_time"},
    {"end", "TIME", "Before then", "end_time"},
    {"last", "SPAN", "The last 24h, 7d, 2w, 90m (default: all)"},
    {"limit", "N", "At most so many (default: 20)"},
    {"provider", "NAME", "Of this provider", "provider"},
    {"model", "NAME", "Of this model", "model"},
    {"component", "NAME", "Of this component", "component"},
    {"task-type", "TYPE", "Of this type of task", "task_type"},
    {"user", "NAME", "Of this user", "user"},
    {"context", "ID", "Of this context", "context_id"},
    {"key", "ID", "Of this proxy key", "key"},
    {"tag", "K=V", "Of this tag", "tag"},
    {"budget", "NAME", "That counted against this budget", "budget_id"},
    {"policy", "ID", "That counted against this policy", "policy_id"},
    {"request-id", "ID", "The call of this id", "request_id"}};

constexpr Option allocate_create_options[] = {
    {"context", "ID", "For the calls of this context", "context_id", true},
    {"tokens", "N", "So many, input and output together", "tokens_allocated", true},
    {"output-tokens", "N", "Of them for output (default: half)", "output_tokens"},
    {"component", "NAME", "Of this component", "component"},
    {"task", "ID", "Of this task", "task_id"},
    {"task-type", "TYPE", "Of this type of task", "task_type"},
    {"user", "NAME", "Of this user", "user"},
    {"tags", "K=V,…", "With these tags", "tags"},
    {"priority", "N", "Of this priority, 1 to 10", "priority"},
    {"budget", "NAME", "From this budget alone", "budget_id"},
    {"tier", "TIER", "Of this tier", "tier"},
    {"provider", "NAME", "At this provider; sets money aside too", "provider"},
    {"model", "NAME", "For this model", "model"},
    {"expires", "TIME", "When what is left goes back: in 2h, or RFC 3339", "expiration_time"},
    {"metadata", "JSON", "To keep with it", "metadata"}};

constexpr Option allocate_list_options[] = {{"context", "ID", "Of this context", "context_id"},
                                            {"component", "NAME", "Of this component", "component"},
                                            {"budget", "NAME", "From this budget", "budget_id"},
                                            {"limit", "N", "At most so many (default: 50)"}};

constexpr Option id_option[] = {{"id", "ID", "Its id", "", true, true}};

constexpr Option prices_list_options[] = {
    {"provider", "NAME", "Of this provider", "provider"},
    {"model", "TEXT", "Of models whose name has this in it", "model"},
    {"limit", "N", "At most so many (default: 50)"}};

constexpr Option recommend_options[] = {
    {"last", "SPAN", "Of the last 30d (the default), 24h, 2w"},
    {"provider", "NAME", "Of this provider's usage", "provider"},
    {"model", "NAME", "Of this model's usage", "model"},
    {"component", "NAME", "Of this component's usage", "component"},
    {"task-type", "TYPE", "Of this type of task", "task_type"},
    {"limit", "N", "At most so many (default: 20)", "limit"}};

constexpr Option prices_update_options[] = {{"source", "NAME", "This source alone"}};

constexpr Option prices_history_options[] = {{"provider", "NAME", "The provider", "", true, true},
                                             {"model", "NAME", "The model", "", true, true},
                                             {"limit", "N", "At most so many (default: 50)"}};

constexpr Option prices_set_options[] = {
    {"provider", "NAME", "The provider", "", true, true},
    {"model", "NAME", "The model", "", true, true},
    {"input", "USD", "Per million tokens", "input"},
    {"output", "USD", "Per million tokens", "output"},
    {"cache-read", "USD", "Per million tokens; default: as input", "cache_read"},
    {"cache-write", "USD", "Per million tokens; default: as input", "cache_write_5m"},
    {"image", "USD", "Per image", "image"},
    {"audio-second", "USD", "Per second of audio", "audio_second"},
    {"reason", "TEXT", "Why", "reason"}};

constexpr Option prices_unset_options[] = {{"provider", "NAME", "The provider", "", true, true},
                                           {"model", "NAME", "The model", "", true, true}};

constexpr Option calc_cost_options[] = {
    {"provider", "NAME", "The provider", "provider", true},
    {"model", "NAME", "The model", "model", true},
    {"input-tokens", "N", "All input", "input_tokens"},
    {"output-tokens", "N", "All output", "output_tokens"},
    {"cache-read-tokens", "N", "Of the input, read from the cache", "cache_read_tokens"},
    {"cache-write-tokens", "N", "Of the input, written to the cache", "cache_write_tokens"},
    {"reasoning-tokens", "N", "Of the output, reasoning", "reasoning_tokens"},
    {"audio-input-tokens", "N", "Of the input, audio", "audio_input_tokens"},
    {"audio-output-tokens", "N", "Of the output, audio", "audio_output_tokens"},
    {"images", "N", "Images", "images"},
    {"seconds", "N", "Seconds of audio", "seconds"},
    {"service-tier", "TIER", "The provider's", "service_tier", false, false,
     "standard batch flex priority"},
    {"at", "TIME", "At the price in force then (RFC 3339)", "at"}};

constexpr Option keys_create_options[] = {
    {"name", "NAME", "A name for people", "name", true},
    {"component", "NAME", "Its calls are this component's", "component"},
    {"user", "NAME", "Its calls are this user's", "user"},
    {"tags", "K=V,…", "Its calls have these tags", "tags"},
    {"providers", "LIST", "For these providers alone", "providers"},
    {"models", "LIST", "For models of these patterns alone", "models"},
    {"may-set", "LIST", "The labels its holder may set", "may_set"},
    {"expires", "TIME", "When it ends: in 30d, or RFC 3339", "expires_at"}};

constexpr Option alerts_list_options[] = {
    {"type", "TYPE", "Of this type", "type", false, false,
     "threshold budget_exceeded forecast anomaly overrun unpriced drift price_change "
     "price_conflict price_source store_failure"},
    {"severity", "LEVEL", "Of this severity", "severity", false, false, "info warning error"},
    {"policy", "ID", "About this policy", "policy"},
    {"budget", "NAME", "About this budget", "budget_id"},
    {"acknowledged", "BOOL", "Known to somebody or not", "acknowledged", false, false,
     "true false"},
    {"limit", "N", "At most so many (default: 50)"}};

constexpr Option alerts_ack_options[] = {{"id", "ID", "Its id", "", true, true},
                                         {"note", "TEXT", "What is done about it", "note"}};

constexpr Option keys_list_options[] = {{"limit", "N", "At most so many (default: 50)"}};

constexpr Command table[] = {
    {"status", "How the server and its budgets stand", status_options,
     "budget status\nbudget status --budget team --format json", run_status},
    {"get-usage", "What was used, by groups", get_usage_options,
     "budget get-usage --last 7d --group-by component\n"
     "budget get-usage --start 2026-11-01 --end 2026-12-01 --group-by week,tag.team",
     run_get_usage},
    {"policies", "The policies in force", policies_options,
     "budget policies\nbudget policies --provider openai --enabled true", run_policies},
    {"set-limit", "Make or change a limit, or override one for a time", set_limit_options,
     "budget set-limit team/apollo --cost 5 --period daily --component apollo\n"
     "budget set-limit team/daily-cap --cost 50 --until 2h --reason 'the launch'",
     run_set_limit},
    {"simulate", "What other limits would have made of the recorded calls", simulate_options,
     "budget simulate --last 7d --policy team/apollo --cost 2 --component apollo\n"
     "budget simulate --last 24h --remove team/daily-cap",
     run_simulate},
    {"allocate create", "Set tokens aside for a context", allocate_create_options,
     "budget allocate create --context c1 --tokens 50000 --expires 2h\n"
     "budget allocate create --context c1 --tokens 50000 --provider openai --model gpt-4o",
     run_allocate_create},
    {"allocate list", "Allocations, newest first", allocate_list_options,
     "budget allocate list --context c1", run_allocate_list},
    {"allocate release", "Give back what is left of an allocation", id_option,
     "budget allocate release al_0123456789abcdef01234567", run_allocate_release},
    {"prices list", "The catalog of prices, in US dollars per million tokens", prices_list_options,
     "budget prices list --provider openai\nbudget prices list --model sonnet", run_prices_list},
    {"prices update", "Read the price sources now, and tell what changed", prices_update_options,
     "budget prices update\nbudget prices update --source litellm", run_prices_update},
    {"prices history", "What a model has cost, the latest first", prices_history_options,
     "budget prices history openai gpt-4o", run_prices_history},
    {"prices set", "State a model's price; it goes before every source's", prices_set_options,
     "budget prices set openai gpt-4o --input 2.25 --output 9 --reason contract", run_prices_set},
    {"prices unset", "Take a stated price back", prices_unset_options,
     "budget prices unset openai gpt-4o", run_prices_unset},
    {"recommend", "How the recorded usage could cost less", recommend_options,
     "budget recommend\nbudget recommend --last 7d --component apollo", run_recommend},
    {"calc-cost", "What usage costs", calc_cost_options,
     "budget calc-cost --provider openai --model gpt-4o --input-tokens 1000 --output-tokens 500",
     run_calc_cost},
    {"alerts list", "Alerts, newest first", alerts_list_options,
     "budget alerts list --acknowledged false\nbudget alerts list --severity error --format json",
     run_alerts_list},
    {"alerts ack", "Say that an alert is known", alerts_ack_options,
     "budget alerts ack alert_019ab5f0e2c41f2e3d4c --note 'raised for this week'", run_alerts_ack},
    {"keys create", "Make a proxy key", keys_create_options,
     "budget keys create --name ci --component apollo --models 'gpt-4o*' --expires 30d",
     run_keys_create},
    {"keys list", "The proxy keys there are", keys_list_options, "budget keys list", run_keys_list},
    {"keys revoke", "End a proxy key", id_option, "budget keys revoke 0123456789ab",
     run_keys_revoke},
    {"keys rotate", "Give a proxy key a new secret; the old one is void at once", id_option,
     "budget keys rotate 0123456789ab", run_keys_rotate},
    {"usage records", "The records of calls, newest first", usage_records_options,
     "budget usage records --last 1h --component apollo\n"
     "budget usage records --limit 1000 --format json",
     run_usage_records},
};

constexpr Group group_table[] = {{"allocate", "Tokens set aside for a context"},
                                 {"prices", "What models cost"},
                                 {"alerts", "What should be known of"},
                                 {"keys", "Proxy keys: who may call"},
                                 {"usage", "What was used"}};

}  // namespace

std::span<const Command> commands() {
  return table;
}

std::span<const Group> groups() {
  return group_table;
}

}  // namespace budget::cli
