#include "proxy/server/listener.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <utility>

namespace budget::server {

namespace asio = boost::asio;
using asio::ip::tcp;

Listener::Listener(asio::io_context& io, std::vector<std::unique_ptr<Worker>>& workers,
                   std::size_t connections_max)
    : io_(io),
      workers_(workers),
      connections_max_(connections_max),
      acceptor_(io.get_executor()),
      pause_(io) {}

std::expected<void, std::string> Listener::open(const ListenConfig& config, net::TlsContext tls) {
  tls_ = std::move(tls);
  role_ = {.llm = config.llm, .admin = config.admin};
  const std::string name = config.address + ":" + std::to_string(config.port);
  boost::system::error_code error;
  tcp::endpoint endpoint(asio::ip::make_address(config.address, error), config.port);
  if (error) {
    tcp::resolver resolver(io_);
    const auto results = resolver.resolve(config.address, std::to_string(config.port), error);
    if (error || results.empty()) {
      return std::unexpected("cannot listen on " + name + ": the address is not known");
    }
    endpoint = *results.begin();
  }
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(4096, error);
  if (error) return std::unexpected("cannot listen on " + name + ": " + error.message());
  return {};
}

tcp::endpoint Listener::endpoint() const {
  boost::system::error_code ignored;
  return acceptor_.local_endpoint(ignored);
}

void Listener::start() {
  accept();
}

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

Worker& Listener::least_loaded() const {
  return **std::min_element(workers_.begin(), workers_.end(), [](const auto& a, const auto& b) {
    return a->connections() < b->connections();
  });
}

bool Listener::full() const {
  std::size_t open = 0;
  for (const auto& worker : workers_) open += worker->connections();
  return open >= connections_max_;
}

void Listener::accept() {
  // The socket is born on its worker's loop, so the worker is chosen first.
  Worker& worker = least_loaded();
  acceptor_.async_accept(worker.io().get_executor(),
                         [this, &worker](boost::system::error_code error, net::TcpSocket socket) {
                           if (!acceptor_.is_open()) return;
                           if (!error) worker.serve(std::move(socket), tls_, role_);
                           if (error || full()) return pause();
                           accept();
                         });
}

// Neither a failure nor a full house ends the loop: look again soon, and let
// the kernel's queue hold who comes meanwhile.
void Listener::pause() {
  pause_.expires_after(pause_after_failure);
  pause_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled || !acceptor_.is_open()) return;
    if (full()) return pause();
    accept();
  });
}

}  // namespace budget::server
