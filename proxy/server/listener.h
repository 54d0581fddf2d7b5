// One listening socket.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "proxy/config.h"
#include "proxy/net/tls_contexts.h"
#include "proxy/server/worker.h"

namespace budget::server {

// Accepts on its own loop and hands each socket to the worker with the fewest
// connections: streams are long, so turns would not even out.
class Listener {
 public:
  // An accept that fails (no descriptors left) pauses the loop this long.
  static constexpr std::chrono::milliseconds pause_after_failure{100};

  Listener(boost::asio::io_context& io, std::vector<std::unique_ptr<Worker>>& workers,
           std::size_t connections_max);

  // The error names the address and what is wrong with it.
  [[nodiscard]] std::expected<void, std::string> open(const ListenConfig& config,
                                                      net::TlsContext tls);
  // Where it listens; the port is the real one where 0 was asked for.
  [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const;
  void start();
  void close();

 private:
  void accept();
  void pause();
  [[nodiscard]] Worker& least_loaded() const;
  [[nodiscard]] bool full() const;

  boost::asio::io_context& io_;
  std::vector<std::unique_ptr<Worker>>& workers_;
  std::size_t connections_max_;
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, net::Executor> acceptor_;
  boost::asio::steady_timer pause_;
  net::TlsContext tls_;
  Role role_;
};

}  // namespace budget::server
