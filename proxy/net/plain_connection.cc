#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/container/static_vector.hpp>
#include <cerrno>
#include <utility>

#include "proxy/net/socket_base.h"

namespace budget::net {
namespace {

namespace asio = boost::asio;

class PlainConnection final : public SocketBase {
 public:
  PlainConnection(TcpSocket socket, Deadlines& deadlines)
      : SocketBase(deadlines), socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  }

  Io<std::size_t> read_some(asio::mutable_buffer buffer, SteadyTime deadline) override {
    if (cancelled()) co_return std::unexpected(IoError::cancelled);
    const Operation operation(*this, deadline);
    const auto [error, count] =
        co_await socket_.async_read_some(buffer, asio::as_tuple(use_awaitable));
    if (error) co_return std::unexpected(io_error(error));
    co_return count;
  }

  Io<void> write(std::span<const asio::const_buffer> buffers, SteadyTime deadline) override {
    boost::container::static_vector<asio::const_buffer, 4> rest(buffers.begin(), buffers.end());
    while (!rest.empty()) {
      if (cancelled()) co_return std::unexpected(IoError::cancelled);
      // Nearly every write fits into the socket's buffer at once: try without
      // suspending first.
      boost::system::error_code error;
      std::size_t count = socket_.write_some(rest, error);
      if (error == asio::error::would_block) {
        const Operation operation(*this, deadline);
        std::tie(error, count) =
            co_await socket_.async_write_some(rest, asio::as_tuple(use_awaitable));
        if (error) co_return std::unexpected(io_error(error));
      }
      if (error) co_return std::unexpected(io_error(error));
      while (!rest.empty() && count >= rest.front().size()) {
        count -= rest.front().size();
        rest.erase(rest.begin());
      }
      if (!rest.empty()) rest.front() += count;
    }
    co_return std::expected<void, IoError>{};
  }

  Io<void> shutdown_write(SteadyTime) override {
    boost::system::error_code error;
    socket_.shutdown(TcpSocket::shutdown_send, error);
    if (error) co_return std::unexpected(io_error(error));
    co_return std::expected<void, IoError>{};
  }

  [[nodiscard]] bool idle_and_open() const override {
    if (cancelled()) return false;
    char byte = 0;
    const auto fd = const_cast<TcpSocket&>(socket_).native_handle();
    // Bytes that nobody asked for end a connection's use as surely as its end.
    return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  TcpSocket& socket() override { return socket_; }

  TcpSocket socket_;
};

}  // namespace

std::unique_ptr<Connection> plain_connection(TcpSocket socket, Deadlines& deadlines) {
  return std::make_unique<PlainConnection>(std::move(socket), deadlines);
}

}  // namespace budget::net
