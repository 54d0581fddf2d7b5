#include "admin/routes.h"

#include "admin/api/handlers.h"

namespace budget::admin {
namespace {

constexpr Route table[] = {
    {"GET", "/", Role::anyone, get_root, "What this is"},
    {"GET", "/health", Role::anyone, get_health, "Liveness, with the state of each component"},
    {"GET", "/ready", Role::anyone, get_ready, "Readiness"},
    {"GET", "/metrics", Role::anyone, get_metrics, "Metrics for Prometheus"},

    {"GET", "/api/budgets", Role::viewer, list_budgets, "List budgets"},
    {"GET", "/api/budgets/{id}", Role::viewer, get_budget, "Get a budget"},
    {"GET", "/api/budgets/{id}/policies", Role::viewer, list_budget_policies,
     "List a budget's policies"},
    {"GET", "/api/budgets/{id}/summary", Role::viewer, get_budget_summary,
     "How much of a budget is used, by policy and partition"},

    {"GET", "/api/policies", Role::viewer, list_policies, "List policies"},
    {"GET", "/api/policies/{id}", Role::viewer, get_policy, "Get a policy"},
    {"GET", "/api/policies/{budget}/{policy}", Role::viewer, get_policy_of_budget,
     "Get a policy, its id written with a plain slash"},

    {"POST", "/api/allocations", Role::operate, create_allocation, "Set tokens aside"},
    {"GET", "/api/allocations/{id}", Role::viewer, get_allocation, "Get an allocation"},
    {"POST", "/api/allocations/{id}/release", Role::operate, release_allocation,
     "Give back what is left of an allocation"},

    {"GET", "/api/usage/records", Role::viewer, list_usage_records, "List usage records"},
    {"GET", "/api/usage/records/{id}", Role::viewer, get_usage_record, "Get a usage record"},
    {"POST", "/api/usage/record", Role::operate, post_usage_record,
     "Record a call made elsewhere, or correct an estimate"},
    {"POST", "/api/usage/summary", Role::viewer, summarize_usage, "Sum usage, by groups"},

    {"GET", "/api/prices", Role::viewer, list_prices, "List the catalog's prices"},
    {"POST", "/api/prices/current", Role::viewer, current_price,
     "The price in force for a model, and how it was found"},
    {"POST", "/api/prices/calculate", Role::viewer, calculate_cost, "What usage costs"},

    {"POST", "/api/tokens/count", Role::viewer, count_tokens, "Count tokens"},
    {"GET", "/api/providers", Role::viewer, list_providers, "List providers"},

    {"GET", "/api/keys", Role::admin, list_keys, "List proxy keys"},
    {"POST", "/api/keys", Role::admin, create_key, "Make a proxy key"},
    {"GET", "/api/keys/{id}", Role::admin, get_key, "Get a proxy key"},
    {"DELETE", "/api/keys/{id}", Role::admin, revoke_key, "Revoke a proxy key"},
    {"POST", "/api/keys/{id}/rotate", Role::admin, rotate_key, "Give a proxy key a new secret"},
};

}  // namespace

std::span<const Route> routes() {
  return table;
}

}  // namespace budget::admin
