// How a call flows.
#pragma once

#include <memory>

#include "proxy/net/io.h"
#include "proxy/pipeline/request.h"
#include "proxy/pipeline/services.h"

namespace budget::pipeline {

// Serves one call to a model, from its request to its record. Never throws
// what a client or provider did; says whether the client's connection may be
// used again.
net::Awaitable<After> serve_call(std::shared_ptr<WorkerState> state, const Request& request);

}  // namespace budget::pipeline
