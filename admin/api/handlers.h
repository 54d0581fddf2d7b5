// The handlers of the API's table, one file per resource.
#pragma once

#include "admin/context.h"

namespace budget::admin {

// health.cc
Answer get_health(Context& context);
Answer get_ready(Context& context);
Answer get_metrics(Context& context);

// console.cc
Answer get_root(Context& context);
Answer get_console(Context& context);
Answer get_console_file(Context& context);

// budgets.cc
Answer list_budgets(Context& context);
Answer get_budget(Context& context);
Answer list_budget_policies(Context& context);

// budget_writes.cc
Answer create_budget(Context& context);
Answer put_budget(Context& context);
Answer delete_budget(Context& context);

// policy_writes.cc
Answer create_policy(Context& context);
Answer put_policy(Context& context);
Answer put_policy_of_budget(Context& context);
Answer delete_policy(Context& context);
Answer delete_policy_of_budget(Context& context);

// simulate.cc
Answer simulate_policies(Context& context);

// components.cc
Answer list_components(Context& context);
Answer list_tiers(Context& context);

// overrides.cc
Answer list_overrides(Context& context);
Answer create_override(Context& context);
Answer delete_overrides(Context& context);

// summary.cc
Answer get_budget_summary(Context& context);

// policies.cc
Answer list_policies(Context& context);
Answer get_policy(Context& context);
Answer get_policy_of_budget(Context& context);

// usage.cc
Answer list_usage_records(Context& context);
Answer get_usage_record(Context& context);
Answer summarize_usage(Context& context);

// usage_series.cc
Answer get_usage_timeseries(Context& context);

// usage_export.cc
Answer export_usage(Context& context);

// usage_record.cc
Answer post_usage_record(Context& context);

// allocations.cc
Answer create_allocation(Context& context);
Answer list_allocations(Context& context);
Answer list_allocations_of_context(Context& context);
Answer get_allocation(Context& context);
Answer release_allocation(Context& context);

// check.cc
Answer check_call(Context& context);

// context_usage.cc
Answer get_context_usage(Context& context);

// mcp.cc
Answer post_mcp(Context& context);
Answer get_mcp_health(Context& context);
Answer list_mcp_capabilities(Context& context);
Answer list_mcp_tools(Context& context);
Answer process_mcp(Context& context);

// keys.cc
Answer create_key(Context& context);
Answer list_keys(Context& context);
Answer get_key(Context& context);
Answer revoke_key(Context& context);
Answer rotate_key(Context& context);

// prices.cc
Answer list_prices(Context& context);
Answer current_price(Context& context);
Answer calculate_cost(Context& context);

// assistant.cc
Answer chat_with_assistant(Context& context);

// analytics.cc
Answer recommend_prices(Context& context);
Answer analyze_usage(Context& context);
Answer optimize_usage(Context& context);

// recommend_model.cc
Answer recommend_model(Context& context);

// team.cc
Answer list_team_messages(Context& context);
Answer post_team_message(Context& context);

// alerts.cc
Answer list_alerts(Context& context);
Answer get_alert(Context& context);
Answer acknowledge_alert(Context& context);
Answer check_alerts(Context& context);
Answer list_alert_deliveries(Context& context);
Answer get_alert_settings(Context& context);
Answer put_alert_settings(Context& context);
Answer test_alert_channels(Context& context);
// price_changes.cc
Answer price_history(Context& context);
Answer list_price_sources(Context& context);
Answer update_prices(Context& context);
Answer get_stated_price(Context& context);
Answer put_stated_price(Context& context);
Answer delete_stated_price(Context& context);

// tokens.cc
Answer count_tokens(Context& context);

// openapi.cc
Answer get_openapi(Context& context);
Answer get_docs(Context& context);

// session.cc
Answer begin_session(Context& context);
Answer get_session(Context& context);
Answer end_session(Context& context);

// audit.cc
Answer list_audit(Context& context);

// providers.cc
Answer list_providers(Context& context);

}  // namespace budget::admin
