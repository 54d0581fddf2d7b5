// All that notices and raises alerts, in one.
#pragma once

#include <atomic>
#include <memory>

#include "admin/alerts/alerts.h"
#include "admin/alerts/call_alerts.h"
#include "admin/alerts/sweep.h"
#include "admin/background.h"

namespace budget::admin {

// Thread-safe.
class AlertWatch {
 public:
  AlertWatch(SweepParts parts, StateStore& state, EventSink& events,
             Deliveries::Parts delivery_parts);
  ~AlertWatch();
  AlertWatch(const AlertWatch&) = delete;
  AlertWatch& operator=(const AlertWatch&) = delete;

  [[nodiscard]] Alerts& alerts() { return alerts_; }
  [[nodiscard]] CallAlerts& calls() { return calls_; }
  // Looks at everything now, and returns what was raised for it. Blocks.
  std::vector<json::object> check();
  // Takes over thresholds that were changed.
  void refresh();

  void start(const Background::OnError& on_error);
  void close();

 private:
  SweepParts parts_;
  Alerts alerts_;
  CallAlerts calls_;
  int turns_ = 0;                           // of the thread
  std::unique_ptr<Background> background_;  // the last member: it uses the others
};

}  // namespace budget::admin
