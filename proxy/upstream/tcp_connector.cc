#include "proxy/upstream/tcp_connector.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <utility>

namespace budget::upstream {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Resolver = asio::ip::basic_resolver<tcp, net::Executor>;

// Cancels a resolver or a socket when its time is up.
template <class Target>
class CancelAt final : net::Deadlines::Entry {
 public:
  CancelAt(net::Deadlines& deadlines, Target& target, net::SteadyTime deadline)
      : Entry(deadlines), target_(target) {
    arm(deadline);
  }
  [[nodiscard]] bool expired() const { return expired_; }

 private:
  void on_deadline() override {
    expired_ = true;
    target_.cancel();
  }

  Target& target_;
  bool expired_ = false;
};

}  // namespace

TcpConnector::TcpConnector(asio::io_context& io, net::Deadlines& deadlines, TcpTarget target,
                           asio::ssl::context* tls_context)
    : io_(io), deadlines_(deadlines), target_(std::move(target)), tls_context_(tls_context) {}

net::Io<TcpConnector::Endpoints> TcpConnector::resolve(net::SteadyTime deadline) {
  const net::SteadyTime now = std::chrono::steady_clock::now();
  if (!addresses_.empty() && now - resolved_at_ < addresses_for) co_return addresses_;

  Endpoints found;
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(target_.host, error);
  if (!error) {
    found.emplace_back(literal, target_.port);
  } else {
    Resolver resolver(io_.get_executor());
    CancelAt limit(deadlines_, resolver, deadline);
    const auto [failed, results] = co_await resolver.async_resolve(
        target_.host, std::to_string(target_.port), asio::as_tuple(net::use_awaitable));
    if (failed) {
      co_return std::unexpected(limit.expired() ? net::IoError::timeout : net::IoError::unresolved);
    }
    for (const auto& result : results) found.push_back(result.endpoint());
  }
  addresses_ = found;
  resolved_at_ = now;
  co_return found;
}

net::Io<std::unique_ptr<net::Connection>> TcpConnector::connect(net::SteadyTime deadline) {
  auto addresses = co_await resolve(deadline);
  if (!addresses) co_return std::unexpected(addresses.error());

  for (const tcp::endpoint& address : *addresses) {
    net::TcpSocket socket(io_.get_executor());
    boost::system::error_code error;
    {
      CancelAt limit(deadlines_, socket, deadline);
      std::tie(error) = co_await socket.async_connect(address, asio::as_tuple(net::use_awaitable));
      if (limit.expired()) co_return std::unexpected(net::IoError::timeout);
    }
    if (error) continue;
    if (!target_.tls) co_return net::plain_connection(std::move(socket), deadlines_);
    co_return co_await net::connect_tls(std::move(socket), *tls_context_, target_.server_name,
                                        target_.verify, deadlines_, deadline);
  }
  addresses_.clear();
  co_return std::unexpected(net::IoError::refused);
}

}  // namespace budget::upstream
