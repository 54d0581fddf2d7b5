#include "proxy/pipeline/forward.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "proxy/net/http_rules.h"

namespace budget::pipeline {
namespace {

namespace asio = boost::asio;
using net::IoError;
using net::SteadyTime;

constexpr std::size_t first_read_bytes = 16UZ * 1024;
// Below this a request is in the socket's buffer at once; above, its answer may
// come before all of it has left.
constexpr std::size_t sent_at_once_max = 64UZ * 1024;

wire::Problem unreachable(const Call& call, IoError error, bool sent) {
  wire::Problem problem;
  problem.kind = error == IoError::timeout ? wire::ProblemKind::upstream_timeout
                                           : wire::ProblemKind::upstream_unreachable;
  problem.message =
      "Provider '" + call.provider->config.name + "' at " + call.provider->host_header;
  switch (error) {
    case IoError::timeout:
      problem.message += sent ? " did not answer in time." : " could not be connected to in time.";
      break;
    case IoError::unresolved:
      problem.message += " has no address: the name does not resolve.";
      break;
    case IoError::refused:
      problem.message += " refuses connections.";
      break;
    case IoError::tls:
      problem.message += " could not be trusted: the TLS handshake failed.";
      break;
    case IoError::tls_name:
      problem.message +=
          " could not be trusted: its certificate is for another name; where that is meant, set "
          "tls.server_name.";
      break;
    case IoError::tls_trust:
      problem.message +=
          " could not be trusted: no authority that the proxy knows has signed its certificate; "
          "where one of your own has, set tls.ca.";
      break;
    case IoError::tls_expired:
      problem.message += " could not be trusted: its certificate has expired, or is not valid yet.";
      break;
    case IoError::malformed:
      problem.message += " sent an answer that is not valid HTTP/1.1.";
      break;
    default:
      problem.message += " broke the connection before it answered.";
      break;
  }
  return problem;
}

ForwardFailure failure(const Call& call, IoError error, bool sent, bool client_gone) {
  return {.problem = unreachable(call, error, sent), .sent = sent, .client_gone = client_gone};
}

// Reads until a final answer's head is whole.
net::Io<void> read_head(Exchange& exchange, std::size_t head_bytes_max, bool head_only,
                        SteadyTime deadline) {
  while (true) {
    exchange.parser = std::make_unique<net::ResponseParser>(exchange.head, head_bytes_max);
    if (head_only) exchange.parser->expect_no_body();
    while (!exchange.parser->head_done()) {
      const std::string_view unread = exchange.buffer.unread();
      const auto step = exchange.parser->feed(unread);
      if (exchange.parser->head_done()) {
        exchange.raw_head = unread.substr(0, step.used);
        exchange.buffer.consume(step.used);
        break;
      }
      if (step.error && *step.error != net::ParseError::need_more) {
        co_return std::unexpected(IoError::malformed);
      }
      // Nothing of a head is used before it is whole, so its bytes may move.
      exchange.buffer.make_room(first_read_bytes);
      auto count = co_await exchange.connection->read_some(exchange.buffer.space(), deadline);
      if (!count) co_return std::unexpected(count.error());
      exchange.buffer.commit(*count);
    }
    const bool interim = exchange.head.status >= 100 && exchange.head.status < 200;
    if (!interim) break;
    if (exchange.head.status == 101) co_return std::unexpected(IoError::malformed);
  }
  if (net::refuse_response_head(exchange.head, exchange.raw_head)) {
    co_return std::unexpected(IoError::malformed);
  }
  co_return std::expected<void, IoError>{};
}

// Holds the exchange, whose strings and connection it uses. `body` outlives it
// by stop_sending().
net::Awaitable<void> send(std::shared_ptr<Exchange> exchange, std::string_view body,
                          SteadyTime deadline) {
  const std::array buffers{asio::buffer(std::as_const(exchange->request_head)), asio::buffer(body)};
  const std::span<const asio::const_buffer> all(buffers.data(), body.empty() ? 1 : 2);
  exchange->sent = co_await exchange->connection->write(all, deadline);
  exchange->sent_signal.cancel();
}

}  // namespace

net::Awaitable<void> stop_sending(Exchange& exchange) {
  if (exchange.sent) co_return;
  exchange.connection->cancel();
  co_await exchange.sent_signal.async_wait(asio::as_tuple(net::use_awaitable));
}

void ask_for_usage(Call& call) {
  const auto& configured = call.provider->config.ask_for_usage;
  if (!call.facts.stream || call.facts.usage_asked || !configured.value_or(true)) return;
  // `ask_for_usage: true` speaks for an endpoint that no dialect knows.
  wire::Dialect dialect = *call.provider->dialect;
  dialect.ask_for_usage = configured.value_or(dialect.ask_for_usage);
  call.rewrite.ask_for_usage =
      call.route.format->can_ask_for_usage(call.route, call.facts, dialect);
}

net::Awaitable<std::expected<std::shared_ptr<Exchange>, ForwardFailure>> forward_call(Call& call) {
  const ProviderConfig& config = call.provider->config;
  upstream::Pool& pool = *call.state->pools[call.provider_index];
  const bool rewritten =
      call.rewrite.model || call.rewrite.max_output || call.rewrite.ask_for_usage;
  auto exchange = std::make_shared<Exchange>(call.state->io.get_executor());
  if (rewritten) {
    call.rewrite.dialect = call.provider->dialect;
    exchange->rewritten_body =
        call.route.format->rewrite(call.route, call.view(), call.facts, call.rewrite);
  }
  const std::string_view body = rewritten ? exchange->rewritten_body : call.request.body;
  exchange->request_head = upstream_head(call, body, rewritten);

  const SteadyTime ready = std::chrono::steady_clock::now();
  const SteadyTime connect_by = ready + config.connect_timeout;
  // A call that was made to wait for room was not held up by us.
  if (call.decision.verdict != policy::Verdict::queue) {
    call.services().metrics.added_before.observe(ready - call.started_at);
  }
  auto lease = co_await pool.acquire(connect_by);
  if (!lease) co_return std::unexpected(failure(call, lease.error(), false, false));
  exchange->connection = std::move(lease->connection);

  // From here on the client may hang up while we wait for the provider.
  Exchange* const waiting = exchange.get();
  const bool give_up = !call.drains_on_abort();
  if (!call.request.may_half_close) {
    call.request.client.watch_hang_up([waiting, give_up] {
      waiting->client_gone = true;
      if (give_up) waiting->connection->cancel();
    });
  }

  call.sent_at = std::chrono::steady_clock::now();
  const SteadyTime answer_by = call.sent_at + config.first_byte_timeout;
  if (body.size() <= sent_at_once_max) {
    co_await send(exchange, body, answer_by);
  } else {
    // Ends with stop_sending(), which every way out of a call awaits.
    asio::co_spawn(call.state->io, send(exchange, body, answer_by),
                   [](const std::exception_ptr& bug) {
                     if (bug) std::rethrow_exception(bug);
                   });
  }
  // A provider that answers early and closes has its answer read all the same.
  auto got = co_await read_head(*exchange, call.snapshot().config.limits.response_header,
                                call.request.head.method == "HEAD", answer_by);
  if (!got) {
    call.request.client.stop_watching();
    co_await stop_sending(*exchange);
    // Where sending failed first, that is why; unless we broke it off.
    const auto& sent = *exchange->sent;
    const bool first = !sent && sent.error() != IoError::cancelled;
    const IoError why = first && got.error() != IoError::timeout ? sent.error() : got.error();
    co_return std::unexpected(failure(call, why, true, exchange->client_gone && give_up));
  }
  co_return exchange;
}

}  // namespace budget::pipeline
