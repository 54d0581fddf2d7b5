#include "proxy/server/watch_session.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace budget::server {
namespace {

namespace asio = boost::asio;

// A watcher that takes nothing for so long is gone.
constexpr std::chrono::seconds write_timeout{30};
// One that is silent is asked for a sign, and left after three it did not give.
constexpr std::chrono::seconds ping_every{15};
constexpr std::chrono::seconds silent_max{50};
constexpr std::uint16_t going_away = 1001;  // RFC 6455, 7.4.1

// What the reading and the writing side share. Each keeps it alive: a loop that
// ends under them destroys them in any order.
struct Shared {
  std::shared_ptr<net::WebSocket> socket;
  std::unique_ptr<admin::Watch> watch;
  std::shared_ptr<Signal> signal;
  bool reader_done = false;
};

net::Awaitable<void> read_all(std::shared_ptr<Shared> shared) {
  while (true) {
    auto message = co_await shared->socket->read();
    if (!message) break;
    co_await shared->watch->receive(std::move(*message));
    shared->signal->poke();
  }
}

// Returns when there is nobody left to write to, or no reason.
net::Awaitable<void> write_all(const std::shared_ptr<Shared>& shared,
                               const std::function<bool()>& draining) {
  net::SteadyTime next_ping = std::chrono::steady_clock::now() + ping_every;
  while (!shared->reader_done) {
    if (draining()) {
      co_await shared->socket->close(going_away, "the server is going away");
      co_return;
    }
    const net::SteadyTime now = std::chrono::steady_clock::now();
    if (auto message = shared->watch->next(now)) {
      if (!co_await shared->socket->write(std::move(*message))) co_return;
      continue;
    }
    if (auto end = shared->watch->ended()) {
      co_await shared->socket->close(end->code, std::move(end->why));
      co_return;
    }
    if (now - shared->socket->last_heard() > silent_max) co_return;
    if (now >= next_ping) {
      next_ping = now + ping_every;
      if (!co_await shared->socket->ping()) co_return;
    }
    co_await shared->signal->wait(std::min(next_ping, shared->watch->due()));
  }
}

}  // namespace

net::Awaitable<void> Signal::wait(net::SteadyTime until) {
  timer_.expires_at(until);
  co_await timer_.async_wait(asio::as_tuple(net::use_awaitable));
}

void Signal::wake() {
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  asio::post(timer_.get_executor(), [self = shared_from_this()] {
    self->woken_.store(false, std::memory_order_release);
    self->poke();
  });
}

net::Awaitable<void> serve_watch(std::shared_ptr<net::Connection> connection, const net::Head& head,
                                 std::string early, std::unique_ptr<admin::Watch> watch,
                                 std::shared_ptr<Signal> signal, std::function<bool()> draining) {
  auto socket = co_await net::accept_web_socket(connection, head, std::move(early), write_timeout);
  if (!socket) co_return;
  auto shared = std::make_shared<Shared>(
      Shared{std::move(*socket), std::move(watch), std::move(signal), false});
  const auto executor = co_await asio::this_coro::executor;
  asio::co_spawn(executor, read_all(shared), [shared](const std::exception_ptr&) {
    shared->reader_done = true;
    shared->signal->poke();
  });
  co_await write_all(shared, draining);
  // The reader ends by this, and the connection's owner must outlast it.
  connection->cancel();
  while (!shared->reader_done) co_await shared->signal->wait(net::SteadyTime::max());
}

}  // namespace budget::server
