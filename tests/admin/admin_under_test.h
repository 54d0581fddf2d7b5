// The admin side on a real ledger in a folder of its own.
#pragma once

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/service.h"
#include "policy/ledger/embedded_ledger.h"

namespace budget::admin {

// The service's threads look at it while a test sets it.
class SetClock final : public policy::Clock {
 public:
  class Instant {
   public:
    Instant& operator=(policy::Time to) {
      ticks_ = to.time_since_epoch().count();
      return *this;
    }
    Instant& operator+=(policy::Time::duration by) {
      ticks_ += by.count();
      return *this;
    }
    operator policy::Time() const { return policy::Time(policy::Time::duration(ticks_)); }

   private:
    std::atomic<policy::Time::rep> ticks_{
        (std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + std::chrono::hours(12))
            .time_since_epoch() /
        policy::Time::duration(1)};
  };

  [[nodiscard]] policy::Time now() const override { return time; }
  Instant time;
};

// An answer with its body read.
struct Told {
  ApiResponse response;
  boost::json::value body;

  [[nodiscard]] const boost::json::value& data() const { return body.at("data"); }
  [[nodiscard]] std::string error() const;  // the code; "" on success
  [[nodiscard]] std::string message() const;
  [[nodiscard]] std::string header(std::string_view name) const;
};

// Budget "team": daily-cap (hard, 1 USD a day), by-component (warn, 1,000
// tokens a day and component), rolling (ignore). Budget "idle": one disabled
// policy about anthropic alone.
class AdminUnderTest {
 public:
  static constexpr std::string_view viewer_key = "viewer-key-of-at-least-32-characters";
  static constexpr std::string_view operator_key = "operator-key-of-at-least-32-characters";
  static constexpr std::string_view admin_key = "admin-key-that-is-at-least-32-characters";

  // With keys of all three roles, or none configured.
  explicit AdminUnderTest(bool configured_keys = true);
  ~AdminUnderTest();

  // The service again, on the same folder.
  void restart();
  // As the admin; `target` may have a query.
  Told ask(std::string method, std::string target, std::string body = "");
  Told ask_with(std::vector<std::pair<std::string, std::string>> headers, std::string method,
                std::string target, std::string body = "");
  // Reserves and, unless it stays open, settles a call of `component`.
  void play_call(const std::string& id, const std::string& component, std::int64_t input,
                 std::int64_t output, std::int64_t cost_nano, bool stays_open = false);
  // Tells the service of a call that was played, as the data plane does.
  void tell_call(const std::string& id, const std::string& component, std::int64_t cost_nano);
  // A record that is an estimate: a hold that lapsed.
  void play_lapsed_call(const std::string& id);

  template <class T>
  T run(boost::asio::awaitable<T, Api::Executor> operation);
  void run_task(boost::asio::awaitable<void, Api::Executor> task);

  SetClock clock;
  // What the file says: of the next restart().
  policy::PolicyConfig file;
  std::shared_ptr<View> view = std::make_shared<View>();
  std::filesystem::path folder;
  // Of the next restart().
  HttpClient* http = nullptr;
  Mailer* mailer = nullptr;
  AlertChannelSource alerts;
  std::vector<MetricFamily> families;
  std::vector<policy::CounterRef> counters;  // all that calls have touched
  std::unique_ptr<ledger::EmbeddedLedger> ledger;
  bool viewer_is_known = true;  // of the next restart()
  StateStore* state = nullptr;  // of the next restart(); null: one in the folder
  std::unique_ptr<Service> service;

 private:
  // The API's budgets into the view, as the program does it.
  void merge();
  // Fills in the record's policies.
  void reserve(ledger::UsageRecord& record, const ledger::Amount& amount);

  bool configured_keys_;
  std::mutex view_mutex_;
};

template <class T>
T AdminUnderTest::run(boost::asio::awaitable<T, Api::Executor> operation) {
  boost::asio::io_context context{1};
  std::optional<T> result;
  boost::asio::co_spawn(context, std::move(operation),
                        [&result](const std::exception_ptr& error, T value) {
                          if (error) std::rethrow_exception(error);
                          result = std::move(value);
                        });
  context.run();
  return std::move(*result);
}

[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace budget::admin
