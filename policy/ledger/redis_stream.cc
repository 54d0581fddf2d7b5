#include "policy/ledger/redis_stream.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>
#include <vector>

namespace budget::ledger {
namespace {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Socket = RedisSocket;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kToken{};

class SocketStream final : public RedisStream {
 public:
  explicit SocketStream(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}

  void read_some(std::span<char> into, Done done) override {
    socket_->async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }
  void write(std::string_view bytes, Done done) override {
    asio::async_write(*socket_, asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  void close() override {
    boost::system::error_code ignored;
    socket_->close(ignored);
  }
  bool stale() override {
    char byte = 0;
    const ssize_t seen = ::recv(socket_->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return seen >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  }

 private:
  std::unique_ptr<Socket> socket_;
};

// Closes what is awaited when the time is up, so that awaiting it ends.
template <class Io>
class Guard {
 public:
  Guard(const Executor& executor, Io& io, Deadline deadline)
      : io_(std::make_shared<Io*>(&io)), timer_(executor, deadline) {
    timer_.async_wait([guarded = io_](boost::system::error_code error) {
      if (!error && *guarded) end(**guarded);
    });
  }
  // The timer's handler may be on its way already.
  ~Guard() { *io_ = nullptr; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  bool expired() { return timer_.expiry() <= std::chrono::steady_clock::now(); }

 private:
  static void end(Socket& socket) {
    boost::system::error_code ignored;
    socket.close(ignored);
  }
  static void end(Resolver& resolver) { resolver.cancel(); }

  std::shared_ptr<Io*> io_;
  Timer timer_;
};

RedisAwaitable<std::vector<Endpoint>> endpoints_of(RedisAddress address, Deadline deadline) {
  const Executor executor = co_await asio::this_coro::executor;
  std::vector<Endpoint> endpoints;
  if (!address.path.empty()) {
    if (address.path.size() >= sizeof(sockaddr_un::sun_path)) {
      co_return std::unexpected("the path of Redis's socket is too long");
    }
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(address.path));
    co_return endpoints;
  }
  boost::system::error_code not_literal;
  const auto literal = asio::ip::make_address(address.host, not_literal);
  if (!not_literal) {
    endpoints.emplace_back(asio::ip::tcp::endpoint(literal, address.port));
    co_return endpoints;
  }
  Resolver resolver(executor);
  const std::string port = std::to_string(address.port);
  const Guard<Resolver> guard(executor, resolver, deadline);
  const auto [error, found] = co_await resolver.async_resolve(address.host, port, kToken);
  if (error) {
    co_return std::unexpected("the name " + address.host +
                              " of Redis's host has no address: " + error.message());
  }
  for (const auto& each : found) endpoints.emplace_back(each.endpoint());
  co_return endpoints;
}

}  // namespace

RedisAwaitable<std::unique_ptr<RedisStream>> open_redis_stream(RedisAddress address, RedisTls tls,
                                                               Deadline deadline) {
  const Executor executor = co_await asio::this_coro::executor;
  auto endpoints = co_await endpoints_of(address, deadline);
  if (!endpoints) co_return std::unexpected(std::move(endpoints.error()));
  std::string why = "no address";
  for (const Endpoint& endpoint : *endpoints) {
    auto socket = std::make_unique<Socket>(executor);
    Guard<Socket> guard(executor, *socket, deadline);
    const auto [error] = co_await socket->async_connect(endpoint, kToken);
    if (!error) {
      boost::system::error_code ignored;
      if (address.path.empty()) {
        socket->set_option(asio::ip::tcp::no_delay(true), ignored);
        // Closing takes back what was not delivered: a command that is given up
        // must not arrive when a partition ends, long after its caller was told.
        socket->set_option(asio::socket_base::linger(true, 0), ignored);
      }
      if (!tls) co_return std::make_unique<SocketStream>(std::move(socket));
      auto secured = co_await secure_redis_stream(std::move(socket), tls, address);
      if (secured) co_return secured;
      why = guard.expired() ? "no TLS handshake in time" : secured.error();
      break;
    }
    why = guard.expired() ? "no connection in time" : error.message();
    if (guard.expired()) break;
  }
  co_return std::unexpected(address.printable() + ": " + why);
}

}  // namespace budget::ledger
