#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "policy/ledger/redis_stream.h"

namespace budget::ledger {
namespace {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kToken{};

// The socket stays where it is, so that whoever guards the handshake's time can
// close it meanwhile.
class TlsStream final : public RedisStream {
 public:
  TlsStream(std::unique_ptr<RedisSocket> socket, RedisTls tls)
      : tls_(std::move(tls)), socket_(std::move(socket)), layer_(*socket_, *tls_) {}
  asio::ssl::stream<RedisSocket&>& layer() { return layer_; }

  void read_some(std::span<char> into, Done done) override {
    layer_.async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }
  void write(std::string_view bytes, Done done) override {
    asio::async_write(layer_, asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  void close() override {
    boost::system::error_code ignored;
    socket_->close(ignored);
  }
  // Bytes may be there that nobody asked for: session tickets.
  bool stale() override {
    char byte = 0;
    const ssize_t seen = ::recv(socket_->native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return seen == 0 || (seen < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  }

 private:
  RedisTls tls_;
  std::unique_ptr<RedisSocket> socket_;
  asio::ssl::stream<RedisSocket&> layer_;
};

}  // namespace

std::expected<RedisTls, std::string> make_redis_tls(const RedisAddress& address) {
  if (!address.tls) return nullptr;
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  if (address.tls_ca.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(address.tls_ca, error);
  }
  if (error) {
    return std::unexpected("the certificate authorities for Redis (" + address.tls_ca +
                           ") cannot be read: " + error.message());
  }
  if (!address.tls_certificate.empty()) {
    context->use_certificate_chain_file(address.tls_certificate, error);
    if (!error) context->use_private_key_file(address.tls_key, asio::ssl::context::pem, error);
    if (error) {
      return std::unexpected("the client certificate for Redis (" + address.tls_certificate +
                             ") or its key cannot be used: " + error.message());
    }
  }
  return context;
}

RedisAwaitable<std::unique_ptr<RedisStream>> secure_redis_stream(
    std::unique_ptr<RedisSocket> socket, RedisTls tls, RedisAddress address) {
  const std::string& name =
      address.tls_server_name.empty() ? address.host : address.tls_server_name;
  auto stream = std::make_unique<TlsStream>(std::move(socket), tls);
  auto& layer = stream->layer();
  SSL_set_tlsext_host_name(layer.native_handle(), name.c_str());
  boost::system::error_code ignored;
  layer.set_verify_mode(address.tls_verify ? asio::ssl::verify_peer : asio::ssl::verify_none,
                        ignored);
  if (address.tls_verify) {
    layer.set_verify_callback(asio::ssl::host_name_verification(name), ignored);
  }
  const auto [error] = co_await layer.async_handshake(asio::ssl::stream_base::client, kToken);
  if (error) co_return std::unexpected("TLS: " + error.message());
  co_return stream;
}

}  // namespace budget::ledger
