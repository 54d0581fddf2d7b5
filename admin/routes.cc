#include "admin/routes.h"

#include "admin/api/handlers.h"

namespace budget::admin {
namespace {

constexpr Route table[] = {
    {"GET", "/", Role::anyone, get_root, "What this is"},
    {"GET", "/health", Role::anyone, get_health, "Liveness, with the state of each component"},
    {"GET", "/ready", Role::anyone, get_ready, "Readiness"},
    {"GET", "/metrics", Role::anyone, get_metrics, "Metrics for Prometheus"},

    {"GET", "/api/usage/records", Role::viewer, list_usage_records, "List usage records"},
    {"GET", "/api/usage/records/{id}", Role::viewer, get_usage_record, "Get one usage record"},
    {"POST", "/api/usage/summary", Role::viewer, summarize_usage, "Sum usage, by groups"},
};

}  // namespace

std::span<const Route> routes() {
  return table;
}

}  // namespace budget::admin
