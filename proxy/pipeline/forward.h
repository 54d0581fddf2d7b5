// Phase 6: the request goes to the provider.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "proxy/net/connection.h"
#include "proxy/net/http_parser.h"
#include "proxy/net/read_buffer.h"
#include "proxy/pipeline/call.h"
#include "proxy/wire/problem.h"

namespace budget::pipeline {

using SentSignal = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, net::Executor>;

// A request on its way to the provider, and the provider's answer, whose head
// has been read. The head's views point into the buffer until make_room() is
// called on it.
struct Exchange {
  explicit Exchange(const net::Executor& executor)
      : sent_signal(executor, net::SteadyTime::max()) {}

  std::string request_head;
  std::string rewritten_body;
  std::unique_ptr<net::Connection> connection;
  // What became of the sending; nullopt: a provider answers before it has read
  // a large request, which is still on its way.
  std::optional<std::expected<void, net::IoError>> sent;
  SentSignal sent_signal;  // cancelled when `sent` is set
  net::ReadBuffer buffer;
  net::Head head;
  std::unique_ptr<net::ResponseParser> parser;
  std::string_view raw_head;
  bool client_gone = false;  // the client hung up while we waited
};

// Breaks off what is still being sent: with the answer at its end, nobody waits
// for it. REQUIRES: awaited before the request's body goes.
net::Awaitable<void> stop_sending(Exchange& exchange);

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
// passed over. The pool hands out no connection that its peer has ended; once a
// byte may have left, a call is never sent again: the provider may have begun.
net::Awaitable<std::expected<std::shared_ptr<Exchange>, ForwardFailure>> forward_call(Call& call);

}  // namespace budget::pipeline
