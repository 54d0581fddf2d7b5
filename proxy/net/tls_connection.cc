#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
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
      // SNI holds names only (RFC 6066 section 3): some servers end the
      // handshake at an address.
      boost::system::error_code no_address;
      asio::ip::make_address(server_name, no_address);
      if (!server_name.empty() && no_address) {
        SSL_set_tlsext_host_name(stream_.native_handle(), server_name.c_str());
      }
      boost::system::error_code ignored;
      stream_.set_verify_mode(verify ? asio::ssl::verify_peer : asio::ssl::verify_none, ignored);
      if (verify && !expect_name(server_name, !no_address)) {
        co_return std::unexpected(IoError::tls);
      }
    }
    const Operation operation(*this, deadline);
    const auto [error] = co_await stream_.async_handshake(side, asio::as_tuple(use_awaitable));
    if (!error) co_return std::expected<void, IoError>{};
    const IoError reason = io_error(error);
    if (cancelled() || timed_out()) co_return std::unexpected(reason);
    co_return std::unexpected(verify ? why_not_trusted() : IoError::tls);
  }

  Io<std::size_t> read_some(asio::mutable_buffer buffer, SteadyTime deadline) override {
    if (cancelled()) co_return std::unexpected(IoError::cancelled);
    const Operation operation(*this, deadline);
    const auto [error, count] =
        co_await stream_.async_read_some(buffer, asio::as_tuple(use_awaitable));
    if (error) co_return std::unexpected(io_error(error));
    co_return count;
  }

  Io<void> write(std::span<const asio::const_buffer> buffers, SteadyTime deadline) override {
    if (cancelled()) co_return std::unexpected(IoError::cancelled);
    const Operation operation(*this, deadline);
    // OpenSSL makes one record of one buffer: several small ones are joined,
    // so that a head and its body are one record and one packet.
    if (buffers.size() > 1 && asio::buffer_size(buffers) <= joined_max) {
      const asio::const_buffer whole = join(buffers);
      co_return co_await write_one(whole);
    }
    for (const asio::const_buffer buffer : buffers) {
      auto written = co_await write_one(buffer);
      if (!written) co_return written;
    }
    co_return std::expected<void, IoError>{};
  }

  Io<void> shutdown_write(SteadyTime deadline) override {
    if (cancelled()) co_return std::unexpected(IoError::cancelled);
    // Sends close_notify and waits for the peer's, at most until `deadline`.
    // A peer that still sends ends the wait with an error, and has been told
    // all the same: its bytes can be read on.
    const Operation operation(*this, deadline);
    co_await stream_.async_shutdown(asio::as_tuple(use_awaitable));
    if (cancelled() || timed_out()) co_return std::unexpected(io_error({}));
    boost::system::error_code ignored;
    stream_.next_layer().shutdown(TcpSocket::shutdown_send, ignored);
    co_return std::expected<void, IoError>{};
  }

  [[nodiscard]] bool idle_and_open() const override {
    if (cancelled()) return false;
    char byte = 0;
    auto& socket = const_cast<TlsStream&>(stream_).next_layer();
    // Bytes may be a late session ticket, but also the peer's close_notify or
    // an answer that nobody asked for: a new connection costs less than either.
    const bool silent = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
                        (errno == EAGAIN || errno == EWOULDBLOCK);
    SSL* const ssl = const_cast<TlsStream&>(stream_).native_handle();
    return silent && SSL_pending(ssl) == 0 && BIO_ctrl_pending(SSL_get_rbio(ssl)) == 0;
  }

 private:
  // What one TLS record holds.
  static constexpr std::size_t joined_max = 16UZ * 1024;

  TcpSocket& socket() override { return stream_.next_layer(); }

  // Has OpenSSL compare the certificate with the name, so that it can tell what
  // was wrong, which a callback of ours could not.
  bool expect_name(const std::string& name, bool is_address) {
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(stream_.native_handle());
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return is_address ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1
                      : X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size()) == 1;
  }

  // After a handshake that failed.
  IoError why_not_trusted() {
    switch (SSL_get_verify_result(stream_.native_handle())) {
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return IoError::tls_name;
      case X509_V_ERR_CERT_HAS_EXPIRED:
      case X509_V_ERR_CERT_NOT_YET_VALID:
        return IoError::tls_expired;
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      case X509_V_ERR_CERT_UNTRUSTED:
        return IoError::tls_trust;
      default:
        return IoError::tls;
    }
  }

  Io<void> write_one(asio::const_buffer buffer) {
    const auto [error, count] =
        co_await asio::async_write(stream_, buffer, asio::as_tuple(use_awaitable));
    if (error) co_return std::unexpected(io_error(error));
    co_return std::expected<void, IoError>{};
  }

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
