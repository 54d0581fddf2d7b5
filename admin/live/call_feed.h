// From calls as they pass to events: bounded, and on a thread of its own.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/background.h"
#include "admin/call_watcher.h"
#include "admin/live/event_bus.h"
#include "admin/view.h"

namespace budget::admin {

// Publishes usage_record for calls that ended or were refused, and
// budget_update for the counters they touched, at most four times a second
// each. Where more happens than `per_turn_max` at a time, the rest is counted
// and told as a number. Without subscribers a call costs one load.
class CallFeed {
 public:
  static constexpr std::chrono::milliseconds turn_every{250};
  static constexpr std::size_t records_per_turn_max = 50;
  static constexpr std::size_t refusals_per_turn_max = 50;
  static constexpr std::size_t counters_per_turn_max = 1'000;

  CallFeed(EventBus& bus, ViewSource view, const policy::Clock& clock,
           Background::OnError on_error);
  ~CallFeed();
  CallFeed(const CallFeed&) = delete;
  CallFeed& operator=(const CallFeed&) = delete;

  // Any thread; never block.
  void touched(const policy::Plan& plan, const std::vector<policy::CounterState>& states);
  void ended(const ledger::UsageRecord& record);
  void refused(const RefusedCall& call);
  // Makes what has gathered into events, as its thread does. For tests.
  bool turn();
  // Ends the thread.
  void close();

 private:
  struct Touched {
    std::string policy_id;
    policy::CounterRef counter;
    policy::CounterState state;
  };
  struct Refused {
    std::string request_id, component, provider, model, code, message;
    policy::Time at;
    std::int64_t calls = 0;
  };
  struct Gathered {
    std::vector<ledger::UsageRecord> records;
    std::int64_t records_omitted = 0;
    std::map<std::string, Touched> counters;  // by the counter's key
    std::map<std::string, Refused> refusals;  // by who was refused what, and why
    std::int64_t refusals_omitted = 0;
  };

  [[nodiscard]] bool watched() const { return bus_.watched(Topic::updates); }
  // REQUIRES: mutex_ is held. True: the thread has to be woken.
  bool note_work();
  void publish_records(Gathered& gathered);
  void publish_refusals(const Gathered& gathered);
  void publish_counters(const Gathered& gathered);

  EventBus& bus_;
  ViewSource view_;
  const policy::Clock& clock_;
  std::mutex mutex_;
  Gathered gathered_;
  bool asleep_ = true;                      // under the mutex
  std::unique_ptr<Background> background_;  // the last member: it uses the others
};

}  // namespace budget::admin
