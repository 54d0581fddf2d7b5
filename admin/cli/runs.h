// What each line of the table of commands runs.
#pragma once

#include "admin/cli/command.h"

namespace budget::cli {

// status.cc
Outcome run_status(Client& client, const Invocation& invocation);
Outcome run_policies(Client& client, const Invocation& invocation);

// limits.cc
Outcome run_set_limit(Client& client, const Invocation& invocation);
Outcome run_simulate(Client& client, const Invocation& invocation);

// usage.cc
Outcome run_get_usage(Client& client, const Invocation& invocation);
Outcome run_usage_records(Client& client, const Invocation& invocation);

// allocate.cc
Outcome run_allocate_create(Client& client, const Invocation& invocation);
Outcome run_allocate_list(Client& client, const Invocation& invocation);
Outcome run_allocate_release(Client& client, const Invocation& invocation);

// prices.cc
Outcome run_prices_list(Client& client, const Invocation& invocation);
Outcome run_prices_update(Client& client, const Invocation& invocation);
Outcome run_prices_history(Client& client, const Invocation& invocation);
Outcome run_prices_set(Client& client, const Invocation& invocation);
Outcome run_prices_unset(Client& client, const Invocation& invocation);
Outcome run_recommend(Client& client, const Invocation& invocation);
Outcome run_calc_cost(Client& client, const Invocation& invocation);

// alerts.cc
Outcome run_alerts_list(Client& client, const Invocation& invocation);
Outcome run_alerts_ack(Client& client, const Invocation& invocation);

// keys.cc
Outcome run_keys_create(Client& client, const Invocation& invocation);
Outcome run_keys_list(Client& client, const Invocation& invocation);
Outcome run_keys_revoke(Client& client, const Invocation& invocation);
Outcome run_keys_rotate(Client& client, const Invocation& invocation);

}  // namespace budget::cli
