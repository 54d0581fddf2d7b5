#include "policy/ledger/redis_exchange.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace budget::ledger {
namespace {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<steady_clock, asio::wait_traits<steady_clock>, Executor>;
using Signature = void(boost::system::error_code, std::size_t);
constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kToken{};

// What an operation under way uses; it may outlive the coroutine.
struct Buffers {
  std::string outgoing;
  std::array<char, 16UZ * 1024> incoming;
};

template <class Handler>
RedisStream::Done done_with(Handler handler, std::shared_ptr<Buffers> buffers) {
  auto shared = std::make_shared<Handler>(std::move(handler));
  return [shared, buffers = std::move(buffers)](boost::system::error_code error, std::size_t size) {
    (*shared)(error, size);
  };
}

}  // namespace

RedisAwaitable<std::vector<RedisReply>> ask_redis(RedisStream& stream, RedisReader& reader,
                                                  std::vector<std::string> commands,
                                                  Deadline deadline) {
  const Executor executor = co_await asio::this_coro::executor;
  const auto buffers = std::make_shared<Buffers>();
  for (const std::string& words : commands) buffers->outgoing += words;
  Timer timer(executor, deadline);
  const auto live = std::make_shared<RedisStream*>(&stream);
  timer.async_wait([live](boost::system::error_code error) {
    if (!error && *live) (*live)->close();
  });
  struct Ended {
    RedisStream*& stream;
    ~Ended() { stream = nullptr; }
  };
  const Ended ended{*live};
  const auto [unwritten, written] = co_await asio::async_initiate<decltype(kToken), Signature>(
      [&stream, buffers](auto handler) {
        stream.write(buffers->outgoing, done_with(std::move(handler), buffers));
      },
      kToken);
  if (unwritten) co_return std::unexpected(unwritten.message());
  std::vector<RedisReply> replies;
  while (replies.size() < commands.size()) {
    auto reply = reader.next();
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    if (*reply) {
      const RedisValue value = (*reply)->value();
      if (value.is_error()) co_return std::unexpected(std::string(value.text()));
      replies.push_back(std::move(**reply));
      continue;
    }
    const auto [unread, size] = co_await asio::async_initiate<decltype(kToken), Signature>(
        [&stream, buffers](auto handler) {
          stream.read_some(buffers->incoming, done_with(std::move(handler), buffers));
        },
        kToken);
    if (unread) {
      co_return std::unexpected(steady_clock::now() >= deadline ? "no answer in time"
                                                                : unread.message());
    }
    reader.feed({buffers->incoming.data(), size});
  }
  co_return replies;
}

}  // namespace budget::ledger
