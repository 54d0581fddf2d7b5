// One worker's connection to Redis.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "policy/ledger/redis_address.h"
#include "policy/ledger/redis_codec.h"
#include "policy/ledger/redis_directory.h"
#include "policy/ledger/redis_stream.h"

namespace budget::ledger {

// Why a command has no reply.
enum class RedisFailure : std::uint8_t {
  not_sent,  // Redis did not get it
  unknown,   // it may have been done, or be done yet
};

// What all connections of a ledger share and count.
struct RedisTraffic {
  RedisAddress address;
  RedisTls tls;  // of the address
  // Where to connect to; nullptr: to `address`.
  std::shared_ptr<RedisDirectory> directory;
  std::chrono::milliseconds connect_timeout{1'000};
  // After a failed attempt to connect, the next one waits between half of a
  // back-off and all of it; it doubles from the first to the longest.
  std::chrono::milliseconds backoff_first{20};
  std::chrono::milliseconds backoff_longest{1'000};
  // So many failures in a row, and commands fail at once instead of waiting
  // for the next attempt.
  int failures_until_open = 3;
  std::function<void(std::string_view)> log;  // one sentence an event; any thread
  // Called when a connection has come up to another server than the one before,
  // or to one that was restarted; on a loop's thread, must not block.
  std::function<void()> on_other_server;

  // Which server a connection has come up to, by the id that each draws when it
  // starts. Thread-safe.
  void came_up(std::string_view run_id);

  std::atomic<std::int64_t> connects{0};  // that succeeded, since start
  std::atomic<std::int64_t> breaks{0};    // of connections that were up
  std::atomic<std::int64_t> timeouts{0};  // commands without a reply in time
  std::atomic<std::int64_t> rejected{0};  // commands refused by an open breaker

 private:
  std::mutex mutex_;
  std::string run_id_;
};

// Pipelined: commands are sent as they come, many in one write, and replies are
// matched in order. Connects when a command needs it and not before; has
// nothing pending on its loop while no command waits. A command that is not
// answered by its deadline breaks the connection, for nothing sent after it
// would be answered sooner. Belongs to its loop's thread; always in a
// shared_ptr.
class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  using Executor = boost::asio::io_context::executor_type;
  template <class T>
  using Awaitable = boost::asio::awaitable<T, Executor>;
  using Reply = std::expected<RedisReply, RedisFailure>;

  RedisConnection(boost::asio::io_context& context, std::shared_ptr<RedisTraffic> traffic);

  // Sends one command, as redis_command() writes it. Costs one round trip, and
  // a connection where there is none. Once sent, cancelling the caller does not
  // end the wait; the deadline does.
  Awaitable<Reply> send(std::string command, Deadline deadline);
  // Ends it; commands that wait get `unknown`. The next command connects anew.
  void drop(std::string_view why);
  // Whether `error`, a reply, says that this server will not do (any more), or
  // not now. If so the connection has been dropped where another is to be
  // found, and the command was not done: send it again after `pause`.
  struct Elsewhere {
    bool again = false;
    std::chrono::milliseconds pause{0};
  };
  Elsewhere elsewhere(std::string_view error);
  // Ends it without calling anybody, because its loop ends.
  void abandon();
  // Why the last attempt to connect failed, and whether that was because the
  // server answered and will not do.
  [[nodiscard]] const std::string& last_failure() const { return last_failure_; }
  [[nodiscard]] bool server_unfit() const { return unfit_; }

 private:
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;
  // A command that waits; the timer ends the wait, by deadline or by cancel.
  struct Waiting {
    explicit Waiting(const Executor& executor) : timer(executor) {}
    Timer timer;
    bool ended = false;  // answered, or failed
    std::optional<RedisReply> reply;
  };
  // One open stream and its buffers, which outlive the operations on them.
  struct Link {
    std::unique_ptr<RedisStream> stream;
    RedisReader reader;
    std::string outgoing, sending;
    std::array<char, 16UZ * 1024> incoming;
    std::deque<std::shared_ptr<Waiting>> waiting;  // in the order sent
    bool writing = false, reading = false, flush_due = false;
  };

  Awaitable<bool> connected(Deadline deadline);
  Awaitable<void> attempt(Deadline deadline);
  Awaitable<std::expected<void, std::string>> greet(std::shared_ptr<Link> link, Deadline deadline);
  [[nodiscard]] std::string where() const { return at_.printable(); }
  Awaitable<void> wait_for_change(Deadline deadline);
  void changed();
  void failed(std::string why);
  void flush(const std::shared_ptr<Link>& link);
  void read(const std::shared_ptr<Link>& link);
  void received(const std::shared_ptr<Link>& link, boost::system::error_code error,
                std::size_t size);
  void broken(std::shared_ptr<Link> link, std::string_view why);
  void log(std::string_view text) const;

  boost::asio::io_context& context_;
  std::shared_ptr<RedisTraffic> traffic_;
  std::shared_ptr<Link> link_;
  RedisAddress at_;  // of the link, or of the last attempt
  bool connecting_ = false;
  std::vector<std::weak_ptr<Timer>> changes_;  // who waits for a change of the above
  int failures_ = 0;                           // in a row
  std::string last_failure_;
  bool unfit_ = false;
  Deadline next_attempt_{};
  std::minstd_rand random_;
};

}  // namespace budget::ledger
