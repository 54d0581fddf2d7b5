// What every ledger must do: one suite, run against each of them.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/ledger/ledger.h"

namespace budget::ledger {

// A ledger and what a test may do to it from outside.
class LedgerUnderTest {
 public:
  virtual ~LedgerUnderTest() = default;
  virtual Ledger& ledger() = 0;
  // Kills it without warning and starts it again at `now`.
  virtual void crash(Time now) = 0;
  // Everything recorded, by request id.
  virtual std::vector<UsageRecord> records() = 0;
};

struct LedgerMaker {
  std::string name;
  std::function<std::unique_ptr<LedgerUnderTest>()> make;
  std::uint64_t histories = 2000;  // how many random ones it plays, unless told
  friend void PrintTo(const LedgerMaker& maker, std::ostream* out) { *out << maker.name; }
};

class LedgerContract : public testing::TestWithParam<LedgerMaker> {};

// The model as a ledger under test.
[[nodiscard]] LedgerMaker model_maker();

// Runs one operation to its end on this thread.
template <class T>
Result<T> run(Async<T> operation) {
  static thread_local boost::asio::io_context context{1};
  std::optional<Result<T>> result;
  boost::asio::co_spawn(context, std::move(operation),
                        [&result](const std::exception_ptr& error, Result<T> value) {
                          if (error) std::rethrow_exception(error);
                          result = std::move(value);
                        });
  context.restart();
  context.run();
  return std::move(*result);
}

// Shorthands for tests.
[[nodiscard]] Time at(std::int64_t milliseconds);
[[nodiscard]] Amount amount(std::int64_t cost, std::int64_t input = 0, std::int64_t output = 0);
[[nodiscard]] CounterRef counter(const std::string& name);
[[nodiscard]] CounterRef rolling_counter(const std::string& name, std::chrono::seconds window);
[[nodiscard]] policy::Limits cost_limit(std::int64_t nano_usd);
[[nodiscard]] HoldLine line(CounterRef ref, const Amount& held, policy::Limits limits = {},
                            policy::Enforcement enforcement = policy::Enforcement::room);
[[nodiscard]] UsageRecord usage_record(const std::string& id, const Amount& used, Time admitted);
// A hold of `held` on one or more lines, with a lease of a minute.
[[nodiscard]] ReserveRequest call(const std::string& id, std::vector<HoldLine> lines, Time now,
                                  const std::string& allocation_id = "");

}  // namespace budget::ledger
