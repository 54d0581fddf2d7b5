#include "proxy/upstream/simulated_connector.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "proxy/net/http_parser.h"

namespace budget::upstream {
namespace {

namespace asio = boost::asio;

using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, net::Executor>;

constexpr std::size_t head_bytes_max = std::size_t{1} << 20;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

void append_hex(std::string& out, std::size_t value) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  out.append(digits, end);
}

class SimulatedConnection final : public net::Connection {
 public:
  SimulatedConnection(asio::io_context& io, const simulated::Steering& defaults)
      : timer_(io.get_executor()), defaults_(defaults) {}

  net::Io<std::size_t> read_some(asio::mutable_buffer buffer, net::SteadyTime deadline) override {
    while (taken_ == pending_.size()) {
      pending_.clear();
      taken_ = 0;
      if (cancelled_) co_return std::unexpected(net::IoError::cancelled);
      if (auto failed = co_await produce(deadline)) co_return std::unexpected(*failed);
    }
    const std::size_t count = std::min(buffer.size(), pending_.size() - taken_);
    std::memcpy(buffer.data(), pending_.data() + taken_, count);
    taken_ += count;
    co_return count;
  }

  net::Io<void> write(std::span<const asio::const_buffer> buffers, net::SteadyTime) override {
    if (cancelled_) co_return std::unexpected(net::IoError::cancelled);
    for (const auto& buffer : buffers) {
      received_.append(static_cast<const char*>(buffer.data()), buffer.size());
    }
    co_return std::expected<void, net::IoError>{};
  }

  net::Io<void> shutdown_write(net::SteadyTime) override {
    co_return std::expected<void, net::IoError>{};
  }

  void cancel() override {
    cancelled_ = true;
    timer_.cancel();
  }
  void watch_hang_up(std::function<void()>) override {}
  void stop_watching() override {}
  [[nodiscard]] bool idle_and_open() const override { return !cancelled_ && !answer_; }

 private:
  // Makes the next bytes to read. Returns why there are none.
  net::Awaitable<std::optional<net::IoError>> produce(net::SteadyTime deadline) {
    if (!answer_) {
      if (!take_request()) co_return co_await silence(deadline);
      if (auto failed = co_await pause(answer_->latency, deadline)) co_return failed;
      append_head();
      co_return std::nullopt;
    }
    const auto piece = answer_->body.next();
    if (!piece) co_return co_await end(deadline);
    append_body(piece->bytes);
    // The bytes are taken first: the piece is only valid until the next call.
    co_return co_await pause(piece->after, deadline);
  }

  // Parses what was written; true once the request is whole and answered.
  bool take_request() {
    net::Head head;
    net::RequestParser parser(head, head_bytes_max);
    std::string body;
    std::string_view rest = received_;
    while (!parser.done()) {
      const auto step = parser.feed(rest);
      rest.remove_prefix(step.used);
      for (const std::string_view piece : parser.pieces()) body += piece;
      if (step.error || (step.used == 0 && rest.empty())) return false;
    }
    simulated::Request request;
    request.method = head.method;
    const std::size_t mark = head.target.find('?');
    request.path = head.target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = head.target.substr(mark + 1);
    for (const net::Field& field : head.fields) {
      request.headers.emplace_back(lower(field.name), std::string(field.value));
    }
    request.body = std::move(body);
    head_only_ = request.method == "HEAD";
    received_.erase(0, received_.size() - rest.size());
    answer_.emplace(simulated::answer(request, simulated::steering_of(request, defaults_)));
    return true;
  }

  void append_head() {
    const auto reason = boost::beast::http::obsolete_reason(
        boost::beast::http::int_to_status(static_cast<unsigned>(answer_->status)));
    pending_ = "HTTP/1.1 " + std::to_string(answer_->status) + " ";
    pending_.append(reason.data(), reason.size());
    pending_ += "\r\n";
    for (const auto& [name, value] : answer_->headers) {
      pending_.append(name).append(": ").append(value).append("\r\n");
    }
    pending_ += answer_->streamed
                    ? std::string("transfer-encoding: chunked\r\n\r\n")
                    : "content-length: " + std::to_string(answer_->content_length) + "\r\n\r\n";
    if (head_only_) answer_.reset();
  }

  void append_body(std::string_view bytes) {
    if (!answer_->streamed) {
      pending_ += bytes;
      return;
    }
    append_hex(pending_, bytes.size());
    pending_ += "\r\n";
    pending_ += bytes;
    pending_ += "\r\n";
  }

  net::Awaitable<std::optional<net::IoError>> end(net::SteadyTime deadline) {
    switch (answer_->body.ending()) {
      case simulated::Ending::silence:
        co_return co_await silence(deadline);
      case simulated::Ending::connection_drop:
        cancelled_ = true;
        co_return net::IoError::reset;
      case simulated::Ending::complete:
        break;
    }
    if (answer_->streamed) pending_ = "0\r\n\r\n";
    answer_.reset();
    co_return std::nullopt;
  }

  net::Awaitable<std::optional<net::IoError>> pause(std::chrono::milliseconds time,
                                                    net::SteadyTime deadline) {
    if (time.count() <= 0) co_return std::nullopt;
    const net::SteadyTime due = std::chrono::steady_clock::now() + time;
    timer_.expires_at(std::min(due, deadline));
    co_await timer_.async_wait(asio::as_tuple(net::use_awaitable));
    if (cancelled_) co_return net::IoError::cancelled;
    if (due > deadline) co_return net::IoError::timeout;
    co_return std::nullopt;
  }

  net::Awaitable<std::optional<net::IoError>> silence(net::SteadyTime deadline) {
    timer_.expires_at(deadline);
    co_await timer_.async_wait(asio::as_tuple(net::use_awaitable));
    co_return cancelled_ ? net::IoError::cancelled : net::IoError::timeout;
  }

  Timer timer_;
  simulated::Steering defaults_;
  std::string received_;
  std::string pending_;
  std::size_t taken_ = 0;
  std::optional<simulated::Answer> answer_;
  bool head_only_ = false;
  bool cancelled_ = false;
};

}  // namespace

net::Io<std::unique_ptr<net::Connection>> SimulatedConnector::connect(net::SteadyTime) {
  co_return std::make_unique<SimulatedConnection>(io_, defaults_);
}

}  // namespace budget::upstream
