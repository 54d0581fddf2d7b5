// Which counters a call belongs to.
#pragma once

#include "proxy/pipeline/call.h"
#include "proxy/telemetry/call_series.h"

namespace budget::pipeline {

// By provider, model and operation. Models come from a closed set: those that
// the catalog has a row for, under its name for them, and those that the
// configuration prices by their own name; all others are "other".
// REQUIRES: the call has been admitted or refused; its model changes no more.
[[nodiscard]] telemetry::CallSeries& series_of(Call& call);

}  // namespace budget::pipeline
