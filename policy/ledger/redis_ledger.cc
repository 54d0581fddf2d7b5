#include "policy/ledger/redis_ledger.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <random>
#include <utility>

#include "policy/ledger/redis_clock.h"
#include "policy/ledger/redis_connection.h"
#include "policy/ledger/redis_scripts.h"
#include "policy/ledger/redis_workers.h"

namespace budget::ledger {
namespace {

namespace asio = boost::asio;

// Holds and allocations that one script ends at most, so that no call waits
// long for another's leases.
constexpr std::int64_t kSweptAtOnceMax = 100;
// How often a refused call has more lapsed holds charged before it is judged
// for good.
constexpr int kSweepsForACallMax = 16;

bool valid_name_space(const std::string& name) {
  return !name.empty() && name.find_first_of("{} \r\n") == std::string::npos;
}

// Tells one settlement from another of the same id.
std::string new_token() {
  static thread_local std::mt19937_64 random(std::random_device{}());
  const std::uint64_t bits = random();
  return {reinterpret_cast<const char*>(&bits), sizeof(bits)};
}

RedisConnection::Awaitable<void> pause_until(Deadline deadline) {
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>,
                                           RedisConnection::Executor>;
  constexpr asio::as_tuple_t<asio::use_awaitable_t<RedisConnection::Executor>> token{};
  const auto executor = co_await asio::this_coro::executor;
  Timer timer(executor, deadline);
  // As a command that is out: not to be cancelled.
  co_await timer.async_wait(asio::bind_cancellation_slot(asio::cancellation_slot(), token));
}

// Whether Redis answers; with what time it has, so that the first period is
// already named by its clock.
RedisConnection::Awaitable<bool> answers(std::shared_ptr<RedisConnection> connection,
                                         Deadline deadline, RedisClock& clock) {
  std::string question = redis_command({"TIME"});
  // The connection is made first, lest its greeting count as time under way.
  std::string ping = redis_command({"PING"});
  const auto greeted = co_await connection->send(std::move(ping), deadline);
  if (!greeted) co_return false;
  const Time sent = RedisClock::local();
  const auto reply = co_await connection->send(std::move(question), deadline);
  if (!reply) co_return false;
  const std::int64_t seconds = reply->value().at(0).integer();
  const std::int64_t micros = reply->value().at(1).integer();
  if (seconds > 0) {
    clock.saw(Time(std::chrono::milliseconds(seconds * 1000 + micros / 1000)), sent,
              RedisClock::local());
  }
  co_return true;
}

}  // namespace

class RedisLedger::Core {
 public:
  explicit Core(RedisOptions from)
      : options(std::move(from)),
        traffic(std::make_shared<RedisTraffic>()),
        leases("{" + options.name_space + "}:leases"),
        scripts({options.calls_remembered, options.usage_retention, options.edit_script}) {
    traffic->address = options.address;
    traffic->connect_timeout = options.connect_timeout;
    traffic->log = options.log;
    traffic->on_other_server = options.on_other_server;
    format = {options.time, options.usage_retention, kSweptAtOnceMax};
  }

  // By the clock that callers read.
  [[nodiscard]] Time now() const { return options.clock ? options.clock->now() : clock.now(); }

  // One command, answered; sent again while its outcome is unknown.
  Async<RedisReply> command(std::string words);
  // A script's reply; what it says is wrong becomes the error.
  Async<RedisReply> run(Script script, std::string request);

  const RedisOptions options;
  const std::shared_ptr<RedisTraffic> traffic;
  const std::shared_ptr<const RedisLife> life = std::make_shared<RedisLife>();
  const std::string leases;
  const Scripts scripts;
  RequestFormat format;
  RedisClock clock;
  std::atomic<std::int64_t> scripts_sent{0}, overruns{0}, lapsed{0};

 private:
  // `tells_time`: the second element of the answer is the server's time.
  Async<RedisReply> exchange(std::string words, Deadline deadline, bool tells_time);
  void saw(RedisValue reply, Time sent) {
    if (reply.size() < 2 || options.time != TimeSource::redis) return;
    const Time server{std::chrono::milliseconds(reply.at(1).integer())};
    if (server > Time()) clock.saw(server, sent, RedisClock::local());
  }
};

Async<RedisReply> RedisLedger::Core::exchange(std::string words, Deadline deadline,
                                              bool tells_time) {
  const auto executor = co_await asio::this_coro::executor;
  bool unknown = false;
  for (;;) {
    const auto connection =
        asio::use_service<RedisWorkers>(executor.context()).connection_of(life, traffic);
    const Time sent = RedisClock::local();
    auto reply = co_await connection->send(words, deadline);
    if (!reply) {
      unknown |= reply.error() == RedisFailure::unknown;
      const bool again =
          reply.error() == RedisFailure::unknown && std::chrono::steady_clock::now() < deadline;
      if (again) continue;
      co_return std::unexpected(unknown ? LedgerError::timeout : LedgerError::unavailable);
    }
    const RedisValue value = reply->value();
    const std::string_view text = value.is_error() ? value.text() : std::string_view();
    if (tells_time) saw(value, sent);
    if (const auto elsewhere = connection->elsewhere(text); elsewhere.again) {
      const Deadline look_again = std::chrono::steady_clock::now() + elsewhere.pause;
      if (look_again >= deadline) {
        co_return std::unexpected(unknown ? LedgerError::timeout : LedgerError::unavailable);
      }
      if (elsewhere.pause.count() > 0) co_await pause_until(look_again);
      continue;
    }
    co_return std::move(*reply);
  }
}

Async<RedisReply> RedisLedger::Core::command(std::string words) {
  co_return co_await exchange(std::move(words),
                              std::chrono::steady_clock::now() + options.command_timeout, false);
}

Async<RedisReply> RedisLedger::Core::run(Script script, std::string request) {
  const Deadline deadline = std::chrono::steady_clock::now() + options.command_timeout;
  auto reply = co_await exchange(
      redis_command({"EVALSHA", scripts.sha(script), "1", leases, request}), deadline, true);
  if (reply && reply->value().is_error() && reply->value().text().starts_with("NOSCRIPT")) {
    // A new server, or one whose scripts were flushed: sending the text once
    // makes it known to all.
    scripts_sent.fetch_add(1, std::memory_order_relaxed);
    reply = co_await exchange(redis_command({"EVAL", scripts.text(script), "1", leases, request}),
                              deadline, true);
  }
  if (!reply) co_return reply;
  const RedisValue value = reply->value();
  if (value.is_error()) {
    if (options.log) options.log("Redis refused: " + std::string(value.text()));
    co_return std::unexpected(value.text().starts_with("OOM") ? LedgerError::storage_full
                                                              : LedgerError::unavailable);
  }
  if (const auto error = error_in(value)) co_return std::unexpected(*error);
  co_return reply;
}

std::expected<std::unique_ptr<RedisLedger>, std::string> RedisLedger::open(RedisOptions options) {
  if (!valid_name_space(options.name_space)) {
    return std::unexpected("a namespace in Redis must not be empty nor hold braces or spaces");
  }
  auto tls = make_redis_tls(options.address);
  if (!tls) return std::unexpected(std::move(tls.error()));
  auto core = std::make_shared<Core>(std::move(options));
  core->traffic->tls = std::move(*tls);
  core->traffic->directory = std::make_shared<RedisDirectory>(
      core->options.address, core->traffic->tls, core->options.topology, core->options.name_space);
  asio::io_context loop{1};
  const auto connection = std::make_shared<RedisConnection>(loop, core->traffic);
  const Deadline deadline = std::chrono::steady_clock::now() + core->options.connect_timeout;
  bool answered = false;
  asio::co_spawn(loop, answers(connection, deadline, core->clock),
                 [&answered](const std::exception_ptr& error, bool yes) {
                   if (error) std::rethrow_exception(error);
                   answered = yes;
                 });
  loop.run();
  connection->abandon();
  if (!answered && (core->options.must_be_reachable || connection->server_unfit())) {
    return std::unexpected(connection->last_failure());
  }
  return std::unique_ptr<RedisLedger>(new RedisLedger(std::move(core)));
}

RedisLedger::RedisLedger(std::shared_ptr<Core> core) : core_(std::move(core)) {}
RedisLedger::~RedisLedger() = default;

const policy::Clock& RedisLedger::clock() const {
  return core_->clock;
}

RedisStats RedisLedger::stats() const {
  const RedisTraffic& traffic = *core_->traffic;
  RedisStats stats;
  stats.connects = traffic.connects;
  stats.breaks = traffic.breaks;
  stats.timeouts = traffic.timeouts;
  stats.rejected = traffic.rejected;
  stats.scripts_sent = core_->scripts_sent;
  stats.overruns = core_->overruns;
  stats.lapsed = core_->lapsed;
  stats.clock_ahead_ms = core_->clock.offset_ms();
  return stats;
}

Async<ReserveOutcome> RedisLedger::reserve(ReserveRequest request) {
  const std::string packed = core_->format.reserve(request);
  for (int sweeps = 0;; ++sweeps) {
    const auto reply = co_await core_->run(Script::reserve, packed);
    if (!reply) co_return std::unexpected(reply.error());
    ReserveReply said = reserve_reply(reply->value());
    const bool again = said.outcome.shortfall && said.more && sweeps < kSweepsForACallMax;
    if (!again) co_return std::move(said.outcome);
  }
}

Async<ReserveOutcome> RedisLedger::extend(std::string id, Amount amount, Time lease_until) {
  auto reply = co_await core_->run(Script::extend,
                                   core_->format.extend(id, amount, core_->now(), lease_until));
  if (reply) co_return reserve_reply(reply->value()).outcome;
  // Only new calls have an answer to a full memory of their own.
  const bool full = reply.error() == LedgerError::storage_full;
  co_return std::unexpected(full ? LedgerError::unavailable : reply.error());
}

Async<SettleOutcome> RedisLedger::settle(UsageRecord record) {
  const auto reply = co_await core_->run(Script::settle, core_->format.settle(record, new_token()));
  if (!reply) co_return std::unexpected(reply.error());
  SettleOutcome outcome = settle_reply(reply->value());
  if (outcome.overrun != Amount{}) core_->overruns.fetch_add(1, std::memory_order_relaxed);
  co_return outcome;
}

Async<bool> RedisLedger::release(std::string id) {
  const auto reply = co_await core_->run(Script::release, core_->format.release(id, core_->now()));
  if (!reply) co_return std::unexpected(reply.error());
  co_return true;
}

Async<std::size_t> RedisLedger::reap_all(Time now, bool all) {
  const std::string packed = core_->format.reap(now, all);
  std::size_t count = 0;
  for (;;) {
    const auto reply = co_await core_->run(Script::reap, packed);
    if (!reply) co_return std::unexpected(reply.error());
    const std::int64_t some = reply->value().at(2).integer();
    count += static_cast<std::size_t>(some);
    core_->lapsed.fetch_add(some, std::memory_order_relaxed);
    if (reply->value().at(3).integer() == 0) co_return count;
  }
}

Async<std::size_t> RedisLedger::reap(Time now) {
  co_return co_await reap_all(now, false);
}

Async<std::size_t> RedisLedger::lapse_all(Time now) {
  co_return co_await reap_all(now, true);
}

Async<bool> RedisLedger::record(UsageRecord record, std::vector<CounterRef> lines) {
  const auto reply = co_await core_->run(Script::record, core_->format.record(record, lines));
  if (reply) co_return reply->value().at(0).text() == "recorded";
  const bool full = reply.error() == LedgerError::storage_full;
  co_return std::unexpected(full ? LedgerError::unavailable : reply.error());
}

Async<ReserveOutcome> RedisLedger::allocate(AllocateRequest request) {
  const std::string packed = core_->format.allocate(request);
  for (int sweeps = 0;; ++sweeps) {
    const auto reply = co_await core_->run(Script::allocate, packed);
    if (!reply) co_return std::unexpected(reply.error());
    ReserveReply said = reserve_reply(reply->value());
    const bool again = said.outcome.shortfall && said.more && sweeps < kSweepsForACallMax;
    if (!again) co_return std::move(said.outcome);
  }
}

Async<AllocationState> RedisLedger::allocation(std::string id) {
  const auto reply =
      co_await core_->run(Script::allocation, core_->format.allocation(id, core_->now(), false));
  if (!reply) co_return std::unexpected(reply.error());
  co_return allocation_reply(std::move(id), reply->value());
}

Async<AllocationState> RedisLedger::release_allocation(std::string id) {
  const auto reply =
      co_await core_->run(Script::allocation, core_->format.allocation(id, core_->now(), true));
  if (!reply) co_return std::unexpected(reply.error());
  co_return allocation_reply(std::move(id), reply->value());
}

Async<std::vector<CounterState>> RedisLedger::read(std::vector<CounterRef> counters, Time now) {
  const auto reply = co_await core_->run(Script::read, core_->format.read(counters, now));
  if (!reply) co_return std::unexpected(reply.error());
  co_return read_reply(reply->value());
}

Async<bool> RedisLedger::ping() {
  const auto reply = co_await core_->command(redis_command({"PING"}));
  if (!reply) co_return std::unexpected(reply.error());
  co_return !reply->value().is_error();
}

Async<RedisLedger::RecordPlace> RedisLedger::find_record(std::string id) {
  const auto reply = co_await core_->run(Script::find, core_->format.find(id, core_->now()));
  if (!reply) co_return std::unexpected(reply.error());
  co_return RecordPlace{std::string(reply->value().at(2).text()),
                        std::string(reply->value().at(3).text())};
}

Async<RedisReply> RedisLedger::command(std::string words) {
  co_return co_await core_->command(std::move(words));
}

std::string RedisLedger::prefix() const {
  return "{" + core_->options.name_space + "}:";
}

}  // namespace budget::ledger
