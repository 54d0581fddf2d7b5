#include "proxy/server/session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

#include "proxy/net/http_rules.h"
#include "proxy/pipeline/answer.h"
#include "proxy/pipeline/request_id.h"
#include "proxy/wire/registry.h"

namespace budget::server {
namespace {

namespace asio = boost::asio;
using net::IoError;
using net::SteadyTime;
using pipeline::After;
using wire::ProblemKind;

constexpr std::size_t head_read_bytes = 4UZ * 1024;
constexpr std::size_t body_read_bytes = 64UZ * 1024;
// A client that still sends when we refuse is read for this long, so that the
// refusal reaches it instead of a reset.
constexpr std::chrono::seconds linger_for{1};
// The size line of a chunk with its extensions, or the trailers.
constexpr std::size_t chunk_line_max = 16UZ * 1024;
constexpr std::size_t linger_bytes_max = std::size_t{1} << 20;

SteadyTime after(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

// The target in a head that was refused before it could be parsed: the
// refusal speaks its path's format.
std::string_view target_in(std::string_view head) {
  head = head.substr(0, head.find_first_of("\r\n"));
  head.remove_prefix(std::min(head.find(' '), head.size()));
  head.remove_prefix(std::min<std::size_t>(head.size(), 1));
  return head.substr(0, head.find(' '));
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

}  // namespace

net::Awaitable<void> Session::run() {
  while (!host_.draining()) {
    idle_ = true;
    if (!co_await read_head()) break;
    idle_ = false;
    if (!co_await read_body()) break;
    const After next = co_await serve();
    state_.reset();
    body_storage_ = {};
    put_back(std::exchange(next_request_, {}));
    if (next == After::close) break;
  }
  co_await linger();
}

void Session::put_back(std::string_view bytes) {
  if (bytes.empty()) return;
  buffer_.make_room(bytes.size());
  std::memcpy(buffer_.space().data(), bytes.data(), bytes.size());
  buffer_.commit(bytes.size());
}

net::Io<void> Session::fill(std::size_t bytes, SteadyTime deadline) {
  buffer_.make_room(bytes);
  auto count = co_await connection_->read_some(buffer_.space(), deadline);
  if (!count) co_return std::unexpected(count.error());
  buffer_.commit(*count);
  co_return std::expected<void, IoError>{};
}

// Reads a whole head. False: the connection is over.
net::Awaitable<bool> Session::read_head() {
  // A copy: while we wait, a reload may replace what it comes from.
  const LimitsConfig limits = host_.state()->snapshot->config.limits;
  parser_ = std::make_unique<net::RequestParser>(head_, limits.request_header);
  SteadyTime deadline = after(buffer_.empty() ? limits.idle_timeout : limits.header_timeout);
  bool started = !buffer_.empty();
  std::size_t checked = 0;
  while (true) {
    const std::string_view unread = buffer_.unread();
    const auto step = parser_->feed(unread);
    if (parser_->head_done()) {
      state_ = host_.state();
      const std::string_view raw = unread.substr(0, step.used);
      buffer_.consume(step.used);
      auto why = net::refuse_request_head(head_, raw);
      if (!why) co_return true;
      co_return co_await refuse(ProblemKind::invalid_request, std::move(*why));
    }
    if (step.error == net::ParseError::head_too_large) {
      co_return co_await refuse(
          ProblemKind::header_too_large,
          "The request's head is larger than " + std::to_string(limits.request_header) + " bytes.");
    }
    if (step.error && *step.error != net::ParseError::need_more) {
      co_return co_await refuse(ProblemKind::invalid_request, "This is not an HTTP/1.1 request.");
    }
    if (net::has_bare_line_feed(unread, checked)) {
      co_return co_await refuse(ProblemKind::invalid_request,
                                "A line of the request's head ends in LF without CR.");
    }
    checked = unread.size();
    auto filled = co_await fill(head_read_bytes, deadline);
    if (!filled) {
      if (filled.error() == IoError::timeout && started) {
        co_return co_await refuse(ProblemKind::request_timeout,
                                  "The request's head did not arrive in time.");
      }
      co_return false;
    }
    if (!started) deadline = after(limits.header_timeout);
    started = true;
    idle_ = false;
  }
}

net::Awaitable<bool> Session::continue_if_expected(SteadyTime deadline) {
  if (!net::equal_ignoring_case(head_.field("expect"), "100-continue")) co_return true;
  if (!buffer_.empty() || head_.version < 11) co_return true;
  static constexpr std::string_view answer = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::array buffers{asio::buffer(answer)};
  co_return (co_await connection_->write(buffers, deadline)).has_value();
}

net::Awaitable<bool> Session::read_body() {
  body_ = {};
  const LimitsConfig& limits = state_->snapshot->config.limits;
  const std::uint64_t length = head_.content_length.value_or(0);
  if (length > limits.request_body) {
    co_return co_await refuse(
        ProblemKind::request_too_large,
        "The request's body is larger than " + std::to_string(limits.request_body) + " bytes.");
  }
  if (!head_.chunked && length == 0) co_return true;
  const SteadyTime deadline = after(limits.body_timeout);
  if (!co_await continue_if_expected(deadline)) co_return false;
  if (head_.chunked) co_return co_await read_chunks(deadline);
  co_return co_await read_known_length(length, deadline);
}

net::Awaitable<bool> Session::read_known_length(std::uint64_t length, SteadyTime deadline) {
  if (buffer_.unread().size() >= length) {
    body_ = buffer_.unread().substr(0, length);
    buffer_.consume(length);
    co_return true;
  }
  // The head's views point into buffer_, so it must not move: the body goes to
  // a place of its own, which grows with what has arrived.
  body_storage_.assign(buffer_.unread());
  buffer_.consume(body_storage_.size());
  while (body_storage_.size() < length) {
    const std::size_t have = body_storage_.size();
    const std::size_t wanted =
        std::min<std::uint64_t>(length - have, std::max(body_read_bytes, have));
    body_storage_.reserve(have + wanted + net::ReadBuffer::padding);
    body_storage_.resize(have + wanted);
    auto count = co_await connection_->read_some(asio::buffer(body_storage_.data() + have, wanted),
                                                 deadline);
    if (!count) {
      if (count.error() != IoError::timeout) co_return false;
      co_return co_await refuse(ProblemKind::request_timeout,
                                "The request's body did not arrive in time.");
    }
    body_storage_.resize(have + *count);
  }
  body_ = body_storage_;
  co_return true;
}

net::Awaitable<bool> Session::read_chunks(SteadyTime deadline) {
  const std::size_t body_max = state_->snapshot->config.limits.request_body;
  // As above, the buffer with the head in it must not move: chunks are parsed
  // in a buffer of their own.
  net::ReadBuffer chunks;
  chunks.make_room(std::max(body_read_bytes, buffer_.unread().size()));
  const std::string_view early = buffer_.unread();
  std::memcpy(chunks.space().data(), early.data(), early.size());
  chunks.commit(early.size());
  buffer_.consume(early.size());
  while (!parser_->done()) {
    const auto step = parser_->feed(chunks.unread());
    for (const std::string_view piece : parser_->pieces()) body_storage_ += piece;
    chunks.consume(step.used);
    if (body_storage_.size() > body_max) {
      co_return co_await refuse(
          ProblemKind::request_too_large,
          "The request's body is larger than " + std::to_string(body_max) + " bytes.");
    }
    if (step.error && *step.error != net::ParseError::need_more) {
      co_return co_await refuse(ProblemKind::invalid_request, "The request's chunks are broken.");
    }
    if (parser_->done() || step.used > 0) continue;
    // Only a chunk's size line or the trailers wait for more than there is.
    if (chunks.unread().size() > chunk_line_max) {
      co_return co_await refuse(ProblemKind::invalid_request,
                                "A line between the request's chunks is too long.");
    }
    chunks.make_room(body_read_bytes);
    auto count = co_await connection_->read_some(chunks.space(), deadline);
    if (!count) {
      if (count.error() != IoError::timeout) co_return false;
      co_return co_await refuse(ProblemKind::request_timeout,
                                "The request's body did not arrive in time.");
    }
    chunks.commit(*count);
  }
  body_storage_.reserve(body_storage_.size() + net::ReadBuffer::padding);
  body_ = body_storage_;
  // What came behind the last chunk begins the next request. It can only go
  // back into buffer_ when nothing looks at this request's head any more.
  next_request_.assign(chunks.unread());
  co_return true;
}

net::Awaitable<After> Session::serve() {
  const std::string_view path = path_of(head_.target);
  const pipeline::Request request{
      .head = head_,
      .path = path,
      .query = head_.target.substr(std::min(head_.target.size(), path.size() + 1)),
      .body = body_,
      .keep_alive = net::keeps_alive(head_) && !host_.draining(),
      .may_half_close = !net::keeps_alive(head_),
      .client = *connection_};
  const bool admin_path = admin::is_admin_path(path);
  if (admin_path && (role_.admin || path == "/health" || path == "/ready")) {
    if (path.starts_with("/ws/")) co_return co_await serve_upgrade(request);
    co_return co_await serve_admin(request);
  }
  if (!admin_path && role_.llm) co_return co_await pipeline::serve_call(state_, request);
  co_await refuse(ProblemKind::unknown_provider, admin_path
                                                     ? "The admin API is not served on this port."
                                                     : "Models are not served on this port.");
  co_return After::close;
}

admin::ApiRequest Session::api_request(const pipeline::Request& request) const {
  admin::ApiRequest api_request;
  api_request.method = head_.method;
  api_request.path = request.path;
  api_request.query = request.query;
  api_request.body = request.body;
  api_request.secure = role_.tls;
  for (const net::Field& field : head_.fields) {
    std::string name(field.name);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    api_request.headers.emplace_back(std::move(name), std::string(field.value));
  }
  return api_request;
}

net::Awaitable<After> Session::serve_admin(const pipeline::Request& request) {
  admin::ApiResponse response = co_await host_.api().handle(api_request(request));
  co_return co_await answer_admin(request, std::move(response));
}

net::Awaitable<After> Session::answer_admin(const pipeline::Request& request,
                                            admin::ApiResponse response) {
  if (response.source) co_return co_await stream_admin(request, std::move(response));
  wire::ErrorAnswer answer{.status = response.status,
                           .content_type = std::move(response.content_type),
                           .headers = std::move(response.headers),
                           .body = std::move(response.body)};
  const auto sent = co_await pipeline::send_answer(
      *connection_, answer, {}, request.keep_alive, head_.method == "HEAD",
      after(state_->snapshot->config.limits.idle_timeout));
  co_return sent&& request.keep_alive ? After::keep : After::close;
}

// A body that is made while it is sent, in chunks; each is waited for, and then
// waits for the reader. A reader older than chunks gets it until the end.
net::Awaitable<After> Session::stream_admin(const pipeline::Request& request,
                                            admin::ApiResponse response) {
  const bool chunked = head_.version >= 11;
  const bool keep = chunked && request.keep_alive;
  std::string head = "HTTP/1.1 " + std::to_string(response.status) +
                     " OK\r\ncontent-type: " + response.content_type + "\r\n";
  for (const auto& [name, value] : response.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (chunked) head += "transfer-encoding: chunked\r\n";
  if (!keep) head += "connection: close\r\n";
  head += "\r\n";
  const auto idle = state_->snapshot->config.limits.idle_timeout;
  const std::array first{asio::buffer(std::as_const(head))};
  auto sent = co_await connection_->write(first, after(idle));
  while (sent) {
    const std::optional<std::string> piece = co_await response.source();
    if (!piece) break;
    std::array<char, 20> size{};
    const auto digits = std::to_chars(size.data(), size.data() + 16, piece->size(), 16);
    std::string before = chunked ? std::string(size.data(), digits.ptr) + "\r\n" : "";
    const std::string_view behind = chunked ? "\r\n" : "";
    const std::array buffers{asio::buffer(std::as_const(before)), asio::buffer(*piece),
                             asio::buffer(behind)};
    sent = co_await connection_->write(buffers, after(idle));
  }
  if (sent && chunked) {
    constexpr std::string_view end = "0\r\n\r\n";
    const std::array last{asio::buffer(end)};
    sent = co_await connection_->write(last, after(idle));
  }
  co_return sent&& keep ? After::keep : After::close;
}

net::Awaitable<After> Session::serve_upgrade(const pipeline::Request& request) {
  if (!net::asks_for_web_socket(head_) || !body_.empty()) {
    admin::ApiResponse response = admin::upgrade_required();
    co_return co_await answer_admin(request, std::move(response));
  }
  auto signal = std::make_shared<Signal>(host_.state()->io.get_executor());
  auto watch = co_await host_.api().watch(api_request(request), [signal] { signal->wake(); });
  if (!watch) co_return co_await answer_admin(request, std::move(watch.error()));
  signal_ = signal;
  std::string early(buffer_.unread());
  buffer_.consume(early.size());
  co_await serve_watch(connection_, head_, std::move(early), std::move(*watch), std::move(signal),
                       [this] { return host_.draining(); });
  signal_.reset();
  co_return After::close;
}

// Answers and lets the connection end. Returns false, for its callers' sake.
net::Awaitable<bool> Session::refuse(ProblemKind kind, std::string message) {
  wire::Problem problem;
  problem.kind = kind;
  problem.message = std::move(message);
  const auto state = host_.state();
  state->services.metrics.refused(kind);
  problem.request_id = pipeline::make_request_id(state->services.clock.now());
  const std::string_view target = head_.target.empty() ? target_in(buffer_.unread()) : head_.target;
  const wire::ErrorAnswer answer = wire::format_for_errors(path_of(target)).refusal(problem);
  const std::string extra = "x-budget-request-id: " + problem.request_id + "\r\n";
  co_await pipeline::send_answer(*connection_, answer, extra, false, head_.method == "HEAD",
                                 after(state->snapshot->config.limits.idle_timeout));
  co_return false;
}

net::Awaitable<void> Session::linger() {
  const SteadyTime deadline = after(linger_for);
  if (!co_await connection_->shutdown_write(deadline)) co_return;
  std::size_t seen = 0;
  std::string sink(4096, '\0');
  while (seen < linger_bytes_max) {
    auto count = co_await connection_->read_some(asio::buffer(sink), deadline);
    if (!count) co_return;
    seen += *count;
  }
}

}  // namespace budget::server
