// Alerts that calls give rise to, noticed as they pass.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "admin/alerts/alert.h"
#include "admin/call_watcher.h"

namespace budget::admin {

// Runs on the workers. A call that crosses nothing costs a few multiplications
// for each of its limits, and takes no lock.
class CallAlerts {
 public:
  static constexpr std::size_t thresholds_max = 32;

  CallAlerts(AlertSink& sink, const policy::Clock& clock) : sink_(sink), clock_(clock) {}

  // Of a limit, in parts per million; more than thresholds_max are left out.
  // Any thread.
  void set_thresholds(const std::vector<std::int64_t>& thresholds_ppm);

  void settled(const SettledCall& call);
  void refused(const RefusedCall& call);
  void drifted(std::string_view provider, std::string_view model, std::int64_t counted,
               std::int64_t told);
  void store_failed(ledger::LedgerError error);

 private:
  // Whether `what` is noticed for the first time in a while.
  bool first(const std::string& what, policy::Time now, std::chrono::milliseconds pause);

  AlertSink& sink_;
  const policy::Clock& clock_;
  std::array<std::atomic<std::int64_t>, thresholds_max> thresholds_{};
  std::atomic<std::size_t> thresholds_count_{0};
  std::atomic<std::int64_t> store_failed_at_{0};
  std::mutex mutex_;
  std::map<std::string, policy::Time> seen_;    // and until when it is not to be said again
  std::map<std::string, std::int64_t> drifts_;  // of each model, in this hour
  std::int64_t drift_hour_ = 0;
};

}  // namespace budget::admin
