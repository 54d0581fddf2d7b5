// Reaching a provider over TCP, with or without TLS.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/upstream/connector.h"

namespace budget::upstream {

struct TcpTarget {
  std::string host;
  std::uint16_t port = 443;
  bool tls = true;
  bool verify = true;
  std::string server_name;  // SNI, and what the certificate must name
};

// Addresses are looked up again after `addresses_for`, so that a provider's
// DNS change is followed, and tried in the resolver's order. `tls_context` is
// the provider's own, and must outlive the connector.
class TcpConnector final : public Connector {
 public:
  static constexpr std::chrono::seconds addresses_for{30};

  TcpConnector(boost::asio::io_context& io, net::Deadlines& deadlines, TcpTarget target,
               boost::asio::ssl::context* tls_context);

  net::Io<std::unique_ptr<net::Connection>> connect(net::SteadyTime deadline) override;

 private:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  net::Io<Endpoints> resolve(net::SteadyTime deadline);

  boost::asio::io_context& io_;
  net::Deadlines& deadlines_;
  TcpTarget target_;
  boost::asio::ssl::context* tls_context_;
  Endpoints addresses_;
  net::SteadyTime resolved_at_{};
};

}  // namespace budget::upstream
