// Phase 3: who is calling.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/pipeline/call.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

// A header that says who is calling or steers this proxy; never forwarded.
[[nodiscard]] bool is_own_header(std::string_view name);
// A header in which a key travels.
[[nodiscard]] bool is_credential_header(std::string_view name);

// Whether the call's key, if it has one, may use that model there.
[[nodiscard]] bool may_use(const Call& call, std::string_view provider, std::string_view model);

// Fills the call's caller, grant and dry_run. What a key pins wins over
// headers, these over the path's labels, these over the format's user field,
// that over the configured default.
[[nodiscard]] std::optional<wire::Problem> identify_caller(Call& call);

}  // namespace budget::pipeline
