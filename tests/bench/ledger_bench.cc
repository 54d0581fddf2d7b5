// What a call costs in the ledger: reserve and settle, journal on.
#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "policy/ledger/embedded_ledger.h"
#include "tests/contract/ledger_contract.h"
#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {
namespace {

std::unique_ptr<TemporaryFolder> folder;
std::unique_ptr<EmbeddedLedger> ledger;

void open_ledger(const benchmark::State&) {
  folder = std::make_unique<TemporaryFolder>();
  EmbeddedOptions options;
  // On a real disk when one is named: fdatasync is free in memory.
  const char* disk = std::getenv("BUDGET_BENCH_FOLDER");
  options.path = disk ? std::string(disk) + folder->path() : folder->path();
  auto opened = EmbeddedLedger::open(std::move(options));
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().c_str());
    std::abort();
  }
  ledger = std::move(*opened);
}

void close_ledger(const benchmark::State&) {
  ledger->abandon();
  ledger.reset();
  folder.reset();
}

UsageRecord plausible_record(const std::string& id, const Amount& used, Time now) {
  UsageRecord record = usage_record(id, used, now);
  record.caller.component = "apollo";
  record.caller.task_type = "summarise";
  record.caller.key_id = "key-0123456789";
  record.requested_model = record.model;
  record.price_id = "simulated/model-a@2026-11-01";
  record.upstream_request_id = "req_0123456789abcdef";
  return record;
}

// The calls of one thread, one after the other, as a worker makes them.
boost::asio::awaitable<void, boost::asio::io_context::executor_type> make_calls(
    benchmark::State& state, int lines) {
  const std::string thread = std::to_string(state.thread_index());
  std::vector<HoldLine> template_lines;
  for (int i = 0; i < lines; ++i) {
    // One counter that all share, and others that are the thread's own.
    const std::string name =
        i == 0 ? "everybody/daily-cap" : "team-" + thread + "/policy-" + std::to_string(i);
    template_lines.push_back(
        line(counter(name), amount(1'000'000, 800, 400), cost_limit(1'000'000'000'000'000)));
  }
  std::int64_t n = 0;
  for (auto _ : state) {
    const std::string id = "01J" + thread + "-" + std::to_string(n++) + "-abcdefghij";
    const Time now = at(1'800'000'000'000 + n);
    ReserveRequest request = call(id, template_lines, now);
    request.if_lapsed = plausible_record(id, amount(1'000'000, 800, 400), now);
    auto reserved = co_await ledger->reserve(std::move(request));
    if (!reserved || reserved->shortfall) state.SkipWithError("not reserved");
    UsageRecord record = plausible_record(id, amount(600'000, 790, 123), now);
    auto settled = co_await ledger->settle(std::move(record));
    if (!settled) state.SkipWithError("not settled");
  }
}

void reserve_and_settle(benchmark::State& state) {
  boost::asio::io_context context{1};
  boost::asio::co_spawn(context, make_calls(state, static_cast<int>(state.range(0))),
                        [](const std::exception_ptr& error) {
                          if (error) std::rethrow_exception(error);
                        });
  context.run();
}

// The same without the ledger: what the benchmark itself spends on making ids,
// requests and records.
void making_the_arguments(benchmark::State& state) {
  std::vector<HoldLine> lines;
  for (int i = 0; i < state.range(0); ++i) {
    lines.push_back(line(counter("team/policy-" + std::to_string(i)), amount(1)));
  }
  std::int64_t n = 0;
  for (auto _ : state) {
    const std::string id = "01J0-" + std::to_string(n++) + "-abcdefghij";
    ReserveRequest request = call(id, lines, at(n));
    request.if_lapsed = plausible_record(id, amount(1), at(n));
    benchmark::DoNotOptimize(request);
    UsageRecord record = plausible_record(id, amount(1), at(n));
    benchmark::DoNotOptimize(record);
  }
}

BENCHMARK(making_the_arguments)->Arg(1)->Arg(8);
BENCHMARK(reserve_and_settle)
    ->Arg(1)
    ->Arg(8)
    ->ThreadRange(1, 8)
    ->Setup(open_ledger)
    ->Teardown(close_ledger)
    ->Iterations(100'000)
    ->UseRealTime();

}  // namespace
}  // namespace budget::ledger

BENCHMARK_MAIN();
