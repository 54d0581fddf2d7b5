// Beast's WebSocket on our connections: its framing is checked against the
// protocol's own test suite, and one adapter is less than a codec.
#include "proxy/net/web_socket.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <utility>
#include <vector>

#include "proxy/net/http_rules.h"

namespace budget::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using beast::error_code;

error_code code_of(IoError error) {
  switch (error) {
    case IoError::closed:
      return asio::error::eof;
    case IoError::timeout:
      return asio::error::timed_out;
    case IoError::cancelled:
      return asio::error::operation_aborted;
    default:
      return asio::error::connection_reset;
  }
}

IoError error_of(const error_code& code) {
  if (code == websocket::error::closed || code == asio::error::eof) return IoError::closed;
  if (code == asio::error::timed_out) return IoError::timeout;
  if (code == asio::error::operation_aborted) return IoError::cancelled;
  if (code.category() == make_error_code(websocket::error::closed).category()) {
    return IoError::malformed;
  }
  return IoError::reset;
}

// A Connection as the kind of stream that Beast composes its operations from.
class Carrier {
 public:
  using executor_type = Executor;

  Carrier(Executor executor, std::shared_ptr<Connection> connection, std::string early,
          std::chrono::milliseconds write_timeout)
      : executor_(std::move(executor)),
        connection_(std::move(connection)),
        early_(std::move(early)),
        write_timeout_(write_timeout) {}

  [[nodiscard]] executor_type get_executor() const { return executor_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return start(std::forward<Token>(token), read(first_of(buffers)));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    std::vector<asio::const_buffer> parts;
    for (auto at = asio::buffer_sequence_begin(buffers);
         at != asio::buffer_sequence_end(buffers) && parts.size() < buffers_max; ++at) {
      parts.emplace_back(*at);
    }
    return start(std::forward<Token>(token), write(std::move(parts)));
  }

  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }

  friend void beast_close_socket(Carrier& carrier) { carrier.connection_->cancel(); }
  // The connection's end is its owner's; there is nothing to do at the
  // WebSocket's.
  template <class Handler>
  friend void async_teardown(beast::role_type, Carrier& carrier, Handler&& handler) {
    asio::post(carrier.executor_,
               beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
  }

 private:
  static constexpr std::size_t buffers_max = 4;  // what a Connection takes at once
  using Count = std::expected<std::size_t, IoError>;

  template <class Buffers>
  static asio::mutable_buffer first_of(const Buffers& buffers) {
    for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
         ++at) {
      const asio::mutable_buffer buffer = *at;
      if (buffer.size() > 0) return buffer;
    }
    return {};
  }

  template <class Token>
  auto start(Token&& token, Awaitable<Count> operation) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [executor = executor_](auto handler, Awaitable<Count> run) {
          asio::co_spawn(executor, std::move(run),
                         [handler = std::move(handler)](const std::exception_ptr& failed,
                                                        Count count) mutable {
                           if (failed) count = std::unexpected(IoError::reset);
                           std::move(handler)(count ? error_code{} : code_of(count.error()),
                                              count.value_or(0));
                         });
        },
        token, std::move(operation));
  }

  Io<std::size_t> read(asio::mutable_buffer buffer) {
    if (!early_.empty()) {
      const std::size_t count = std::min(early_.size(), buffer.size());
      std::copy_n(early_.data(), count, static_cast<char*>(buffer.data()));
      early_.erase(0, count);
      co_return count;
    }
    if (buffer.size() == 0) co_return std::size_t{0};
    // A watcher may be silent for as long as it answers pings.
    co_return co_await connection_->read_some(buffer, SteadyTime::max());
  }

  Io<std::size_t> write(std::vector<asio::const_buffer> parts) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + write_timeout_;
    auto written = co_await connection_->write(parts, deadline);
    if (!written) co_return std::unexpected(written.error());
    co_return asio::buffer_size(parts);
  }

  Executor executor_;
  std::shared_ptr<Connection> connection_;
  std::string early_;
  std::chrono::milliseconds write_timeout_;
};

class BeastWebSocket final : public WebSocket {
 public:
  template <class... Args>
  explicit BeastWebSocket(Executor executor, Args&&... carrier)
      : stream_(executor, std::forward<Args>(carrier)...), timer_(executor) {
    stream_.auto_fragment(false);
    stream_.read_message_max(message_bytes_max);
    // Deadlines are the connection's, pings the caller's.
    stream_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                       websocket::stream_base::none(), false});
    stream_.set_option(websocket::stream_base::decorator([](websocket::response_type& answer) {
      answer.set(beast::http::field::server, "budget");
    }));
    stream_.control_callback([this](websocket::frame_type, beast::string_view) { heard_ = now(); });
  }

  Io<void> accept(beast::http::request<beast::http::empty_body> request) {
    error_code code;
    co_await stream_.async_accept(request, asio::redirect_error(use_awaitable, code));
    co_return result_of(code);
  }

  Io<std::string> read() override {
    error_code code;
    co_await stream_.async_read(read_, asio::redirect_error(use_awaitable, code));
    if (code) co_return std::unexpected(error_of(code));
    heard_ = now();
    if (!stream_.got_text()) {
      co_await close(websocket::close_code::unknown_data, "messages are text");
      co_return std::unexpected(IoError::malformed);
    }
    std::string text = beast::buffers_to_string(read_.data());
    read_.consume(read_.size());
    co_return text;
  }

  Io<void> write(std::string text) override {
    error_code code;
    co_await stream_.async_write(asio::buffer(text), asio::redirect_error(use_awaitable, code));
    co_return result_of(code);
  }

  Io<void> ping() override {
    error_code code;
    co_await stream_.async_ping({}, asio::redirect_error(use_awaitable, code));
    co_return result_of(code);
  }

  Io<void> close(std::uint16_t why_code, std::string why) override {
    timer_.expires_after(close_grace);
    timer_.async_wait([connection = stream_.next_layer().connection()](error_code answered) {
      if (!answered) connection->cancel();
    });
    error_code code;
    const websocket::close_reason reason(static_cast<websocket::close_code>(why_code), why);
    co_await stream_.async_close(reason, asio::redirect_error(use_awaitable, code));
    timer_.cancel();
    co_return result_of(code);
  }

  [[nodiscard]] SteadyTime last_heard() const override { return heard_; }

 private:
  static constexpr std::chrono::seconds close_grace{1};
  static SteadyTime now() { return std::chrono::steady_clock::now(); }
  static std::expected<void, IoError> result_of(const error_code& code) {
    if (code) return std::unexpected(error_of(code));
    return {};
  }

  // Without compression: what it saves a viewer costs every worker.
  websocket::stream<Carrier, false> stream_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  beast::flat_buffer read_{message_bytes_max};
  SteadyTime heard_ = now();
};

beast::http::request<beast::http::empty_body> request_of(const Head& head) {
  beast::http::request<beast::http::empty_body> request;
  request.method(beast::http::verb::get);
  request.target(head.target);
  request.version(static_cast<unsigned>(head.version));
  for (const Field& field : head.fields) request.insert(field.name, field.value);
  return request;
}

}  // namespace

bool asks_for_web_socket(const Head& head) {
  return head.method == "GET" && lists_token(head.field("upgrade"), "websocket") &&
         named_by_connection(head, "upgrade");
}

Io<std::shared_ptr<WebSocket>> accept_web_socket(std::shared_ptr<Connection> connection,
                                                 const Head& head, std::string early,
                                                 std::chrono::milliseconds write_timeout) {
  auto request = request_of(head);
  const auto executor = co_await asio::this_coro::executor;
  auto socket = std::make_shared<BeastWebSocket>(executor, std::move(connection), std::move(early),
                                                 write_timeout);
  auto accepted = co_await socket->accept(std::move(request));
  if (!accepted) co_return std::unexpected(accepted.error());
  co_return socket;
}

}  // namespace budget::net
