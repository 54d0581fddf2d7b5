// Phase 5: may this call spend what it may cost?
#pragma once

#include <optional>

#include "proxy/net/io.h"
#include "proxy/pipeline/call.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

// Plans, reserves and decides; where a call does not fit, first counts its
// input exactly, then gives a call without a ceiling of its own the one that
// fits, then tries the refusing policy's when_exceeded in order. On success
// the call's decision, rewrite and hold are set; with store trouble and
// `allow` it goes on without a hold, if the ledger can remember that it does.
// The problem is the refusal.
net::Awaitable<std::optional<wire::Problem>> admit_call(Call& call);

// A call that is passed although it cannot be metered: held against nothing,
// so that it has its one record whatever becomes of the process. Refused only
// where nobody could remember it.
net::Awaitable<std::optional<wire::Problem>> admit_unmetered(Call& call);

// The same judgement without holding anything.
net::Awaitable<std::optional<wire::Problem>> judge_dry_run(Call& call);

}  // namespace budget::pipeline
