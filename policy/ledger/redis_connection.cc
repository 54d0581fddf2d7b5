#include "policy/ledger/redis_connection.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "policy/ledger/redis_exchange.h"
#include "policy/ledger/redis_greeting.h"

namespace budget::ledger {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
constexpr asio::as_tuple_t<asio::use_awaitable_t<RedisConnection::Executor>> kToken{};

}  // namespace

RedisConnection::RedisConnection(asio::io_context& context, std::shared_ptr<RedisTraffic> traffic)
    : context_(context),
      traffic_(std::move(traffic)),
      at_(traffic_->address),
      random_(std::random_device{}()) {}

void RedisTraffic::came_up(std::string_view run_id) {
  bool other = false;
  {
    const std::scoped_lock lock(mutex_);
    other = !run_id_.empty() && run_id_ != run_id;
    run_id_ = run_id;
  }
  if (other && on_other_server) on_other_server();
}

void RedisConnection::log(std::string_view text) const {
  if (traffic_->log) traffic_->log(text);
}

RedisConnection::Awaitable<RedisConnection::Reply> RedisConnection::send(std::string command,
                                                                         Deadline deadline) {
  const auto self = shared_from_this();
  const bool up = co_await connected(deadline);
  if (!up) co_return std::unexpected(RedisFailure::not_sent);
  const auto link = link_;
  auto waiting = std::make_shared<Waiting>(context_.get_executor());
  link->outgoing += command;
  link->waiting.push_back(waiting);
  // Sent when this turn of the loop is over, together with what it adds.
  if (!link->flush_due && !link->writing) {
    link->flush_due = true;
    asio::post(context_.get_executor(), [self, link] { self->flush(link); });
  }
  waiting->timer.expires_at(deadline);
  // Not to be cancelled: a client that hangs up must not leave a command behind
  // whose outcome nobody learns. The deadline bounds the wait.
  co_await waiting->timer.async_wait(
      asio::bind_cancellation_slot(asio::cancellation_slot(), kToken));
  if (waiting->ended) {
    if (!waiting->reply) co_return std::unexpected(RedisFailure::unknown);
    co_return std::move(*waiting->reply);
  }
  traffic_->timeouts.fetch_add(1, std::memory_order_relaxed);
  if (link == link_) broken(link, "no reply in time");
  co_return std::unexpected(RedisFailure::unknown);
}

void RedisConnection::flush(const std::shared_ptr<Link>& link) {
  link->flush_due = false;
  if (link != link_ || link->writing || link->outgoing.empty()) return;
  link->writing = true;
  link->sending.swap(link->outgoing);
  link->outgoing.clear();
  link->stream->write(link->sending, [self = shared_from_this(), link](
                                         boost::system::error_code error, std::size_t) {
    link->writing = false;
    if (link != self->link_) return;
    if (error) return self->broken(link, error.message());
    self->flush(link);
  });
  if (!link->reading) read(link);
}

void RedisConnection::read(const std::shared_ptr<Link>& link) {
  link->reading = true;
  link->stream->read_some(link->incoming, [self = shared_from_this(), link](
                                              boost::system::error_code error, std::size_t size) {
    self->received(link, error, size);
  });
}

void RedisConnection::received(const std::shared_ptr<Link>& link, boost::system::error_code error,
                               std::size_t size) {
  link->reading = false;
  if (link != link_) return;
  if (error) return broken(link, error.message());
  link->reader.feed({link->incoming.data(), size});
  for (;;) {
    auto reply = link->reader.next();
    if (!reply) return broken(link, reply.error());
    if (!*reply) break;
    if (link->waiting.empty()) return broken(link, "Redis sent a reply that nobody asked for");
    const auto waiting = std::move(link->waiting.front());
    link->waiting.pop_front();
    waiting->ended = true;
    waiting->reply = std::move(**reply);
    waiting->timer.cancel();
  }
  if (!link->waiting.empty()) read(link);
}

// By value: it may be link_ itself, which goes.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void RedisConnection::broken(std::shared_ptr<Link> link, std::string_view why) {
  if (link != link_) return;
  link_.reset();
  link->stream->close();
  traffic_->breaks.fetch_add(1, std::memory_order_relaxed);
  log("the connection to " + where() + " broke: " + std::string(why));
  for (const auto& waiting : link->waiting) {
    waiting->ended = true;
    waiting->timer.cancel();
  }
  link->waiting.clear();
}

void RedisConnection::drop(std::string_view why) {
  if (link_) broken(link_, why);
}

void RedisConnection::abandon() {
  if (link_) link_->stream->close();
  link_.reset();
}

void RedisConnection::changed() {
  for (const auto& change : changes_) {
    if (const auto timer = change.lock()) timer->cancel();
  }
  changes_.clear();
}

RedisConnection::Awaitable<void> RedisConnection::wait_for_change(Deadline deadline) {
  auto timer = std::make_shared<Timer>(context_.get_executor(), deadline);
  changes_.push_back(timer);
  co_await timer->async_wait(kToken);
}

RedisConnection::Awaitable<bool> RedisConnection::connected(Deadline deadline) {
  for (;;) {
    // A connection that the server closed while it was idle is not worth a
    // command whose fate would then be unknown.
    if (link_ && link_->waiting.empty() && !link_->writing && link_->outgoing.empty() &&
        link_->stream->stale()) {
      drop("closed by the server");
    }
    if (link_) co_return true;
    const Deadline now = steady_clock::now();
    if (now >= deadline) co_return false;
    const bool open = failures_ >= traffic_->failures_until_open;
    if (open && (connecting_ || now < next_attempt_)) {
      traffic_->rejected.fetch_add(1, std::memory_order_relaxed);
      // A caller that tries again at once must not keep its loop from the very
      // attempt that it waits for.
      co_await asio::post(context_.get_executor(), kToken);
      co_return false;
    }
    if (connecting_) {
      co_await wait_for_change(deadline);
    } else if (now < next_attempt_) {
      co_await wait_for_change(std::min(deadline, next_attempt_));
    } else {
      co_await attempt(std::min(deadline, now + traffic_->connect_timeout));
    }
  }
}

RedisConnection::Awaitable<void> RedisConnection::attempt(Deadline deadline) {
  // However this ends, also by the caller's end, others may try again.
  struct Attempt {
    RedisConnection& connection;
    explicit Attempt(RedisConnection& of) : connection(of) { connection.connecting_ = true; }
    ~Attempt() {
      connection.connecting_ = false;
      connection.changed();
    }
  };
  const Attempt attempt(*this);
  at_ = traffic_->address;
  if (traffic_->directory) {
    auto found = co_await traffic_->directory->find(deadline);
    if (!found) co_return failed(std::move(found.error()));
    at_ = std::move(*found);
  }
  auto stream = co_await open_redis_stream(at_, traffic_->tls, deadline);
  if (!stream) {
    if (traffic_->directory) traffic_->directory->doubted();
    co_return failed(stream.error());
  }
  auto link = std::make_shared<Link>();
  link->stream = std::move(*stream);
  const auto greeted = co_await greet(link, deadline);
  if (!greeted) {
    link->stream->close();
    if (traffic_->directory) traffic_->directory->doubted();
    co_return failed(where() + ": " + greeted.error());
  }
  if (failures_ > 0) log("connected to " + where() + " again");
  failures_ = 0;
  traffic_->connects.fetch_add(1, std::memory_order_relaxed);
  link_ = std::move(link);
}

void RedisConnection::failed(std::string why) {
  ++failures_;
  // Once when it begins and once when the breaker opens, not for every attempt.
  if (failures_ == 1) log("cannot connect: " + why);
  if (failures_ == traffic_->failures_until_open) {
    log("still not connected, so commands fail at once until it is back: " + why);
  }
  last_failure_ = std::move(why);
  const int doublings = std::min(failures_ - 1, 16);
  const auto longest =
      std::min(traffic_->backoff_longest, traffic_->backoff_first * (1 << doublings));
  std::uniform_int_distribution<std::int64_t> jitter(longest.count() / 2, longest.count());
  next_attempt_ = steady_clock::now() + std::chrono::milliseconds(jitter(random_));
}

RedisConnection::Awaitable<std::expected<void, std::string>> RedisConnection::greet(
    std::shared_ptr<Link> link, Deadline deadline) {
  auto replies = co_await ask_redis(*link->stream, link->reader, greeting_of(at_), deadline);
  if (!replies) co_return std::unexpected(std::move(replies.error()));
  const std::string_view info = replies->back().value().text();
  auto fit = fit_for_ledger(info);
  // A server that loads its data, or a replica that the sentinels will promote
  // or that a failover left behind, is no reason to give up.
  const bool fixed = !traffic_->directory || traffic_->directory->fixed();
  const bool may_pass = is_loading(info) || (!fixed && is_replica(info));
  unfit_ = !fit && !may_pass;
  if (fit) traffic_->came_up(run_id_of(info));
  co_return fit;
}

RedisConnection::Elsewhere RedisConnection::elsewhere(std::string_view error) {
  // Between two looks at a server that will be right again by itself.
  constexpr std::chrono::milliseconds kLookAgain{20};
  const auto starts = [error](std::string_view with) { return error.starts_with(with); };
  if (starts("READONLY") || starts("LOADING") || starts("MASTERDOWN")) {
    // It is another server than it was; the next greeting finds out, and waits
    // its turn.
    drop(error);
    return {true, {}};
  }
  if (starts("MOVED ")) {
    // MOVED SLOT HOST:PORT. All keys of a namespace are in one slot, so nothing
    // is left here.
    if (traffic_->directory) traffic_->directory->moved(error.substr(error.rfind(' ') + 1), at_);
    drop(error);
    return {true, {}};
  }
  // While a slot migrates, its keys are here and there, and no script may see a
  // part of them: it waits for MOVED (docs/decisions/0021-sentinel-and-cluster.md).
  const bool migrating = starts("ASK ") || starts("TRYAGAIN") || starts("CLUSTERDOWN") ||
                         error.contains("attempted to access a non local key");
  return {migrating, kLookAgain};
}

}  // namespace budget::ledger
