// Phase 7: the answer goes to the client as it comes.
#pragma once

#include "proxy/net/io.h"
#include "proxy/pipeline/call.h"
#include "proxy/pipeline/forward.h"
#include "proxy/pipeline/request.h"

namespace budget::pipeline {

// Relays the answer, reads its usage, extends or cuts where a hold grows with
// the stream, and settles before the client's last byte. The upstream
// connection goes back to its pool when its answer was read to the end.
net::Awaitable<After> relay_answer(Call& call, Exchange& exchange);

}  // namespace budget::pipeline
