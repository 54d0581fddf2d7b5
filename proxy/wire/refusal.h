// What the refusals of all formats share.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/wire/problem.h"

namespace budget::wire {

// A call that can be tried again within this many seconds may be retried by an
// SDK on its own.
inline constexpr std::int64_t sdk_retry_seconds_max = 60;

// problem.status when set, else the kind's own.
[[nodiscard]] int status_of(const Problem& problem);
// "budget_exceeded", "invalid_api_key", …: the machine-readable word of
// OpenAI's error.code; other formats may add it too.
[[nodiscard]] std::string_view code_of(ProblemKind kind);
// retry-after, and x-should-retry: false for a limit that does not reset
// within sdk_retry_seconds_max or never does (SDKs repeat a bare 429).
[[nodiscard]] std::vector<std::pair<std::string, std::string>> retry_headers(
    const Problem& problem);
// A refusal that is one object with one member, the message.
[[nodiscard]] ErrorAnswer message_answer(const Problem& problem, std::string_view member);
// Appends the figures as a JSON object. REQUIRES: problem.budget is set.
void append_budget_fields(std::string& out, const Problem& problem);

}  // namespace budget::wire
