// Phase 6: the request goes to the provider.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "proxy/net/connection.h"
#include "proxy/net/http_parser.h"
#include "proxy/net/read_buffer.h"
#include "proxy/pipeline/call.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

// A provider's answer whose head has been read. The head's views point into
// the buffer until make_room() is called on it.
struct Exchange {
  std::unique_ptr<net::Connection> connection;
  net::ReadBuffer buffer;
  net::Head head;
  std::unique_ptr<net::ResponseParser> parser;
  std::string_view raw_head;
  bool client_gone = false;  // the client hung up while we waited
};

// Why there is no answer.
struct ForwardFailure {
  wire::Problem problem;
  bool sent = false;         // the request may have reached the provider
  bool client_gone = false;  // nobody is there to be told
};

// Has a stream report its usage where the format lets us ask and the client
// did not.
void ask_for_usage(Call& call);

// The head of the request as the provider is to see it: without what is the
// proxy's own or ends at each hop, with the provider's key.
[[nodiscard]] std::string upstream_head(const Call& call, std::string_view body,
                                        bool body_rewritten);

// Sends the call and waits for the answer's head. Interim answers (1xx) are
// passed over. A reused connection that turns out dead before anything was
// sent is replaced once.
net::Awaitable<std::expected<std::unique_ptr<Exchange>, ForwardFailure>> forward_call(Call& call);

}  // namespace budget::pipeline
