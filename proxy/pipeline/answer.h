// Where decisions and errors become HTTP.
#pragma once

#include <string>
#include <string_view>

#include "policy/decision.h"
#include "proxy/net/io.h"
#include "proxy/pipeline/call.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

// The refusal of a call by a policy, in words and figures.
[[nodiscard]] wire::Problem refusal_of(const Call& call, const policy::Denial& denial);

// The x-budget-* lines of a call's answer, each ended by CRLF. With `record`,
// also what the call cost.
[[nodiscard]] std::string budget_headers(const Call& call, const ledger::UsageRecord* record);

// Writes a whole answer of our own. `extra` are further header lines, each
// ended by CRLF. HEAD requests get no body.
net::Io<void> send_answer(net::Connection& client, const wire::ErrorAnswer& answer,
                          std::string_view extra, bool keep_alive, bool head_only,
                          net::SteadyTime deadline);

// Answers `problem` in the words of the call's format.
net::Io<void> send_problem(Call& call, wire::Problem problem);

// Answers a dry run: the decision, the estimate and every policy's state.
net::Io<void> send_dry_run(Call& call);

}  // namespace budget::pipeline
