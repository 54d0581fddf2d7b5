// The audit log: who changed what, when, from what to what.
#pragma once

#include <string>

#include "admin/context.h"
#include "admin/router.h"

namespace budget::admin {

inline constexpr std::string_view audit_log = "audit";
inline constexpr std::int64_t audit_lines_kept = 10'000;

// Whether requests of the route are put down: writes of what is configured or
// made. Usage is its own record.
[[nodiscard]] bool is_audited(const Route& route);

// The item that a write is about, as a GET of it answers; null when there is
// none to read.
Awaitable<json::value> item_before(Context& context);

// One line of the log. What the answer says is `after`, less a secret.
[[nodiscard]] std::string audit_line(const Context& context, const Route& route,
                                     const ApiResponse& response, json::value before);

}  // namespace budget::admin
