#include "proxy/pipeline/relay.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "proxy/net/http_rules.h"
#include "proxy/pipeline/answer.h"
#include "proxy/pipeline/call_series.h"
#include "proxy/pipeline/client_head.h"
#include "proxy/pipeline/estimate.h"
#include "proxy/pipeline/meter.h"
#include "proxy/pipeline/provisional.h"
#include "proxy/pipeline/settler.h"

namespace budget::pipeline {
namespace {

namespace asio = boost::asio;
using net::IoError;
using net::SteadyTime;
using pricing::Tokens;

constexpr std::size_t read_bytes = 16UZ * 1024;
// An answer that is not a stream is kept back up to this size, so that its
// head can say what it cost; a larger one goes on without.
constexpr std::size_t kept_back_max = std::size_t{1} << 20;
// A hold that grows with the stream stays this far ahead of it, in steps.
constexpr Tokens hold_margin(256);
constexpr Tokens hold_step(1'024);

// What the budget has left for a stream whose hold grows with it.
enum class Room : std::uint8_t {
  more,
  this_step,  // what was read fits, what may come next does not
  none,       // what was read does not fit
};

class Relay {
 public:
  Relay(Call& call, Exchange& exchange);
  net::Awaitable<After> run();

 private:
  struct Step {
    std::string_view raw;  // as received
    bool done = false;
  };

  net::Io<Step> next();
  net::Awaitable<std::optional<Ended>> keep_back();
  net::Awaitable<Ended> stream();
  net::Awaitable<Room> hold_ahead();
  [[nodiscard]] Tokens hold_that_fits(const ledger::ReserveOutcome& found) const;
  net::Awaitable<void> renew_lease();
  net::Awaitable<void> settle(Ended how);
  void observe(Ended how);
  void tell_answer(int status) const;
  net::Awaitable<bool> write_last(std::string_view body);
  net::Awaitable<void> write_cut_ending();
  net::Awaitable<bool> write(std::string_view head, std::string_view body);

  std::string_view frame(const Step& step, std::string_view kept);
  void meter_pieces(std::string* out);
  std::string take_head(const ledger::UsageRecord* record);
  net::Awaitable<After> finish(Ended how);
  [[nodiscard]] SteadyTime client_deadline() const;

  Call& call_;
  Exchange& exchange_;
  std::optional<Meter> meter_;  // nullopt: a call that is not metered
  bool is_stream_ = false;
  bool filtered_ = false;
  bool keep_alive_ = true;
  Framing framing_ = Framing::as_received;
  bool head_sent_ = false;
  bool client_lost_ = false;
  Tokens said_before_;      // counted before the newest step
  Tokens largest_step_;     // so far
  bool timed_out_ = false;  // the provider, within an answer that was kept back
  std::string upstream_request_id_;
  bool upstream_keeps_alive_ = false;
  SteadyTime first_byte_;
  SteadyTime last_byte_;  // of a whole answer
  SteadyTime leased_at_;
  std::string head_;    // the client's, until it is sent
  std::string held_;    // an answer that is kept back
  std::string events_;  // whole events that may pass
  std::string framed_;
  std::optional<ledger::UsageRecord> record_;  // once settled
};

Relay::Relay(Call& call, Exchange& exchange)
    : call_(call),
      exchange_(exchange),
      keep_alive_(call.request.keep_alive),
      first_byte_(std::chrono::steady_clock::now()),
      leased_at_(first_byte_) {
  // The head's views end when the buffer moves: what is needed later is kept.
  const net::Head& head = exchange.head;
  upstream_request_id_ = head.field("x-request-id");
  if (upstream_request_id_.empty()) upstream_request_id_ = head.field("request-id");
  upstream_keeps_alive_ = net::keeps_alive(head);
  const bool metered = call.route.billing == wire::Billing::metered;
  if (metered) meter_.emplace(call, head);
  is_stream_ = !metered || call.facts.stream || is_event_stream(head.field("content-type"));
  filtered_ = metered && head.status < 300 && is_stream_ && meter_->can_filter() &&
              (call.rewrite.ask_for_usage || call.incremental);
  const bool until_close = exchange.parser->need_eof() && !exchange.parser->done();
  const bool old_client = call.request.head.version < 11;
  if (filtered_ || until_close || (old_client && head.chunked)) {
    framing_ = old_client ? Framing::until_close : Framing::chunked;
  }
  if (framing_ == Framing::until_close) keep_alive_ = false;
  if (call.trace) call.trace->status = head.status;
  tell_answer(head.status);
  head_ = passed_head(head, framing_);
}

SteadyTime Relay::client_deadline() const {
  return std::chrono::steady_clock::now() + call_.snapshot().config.limits.idle_timeout;
}

// The next bytes of the provider's body.
net::Io<Relay::Step> Relay::next() {
  net::ReadBuffer& buffer = exchange_.buffer;
  while (!exchange_.parser->done()) {
    if (!buffer.empty()) {
      const std::string_view unread = buffer.unread();
      const auto fed = exchange_.parser->feed(unread);
      buffer.consume(fed.used);
      // Only a chunk's size line or the trailers wait for more than there is.
      const bool endless =
          fed.used == 0 && unread.size() > call_.snapshot().config.limits.response_header;
      if (endless || (fed.error && *fed.error != net::ParseError::need_more)) {
        co_return std::unexpected(IoError::malformed);
      }
      if (fed.used > 0) co_return Step{unread.substr(0, fed.used), exchange_.parser->done()};
    }
    buffer.make_room(read_bytes);
    const SteadyTime deadline =
        std::chrono::steady_clock::now() + call_.provider->config.idle_timeout;
    auto count = co_await exchange_.connection->read_some(buffer.space(), deadline);
    if (!count && count.error() == IoError::closed && !exchange_.parser->feed_end()) break;
    if (!count) co_return std::unexpected(count.error());
    buffer.commit(*count);
  }
  co_return Step{{}, true};
}

net::Awaitable<After> Relay::run() {
  if (!is_stream_) {
    if (const auto ended = co_await keep_back()) co_return co_await finish(*ended);
  }
  co_return co_await finish(co_await stream());
}

// Reads an answer that is not a stream; nullopt when it is too large to be
// kept back and must be streamed after all.
net::Awaitable<std::optional<Ended>> Relay::keep_back() {
  while (true) {
    auto step = co_await next();
    if (!step) {
      timed_out_ = step.error() == IoError::timeout;
      co_return exchange_.client_gone ? Ended::client_gone : Ended::broken;
    }
    meter_pieces(nullptr);
    if (!step->done) {
      held_ += frame(*step, {});
      if (held_.size() > kept_back_max) co_return std::nullopt;
      continue;
    }
    last_byte_ = std::chrono::steady_clock::now();
    meter_->finish(nullptr);
    co_await settle(Ended::complete);
    const std::string_view last = frame(*step, {});
    if (held_.empty()) {
      client_lost_ = !co_await write_last(last);
    } else {
      held_ += last;
      client_lost_ = !co_await write_last(held_);
    }
    co_return Ended::complete;
  }
}

net::Awaitable<Ended> Relay::stream() {
  const bool drains = call_.drains_on_abort();
  std::string early = std::exchange(held_, {});
  while (true) {
    // A stream's head must not wait for its first event.
    if (!head_sent_ && exchange_.buffer.empty() && !exchange_.parser->done()) {
      const std::string head = take_head(nullptr);
      if (!co_await write(head, early)) client_lost_ = true;
      early.clear();
    }
    auto step = co_await next();
    Room room = Room::more;
    if (exchange_.client_gone) client_lost_ = true;
    if (!step) co_return client_lost_ && !drains ? Ended::client_gone : Ended::broken;
    events_.clear();
    if (step->done) last_byte_ = std::chrono::steady_clock::now();
    if (meter_) {
      meter_pieces(filtered_ ? &events_ : nullptr);
      if (step->done) meter_->finish(filtered_ ? &events_ : nullptr);
      room = co_await hold_ahead();
      if (room == Room::none) co_return Ended::cut;
      co_await renew_lease();
    }
    if (step->done) co_await settle(Ended::complete);
    const std::string_view body = frame(*step, events_);
    const std::string head = head_sent_ ? std::string() : take_head(nullptr);
    if (!early.empty()) {
      if (!co_await write(head, early)) client_lost_ = true;
      early.clear();
      if (!client_lost_ && !co_await write({}, body)) client_lost_ = true;
    } else if (!client_lost_ && !co_await write(head, body)) {
      client_lost_ = true;
    }
    if (filtered_) {
      for (const std::string_view piece : exchange_.parser->pieces()) meter_->relayed(piece);
    }
    if (step->done) co_return Ended::complete;
    if (room == Room::this_step) co_return Ended::cut;
    if (client_lost_ && !drains) co_return Ended::client_gone;
  }
}

void Relay::meter_pieces(std::string* out) {
  for (const std::string_view piece : exchange_.parser->pieces()) meter_->feed(piece, out);
}

// The step's bytes as the client is to receive them.
std::string_view Relay::frame(const Step& step, std::string_view kept) {
  if (framing_ == Framing::as_received) return step.raw;
  framed_.clear();
  const auto add = [this](std::string_view piece) {
    if (piece.empty()) return;
    if (framing_ == Framing::chunked) {
      char size[16];
      framed_.append(size, std::to_chars(size, size + sizeof size, piece.size(), 16).ptr);
      framed_ += "\r\n";
    }
    framed_ += piece;
    if (framing_ == Framing::chunked) framed_ += "\r\n";
  };
  if (filtered_) {
    add(kept);
  } else {
    for (const std::string_view piece : exchange_.parser->pieces()) add(piece);
  }
  if (step.done && framing_ == Framing::chunked) framed_ += "0\r\n\r\n";
  return framed_;
}

// Keeps a growing hold ahead of what has been said. A stream is cut behind a
// step where it can be: what is kept back has been billed for nothing.
net::Awaitable<Room> Relay::hold_ahead() {
  if (!call_.incremental || !call_.holding) co_return Room::more;
  const Tokens said = meter_->counted_output();
  largest_step_ = std::max(largest_step_, said - std::exchange(said_before_, said));
  // A provider that sends in bursts needs room for the next one.
  const Tokens margin = std::max(hold_margin, largest_step_);
  if (said + margin <= call_.held.output || call_.held.output >= call_.worst.output_ceiling) {
    co_return Room::more;
  }
  Tokens wanted = std::min(call_.worst.output_ceiling, said + std::max(hold_step, margin + margin));
  // Where a whole step does not fit, what is left may.
  for (int tries = 0; tries < 2 && wanted > call_.held.output; ++tries) {
    const ledger::Amount amount = amount_at(call_, wanted);
    const auto extended = co_await call_.services().ledger.extend(
        call_.request_id, amount, lease_end(call_, call_.services().clock.now()));
    if (!extended && call_.passes_without_store()) co_return Room::more;
    if (!extended) break;
    if (!extended->shortfall) {
      call_.held = amount;
      break;
    }
    wanted = std::min(wanted, hold_that_fits(*extended));
  }
  const bool whole = call_.held.output >= call_.worst.output_ceiling;
  if (whole || said + largest_step_ <= call_.held.output) co_return Room::more;
  if (!call_.cut_with_its_hold()) co_return Room::more;  // the store is away
  co_return said > call_.held.output ? Room::none : Room::this_step;
}

// The output that the hold may grow to by what the counters show, which may
// be less than it is.
Tokens Relay::hold_that_fits(const ledger::ReserveOutcome& found) const {
  const policy::Room room = policy::room_to_go_on(call_.plan, found.states);
  const ledger::Amount& held = call_.held;
  Tokens most = call_.worst.output_ceiling;
  if (room.tokens) most = std::min(most, held.output + *room.tokens);
  if (room.output_tokens) most = std::min(most, held.output + *room.output_tokens);
  if (room.cost) {
    most =
        std::min(most, pricing::output_that_fits(call_.worst, call_.price, held.cost + *room.cost));
  }
  return most;
}

// A stream may outlive the lease of its hold.
net::Awaitable<void> Relay::renew_lease() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!call_.holding || now - leased_at_ < hold_lease / 3) co_return;
  leased_at_ = now;
  co_await call_.services().ledger.extend(call_.request_id, call_.held,
                                          lease_end(call_, call_.services().clock.now()));
}

// How long the provider took, of answers that are calls' own.
void Relay::observe(Ended how) {
  telemetry::CallSeries& series = series_of(call_);
  if (is_stream_) series.first_chunk.observe(first_byte_ - call_.sent_at);
  if (how == Ended::complete) series.duration.observe(last_byte_ - call_.sent_at);
}

void Relay::tell_answer(int status) const {
  const Log& log = call_.services().log;
  if (!log.enabled(LogModule::upstream, Log::Level::debug)) return;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(first_byte_ - call_.sent_at);
  log.debug(LogModule::upstream, "upstream_answered",
            {{"request_id", call_.request_id},
             {"provider", call_.provider->config.name},
             {"status", static_cast<std::int64_t>(status)},
             {"upstream_request_id", upstream_request_id_},
             {"first_byte_ms", static_cast<std::int64_t>(took.count())}});
}

net::Awaitable<void> Relay::settle(Ended how) {
  if (call_.route.billing == wire::Billing::free) co_return;
  Ending ending{.how = how,
                .status = exchange_.head.status,
                .meter = meter_ ? &*meter_ : nullptr,
                .first_byte = first_byte_};
  ending.upstream_request_id = upstream_request_id_;
  record_ = final_record(call_, ending);
  if (meter_) observe(how);
  co_await settle_call(call_, *record_);
}

std::string Relay::take_head(const ledger::UsageRecord* record) {
  head_sent_ = true;
  const bool in_chunks =
      framing_ == Framing::chunked || (framing_ == Framing::as_received && exchange_.head.chunked);
  complete_head(head_, budget_headers(call_, record), in_chunks, keep_alive_,
                call_.request.head.version);
  return std::move(head_);
}

net::Awaitable<bool> Relay::write(std::string_view head, std::string_view body) {
  if (client_lost_) co_return false;
  std::array<asio::const_buffer, 2> buffers;
  std::size_t count = 0;
  for (const std::string_view part : {head, body}) {
    if (!part.empty()) buffers[count++] = asio::buffer(part);
  }
  if (count == 0) co_return true;
  const std::span<const asio::const_buffer> all(buffers.data(), count);
  co_return (co_await call_.request.client.write(all, client_deadline())).has_value();
}

net::Awaitable<bool> Relay::write_last(std::string_view body) {
  const std::string head = take_head(&*record_);
  co_return co_await write(head, body);
}

net::Awaitable<void> Relay::write_cut_ending() {
  const std::string ending = meter_->cut_ending(record_->usage);
  const Step last{{}, true};
  const std::string_view body = frame(last, ending);
  const std::string head = head_sent_ ? std::string() : take_head(nullptr);
  if (!co_await write(head, body)) client_lost_ = true;
}

net::Awaitable<After> Relay::finish(Ended how) {
  call_.request.client.stop_watching();
  if (how == Ended::complete) {
    call_.services().metrics.added_after.observe(std::chrono::steady_clock::now() - last_byte_);
    const bool sent = exchange_.sent && exchange_.sent->has_value();
    if (exchange_.buffer.empty() && upstream_keeps_alive_ && sent) {
      call_.state->pools[call_.provider_index]->give_back(std::move(exchange_.connection));
    }
    co_return keep_alive_ && !client_lost_ ? After::keep : After::close;
  }
  exchange_.connection->cancel();
  co_await settle(how);
  Metrics& metrics = call_.services().metrics;
  if (how == Ended::cut) {
    Metrics::add(metrics.streams_cut);
    co_await write_cut_ending();
    // A body that passes as received, for it is compressed, is left unfinished.
    const bool whole = framing_ == Framing::chunked;
    co_return whole&& keep_alive_ && !client_lost_ ? After::keep : After::close;
  }
  Metrics::add(how == Ended::client_gone ? metrics.client_aborts : metrics.upstream_errors);
  if (how == Ended::broken) {
    call_.services().log.warn(
        LogModule::upstream, "upstream_failed",
        {{"request_id", call_.request_id},
         {"provider", call_.provider->config.name},
         {"model", call_.model},
         {"why", timed_out_ ? "it fell silent within its answer" : "it broke off its answer"}});
  }
  if (how == Ended::broken && !head_sent_ && !client_lost_) {
    wire::Problem problem;
    problem.kind =
        timed_out_ ? wire::ProblemKind::upstream_timeout : wire::ProblemKind::upstream_unreachable;
    problem.message = "Provider '" + call_.provider->config.name +
                      (timed_out_ ? "' fell silent within its answer." : "' broke off its answer.");
    const auto sent = co_await send_problem(call_, std::move(problem));
    co_return sent&& call_.request.keep_alive ? After::keep : After::close;
  }
  co_return After::close;
}

}  // namespace

net::Awaitable<After> relay_answer(Call& call, Exchange& exchange) {
  Relay relay(call, exchange);
  const After after = co_await relay.run();
  co_await stop_sending(exchange);
  co_return after;
}

}  // namespace budget::pipeline
