// What a call costs in the ledger behind Redis, beside a bare round trip and
// the embedded ledger: one client, one after the other, in one run.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/ledger/redis_under_test.h"

namespace budget::ledger {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kCalls = 5'000;

struct Times {
  std::vector<double> us;
  void add(Clock::time_point begun) {
    us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  }
  void print(const char* what) {
    std::ranges::sort(us);
    std::printf("%-28s p50 %7.1f us   p99 %7.1f us\n", what, us[us.size() / 2],
                us[us.size() * 99 / 100]);
  }
};

struct Figures {
  Times ping, reserve, settle;
};

boost::asio::awaitable<void, boost::asio::io_context::executor_type> make_calls(Ledger& ledger,
                                                                                RedisLedger* redis,
                                                                                Figures& figures) {
  for (int i = 0; i < kCalls; ++i) {
    const std::string id = "01J0123456789-" + std::to_string(i);
    const Time now = policy::SystemClock().now();
    std::vector<HoldLine> lines;
    for (const char* name : {"everybody/daily-cap", "team/monthly"}) {
      lines.push_back(
          line(counter(name), amount(1'000'000, 800, 400), cost_limit(1'000'000'000'000'000)));
    }
    auto request = call(id, std::move(lines), now);
    auto record = usage_record(id, amount(600'000, 790, 123), now);
    if (redis) {
      const auto begun = Clock::now();
      if (!co_await redis->ping()) std::abort();
      figures.ping.add(begun);
    }
    const auto reserving = Clock::now();
    if (!co_await ledger.reserve(std::move(request))) std::abort();
    figures.reserve.add(reserving);
    const auto settling = Clock::now();
    if (!co_await ledger.settle(std::move(record))) std::abort();
    figures.settle.add(settling);
  }
}

void measure(Ledger& ledger, RedisLedger* redis, Figures& figures) {
  boost::asio::io_context loop{1};
  boost::asio::co_spawn(loop, make_calls(ledger, redis, figures),
                        [](const std::exception_ptr& error) {
                          if (error) std::rethrow_exception(error);
                        });
  loop.run();
}

// What limits many calls at once: calls a second, and how busy Redis is.
boost::asio::awaitable<void, boost::asio::io_context::executor_type> make_some(RedisLedger& ledger,
                                                                               int first,
                                                                               int count) {
  for (int i = first; i < first + count; ++i) {
    const std::string id = "many-" + std::to_string(i);
    const Time now = policy::SystemClock().now();
    std::vector<HoldLine> lines;
    for (const char* name : {"everybody/daily-cap", "team/monthly"}) {
      lines.push_back(
          line(counter(name), amount(1'000'000, 800, 400), cost_limit(1'000'000'000'000'000)));
    }
    auto request = call(id, std::move(lines), now);
    if (!co_await ledger.reserve(std::move(request))) std::abort();
    auto record = usage_record(id, amount(600'000, 790, 123), now);
    if (!co_await ledger.settle(std::move(record))) std::abort();
  }
}

double cpu_seconds(RedisServer& server) {
  double sum = 0;
  const RedisReply reply = server.ask({"INFO", "cpu"});
  const std::string text(reply.value().text());
  for (const char* name : {"used_cpu_sys:", "used_cpu_user:"}) {
    sum += std::atof(text.c_str() + text.find(name) + std::strlen(name));
  }
  return sum;
}

void measure_many(RedisLedger& ledger, RedisServer& server, int at_once) {
  constexpr int kEach = 250;
  static int first = 0;
  boost::asio::io_context loop{1};
  const double busy = cpu_seconds(server);
  const auto begun = Clock::now();
  for (int i = 0; i < at_once; ++i, first += kEach) {
    boost::asio::co_spawn(loop, make_some(ledger, first, kEach),
                          [](const std::exception_ptr& error) {
                            if (error) std::rethrow_exception(error);
                          });
  }
  loop.run();
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  std::printf("Redis, %3d calls at once       %7.0f calls/s, Redis busy for %3.0f %% of the time\n",
              at_once, at_once * kEach / seconds, (cpu_seconds(server) - busy) / seconds * 100);
}

int run_all() {
  RedisServer server({"--appendfsync", "everysec"});
  RedisOptions options = options_for(server);
  options.time = TimeSource::redis;
  const auto redis = *RedisLedger::open(options);
  TemporaryFolder folder;
  EmbeddedOptions embedded_options;
  embedded_options.path = folder.path();
  const auto embedded = *EmbeddedLedger::open(embedded_options);
  Figures here, there;
  measure(*redis, redis.get(), there);
  measure(*embedded, nullptr, here);
  there.ping.print("Redis, PING");
  there.reserve.print("Redis, reserve, 2 lines");
  there.settle.print("Redis, settle, 2 lines");
  here.reserve.print("embedded, reserve, 2 lines");
  here.settle.print("embedded, settle, 2 lines");
  for (const int at_once : {1, 16, 128}) measure_many(*redis, server, at_once);
  const RedisReply stats = server.ask({"INFO", "commandstats"});
  const std::string_view text = stats.value().text();
  const std::size_t at = text.find("cmdstat_evalsha:");
  std::printf("%.*s\n", static_cast<int>(text.find('\r', at) - at), text.data() + at);
  return 0;
}

}  // namespace
}  // namespace budget::ledger

int main() {
  return budget::ledger::run_all();
}
