// A connection that has become a WebSocket: it watches the live feed.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "admin/api.h"
#include "proxy/net/web_socket.h"

namespace budget::server {

// Lets a loop wait for something that is told from elsewhere. poke() belongs to
// the loop's thread, wake() to any; what is pending keeps it alive.
class Signal : public std::enable_shared_from_this<Signal> {
 public:
  explicit Signal(const net::Executor& executor) : timer_(executor) {}

  // Until poked, or `until`.
  net::Awaitable<void> wait(net::SteadyTime until);
  void poke() { timer_.cancel(); }
  void wake();

 private:
  boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, net::Executor>
      timer_;
  std::atomic<bool> woken_{false};
};

// Accepts the request with the head `head`, then relays between `watch` and
// the peer until either ends it or `draining` is true, which is looked at when
// `signal`, the watch's, is poked. The connection is not to be used afterwards.
net::Awaitable<void> serve_watch(std::shared_ptr<net::Connection> connection, const net::Head& head,
                                 std::string early, std::unique_ptr<admin::Watch> watch,
                                 std::shared_ptr<Signal> signal, std::function<bool()> draining);

}  // namespace budget::server
