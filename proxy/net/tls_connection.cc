#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "proxy/net/socket_base.h"

namespace budget::net {
namespace {

namespace asio = boost::asio;

using TlsStream = asio::ssl::stream<TcpSocket>;

class TlsConnection final : public SocketBase {
 public:
  TlsConnection(TcpSocket socket, asio::ssl::context& context, Deadlines& deadlines)
      : SocketBase(deadlines), stream_(std::move(socket), context) {
    boost::system::error_code ignored;
    stream_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
    // An idle stream must not keep OpenSSL's two 16 KiB buffers.
    SSL_set_mode(stream_.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  }

  Io<void> handshake(TlsStream::handshake_type side, std::string server_name, bool verify,
                     SteadyTime deadline) {
    if (side == TlsStream::client) {
      if (!server_name.empty()) {
        SSL_set_tlsext_host_name(stream_.native_handle(), server_name.c_str());
      }
      boost::system::error_code ignored;
      stream_.set_verify_mode(verify ? asio::ssl::verify_peer : asio::ssl::verify_none, ignored);
      if (verify) {
        stream_.set_verify_callback(asio::ssl::host_name_verification(server_name), ignored);
      }
    }
    arm(deadline);
    const auto [error] = co_await stream_.async_handshake(side, asio::as_tuple(use_awaitable));
    disarm();
    if (!error) co_return std::expected<void, IoError>{};
    const IoError reason = io_error(error);
    co_return std::unexpected(ended() ? reason : IoError::tls);
  }

  Io<std::size_t> read_some(asio::mutable_buffer buffer, SteadyTime deadline) override {
    if (ended()) co_return std::unexpected(io_error({}));
    arm(deadline);
    const auto [error, count] =
        co_await stream_.async_read_some(buffer, asio::as_tuple(use_awaitable));
    disarm();
    if (error) co_return std::unexpected(io_error(error));
    co_return count;
  }

  Io<void> write(std::span<const asio::const_buffer> buffers, SteadyTime deadline) override {
    if (ended()) co_return std::unexpected(io_error({}));
    // OpenSSL makes one record of one buffer: several small ones are joined,
    // so that a head and its body are one record and one packet.
    asio::const_buffer whole = buffers.size() == 1 ? buffers.front() : join(buffers);
    arm(deadline);
    const auto [error, count] =
        co_await asio::async_write(stream_, whole, asio::as_tuple(use_awaitable));
    disarm();
    if (error) co_return std::unexpected(io_error(error));
    co_return std::expected<void, IoError>{};
  }

  Io<void> shutdown_write(SteadyTime deadline) override {
    if (ended()) co_return std::unexpected(io_error({}));
    // Sends close_notify and waits for the peer's, at most until `deadline`.
    arm(deadline);
    const auto [error] = co_await stream_.async_shutdown(asio::as_tuple(use_awaitable));
    disarm();
    if (error) co_return std::unexpected(io_error(error));
    co_return std::expected<void, IoError>{};
  }

  [[nodiscard]] bool idle_and_open() const override {
    char byte = 0;
    auto& socket = const_cast<TlsStream&>(stream_).next_layer();
    const auto count = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    // Session tickets may arrive at any time: bytes are no sign of an end.
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
  }

 private:
  TcpSocket& socket() override { return stream_.next_layer(); }

  asio::const_buffer join(std::span<const asio::const_buffer> buffers) {
    joined_.clear();
    for (const auto& buffer : buffers) {
      joined_.append(static_cast<const char*>(buffer.data()), buffer.size());
    }
    return asio::buffer(joined_);
  }

  TlsStream stream_;
  std::string joined_;
};

}  // namespace

Io<std::unique_ptr<Connection>> accept_tls(TcpSocket socket, asio::ssl::context& context,
                                           Deadlines& deadlines, SteadyTime deadline) {
  auto connection = std::make_unique<TlsConnection>(std::move(socket), context, deadlines);
  auto done = co_await connection->handshake(TlsStream::server, {}, false, deadline);
  if (!done) co_return std::unexpected(done.error());
  co_return std::unique_ptr<Connection>(std::move(connection));
}

Io<std::unique_ptr<Connection>> connect_tls(TcpSocket socket, asio::ssl::context& context,
                                            std::string server_name, bool verify,
                                            Deadlines& deadlines, SteadyTime deadline) {
  auto connection = std::make_unique<TlsConnection>(std::move(socket), context, deadlines);
  auto done =
      co_await connection->handshake(TlsStream::client, std::move(server_name), verify, deadline);
  if (!done) co_return std::unexpected(done.error());
  co_return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace budget::net
