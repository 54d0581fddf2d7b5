// Phase 8: the hold is replaced by what the call did cost.
#pragma once

#include <optional>

#include "proxy/net/io.h"
#include "proxy/pipeline/call.h"
#include "proxy/pipeline/meter.h"

namespace budget::pipeline {

// How a call ended.
enum class Ended : std::uint8_t {
  complete,     // the provider's answer, to its end
  not_sent,     // the provider never got it
  no_answer,    // it got it, and never began to answer
  broken,       // its answer broke off
  client_gone,  // the client hung up; the provider's answer was left
  cut,          // we ended the stream: the budget was reached
};

struct Ending {
  Ended how = Ended::complete;
  int status = 0;          // what the client saw; 0: nothing
  Meter* meter = nullptr;  // null when there was no answer
  net::SteadyTime first_byte{};
  std::string_view upstream_request_id;
};

// What the call is charged, and the record that says so. The provider's
// figures where it gave them; else our count of what passed: input once it was
// sent, output as far as it came; nothing for a refused or failed call.
[[nodiscard]] ledger::UsageRecord final_record(Call& call, const Ending& ending);

// Writes the record and frees the hold. What the ledger cannot take now it
// takes later: see Ledger. Never cancelled: a client that hangs up closes
// sockets, it does not end this. `record` must last until it is done.
net::Awaitable<void> settle_call(Call& call, const ledger::UsageRecord& record);

}  // namespace budget::pipeline
