#include "admin/routes.h"

#include "admin/api/handlers.h"

namespace budget::admin {
namespace {

constexpr Route table[] = {
    {"GET", "/", Role::anyone, get_root, "What this is", "", Form::text},
    {"GET", "/ui", Role::anyone, get_console, "The console", "", Form::text},
    {"GET", "/ui/{file}", Role::anyone, get_console_file, "A file of the console", "", Form::text},
    {"GET", "/health", Role::anyone, get_health, "Liveness, with the state of each component", "",
     Form::plain},
    {"GET", "/ready", Role::anyone, get_ready, "Readiness", "", Form::plain},
    {"GET", "/metrics", Role::anyone, get_metrics, "Metrics for Prometheus", "", Form::text},

    // They tell of the program, which is public, and nothing of this one.
    {"GET", "/api/openapi.json", Role::anyone, get_openapi, "This description", "", Form::plain},
    {"GET", "/api/docs", Role::anyone, get_docs, "This description, to read", "", Form::text},

    {"GET", "/api/budgets", Role::viewer, list_budgets, "List budgets",
     "is_active owner page limit", Form::list},
    {"POST", "/api/budgets", Role::operate, create_budget, "Make a budget",
     "name* owner description timezone policies", Form::data, 201},
    {"GET", "/api/budgets/{id}", Role::viewer, get_budget, "Get a budget"},
    {"PUT", "/api/budgets/{id}", Role::operate, put_budget, "Change a budget made through the API",
     "name owner description timezone policies"},
    {"DELETE", "/api/budgets/{id}", Role::operate, delete_budget,
     "Remove a budget made through the API; its records stay"},
    {"GET", "/api/budgets/{id}/policies", Role::viewer, list_budget_policies,
     "List a budget's policies", "page limit", Form::list},
    {"GET", "/api/budgets/{id}/summary", Role::viewer, get_budget_summary,
     "How much of a budget is used, by policy and partition", "page limit", Form::list},

    {"GET", "/api/policies", Role::viewer, list_policies, "List policies",
     "period tier provider component task_type enabled page limit", Form::list},
    {"POST", "/api/policies", Role::operate, create_policy,
     "Make a policy, in a budget of the API's or of the file", "budget_id* name* @policy",
     Form::data, 201},
    {"GET", "/api/policies/{id}", Role::viewer, get_policy, "Get a policy"},
    {"PUT", "/api/policies/{id}", Role::operate, put_policy, "Change a policy made through the API",
     "name @policy"},
    {"DELETE", "/api/policies/{id}", Role::operate, delete_policy,
     "Remove a policy made through the API; its records stay"},
    {"GET", "/api/policies/{budget}/{policy}", Role::viewer, get_policy_of_budget,
     "Get a policy, its id written with a plain slash"},
    {"PUT", "/api/policies/{budget}/{policy}", Role::operate, put_policy_of_budget,
     "Change a policy, its id written with a plain slash", "name @policy"},
    {"DELETE", "/api/policies/{budget}/{policy}", Role::operate, delete_policy_of_budget,
     "Remove a policy, its id written with a plain slash"},
    {"GET", "/api/policies/{id}/overrides", Role::viewer, list_overrides,
     "List a policy's overrides, newest first", "page limit", Form::list},
    {"POST", "/api/policies/{id}/overrides", Role::operate, create_override,
     "Raise or stop a policy for a time", "cost_limit token_limit until* reason*", Form::data, 201},
    {"DELETE", "/api/policies/{id}/overrides", Role::operate, delete_overrides,
     "End a policy's overrides"},

    {"GET", "/api/allocations", Role::viewer, list_allocations, "List allocations, newest first",
     "context_id budget_id component page limit", Form::list},
    {"POST", "/api/allocations", Role::operate, create_allocation, "Set tokens aside",
     "@labels context_id* tokens_allocated* output_tokens budget_id tier provider model "
     "expiration_time metadata",
     Form::data, 201},
    {"GET", "/api/allocations/{id}", Role::viewer, get_allocation, "Get an allocation"},
    {"POST", "/api/allocations/{id}/release", Role::operate, release_allocation,
     "Give back what is left of an allocation"},

    {"GET", "/api/usage/records", Role::viewer, list_usage_records,
     "List usage records, newest first", "@filters page limit", Form::list},
    {"GET", "/api/usage/records/{id}", Role::viewer, get_usage_record, "Get a usage record"},
    {"POST", "/api/usage/record", Role::operate, post_usage_record,
     "Record a call made elsewhere, or correct an estimate",
     "@labels @usage context_id request_id provider model requested_model operation "
     "upstream_request_id error "
     "timestamp ended_at stream status latency_ms time_to_first_byte_ms estimated "
     "input_cost output_cost total_cost",
     Form::data, 201},
    {"POST", "/api/usage/summary", Role::viewer, summarize_usage, "Sum usage, by groups",
     "@filters group_by"},
    {"GET", "/api/usage/timeseries", Role::viewer, get_usage_timeseries, "Sum usage over time",
     "@filters bucket group_by"},
    {"GET", "/api/usage/export", Role::viewer, export_usage,
     "Usage records as CSV or JSON lines, newest first, 10,000 a page", "@filters format page",
     Form::text},

    {"GET", "/api/prices", Role::viewer, list_prices, "List the catalog's prices",
     "provider model page limit", Form::list},
    {"POST", "/api/prices/current", Role::viewer, current_price,
     "The price in force for a model, and how it was found", "provider* model* at"},
    {"POST", "/api/prices/recommendations", Role::viewer, recommend_prices,
     "How the usage of a period could have cost less", "@filters limit"},
    {"POST", "/api/assistant/analyze", Role::viewer, analyze_usage,
     "What the usage of a period says: totals, the dearest, caches, a forecast, the budgets",
     "@filters group_by limit"},
    {"POST", "/api/assistant/optimize", Role::viewer, optimize_usage,
     "What to change: savings, and budgets at risk", "@filters limit"},
    {"POST", "/api/assistant/chat", Role::viewer, chat_with_assistant,
     "Ask about the figures; the answer is a stream of server-sent events", "message messages",
     Form::text},
    {"POST", "/api/assistant/recommend-model", Role::viewer, recommend_model,
     "The cheapest model that the budgets allow for such a call",
     "@labels context_id provider tier input_tokens output_tokens limit"},
    {"GET", "/api/prices/history/{provider}/{model}", Role::viewer, price_history,
     "A model's prices, the latest first, with the time each took effect", "page limit",
     Form::list},
    {"GET", "/api/prices/sources", Role::viewer, list_price_sources,
     "The price sources and how they do", "page limit", Form::list},
    {"POST", "/api/prices/update", Role::operate, update_prices,
     "Read the price sources now; the answer is what changed", "source"},
    {"GET", "/api/prices/{provider}/{model}", Role::viewer, get_stated_price,
     "The price in force for a model, and an operator's where one is stated"},
    {"PUT", "/api/prices/{provider}/{model}", Role::operate, put_stated_price,
     "State a model's price, in US dollars per million tokens or per unit", "@rates reason"},
    {"DELETE", "/api/prices/{provider}/{model}", Role::operate, delete_stated_price,
     "Take a stated price back"},
    {"POST", "/api/prices/calculate", Role::viewer, calculate_cost, "What usage costs",
     "provider* model* at service_tier @usage"},

    {"POST", "/api/tokens/count", Role::viewer, count_tokens, "Count tokens",
     "model encoding text messages"},
    {"GET", "/api/providers", Role::viewer, list_providers, "List providers", "page limit",
     Form::list},

    {"GET", "/api/team/messages", Role::viewer, list_team_messages,
     "What the team said to each other, newest first", "page limit", Form::list},
    {"POST", "/api/team/messages", Role::operate, post_team_message, "Say something to the team",
     "text*", Form::data, 201},

    {"GET", "/api/keys", Role::admin, list_keys, "List proxy keys", "page limit", Form::list},
    {"POST", "/api/keys", Role::admin, create_key, "Make a proxy key",
     "name* component user tags providers models may_set expires_at", Form::data, 201},
    {"GET", "/api/keys/{id}", Role::admin, get_key, "Get a proxy key"},
    {"DELETE", "/api/keys/{id}", Role::admin, revoke_key, "Revoke a proxy key"},
    {"POST", "/api/keys/{id}/rotate", Role::admin, rotate_key, "Give a proxy key a new secret"},
};

}  // namespace

std::span<const Route> routes() {
  return table;
}

}  // namespace budget::admin
