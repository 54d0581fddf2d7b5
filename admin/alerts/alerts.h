// Alerts as a whole: noticed, raised once, kept, told and sent on.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/alerts/alert.h"
#include "admin/alerts/alert_book.h"
#include "admin/alerts/alert_settings.h"
#include "admin/alerts/deliveries.h"
#include "admin/background.h"
#include "admin/events.h"
#include "admin/live/log_tail.h"

namespace budget::admin {

// Thread-safe. What is raised is kept by a thread of its own: claimed, so that
// it is raised once over all replicas, written to the book, put on its way to
// the channels that want it, and told to the live feed.
class Alerts final : public AlertSink {
 public:
  static constexpr std::size_t waiting_max = 1'000;

  Alerts(const policy::Clock& clock, StateStore& state, EventSink& events,
         Deliveries::Parts delivery_parts);
  ~Alerts() override;
  Alerts(const Alerts&) = delete;
  Alerts& operator=(const Alerts&) = delete;

  void raise(Alert alert) override;
  // The same at once, as far as the store goes: for those who may block. How
  // many of them had not been raised before.
  std::vector<json::object> raise_now(const std::vector<Alert>& alerts);

  [[nodiscard]] AlertBook& book() { return book_; }
  [[nodiscard]] Deliveries& deliveries() { return deliveries_; }
  [[nodiscard]] AlertSettingsStore& settings() { return settings_; }
  // The shares of a limit at which alerts are raised, rising.
  [[nodiscard]] std::vector<std::int64_t> thresholds_ppm() const;
  // Tells the live feed what the book's log has new.
  void tell() { tail_.follow(); }
  [[nodiscard]] std::vector<MetricFamily> metrics() const;

  // Starts and ends its threads.
  void start(const Background::OnError& on_error);
  void close();

 private:
  enum class Kept : std::uint8_t { kept, known, store_away };
  std::chrono::milliseconds turn();
  Kept keep(const Alert& alert, json::object& told);
  bool known(const Alert& alert, policy::Time now);

  const policy::Clock& clock_;
  StateStore& state_;
  AlertChannelSource configured_;
  AlertBook book_;
  AlertSettingsStore settings_;
  Deliveries deliveries_;
  LogTail tail_;
  std::mutex mutex_;
  std::deque<Alert> waiting_;
  // What was raised already, as far as this process knows, and until when.
  std::map<std::string, policy::Time> raised_;
  std::atomic<std::int64_t> raised_total_{0};
  std::atomic<std::int64_t> dropped_{0};
  std::unique_ptr<Background> background_;  // the last member: it uses the others
};

}  // namespace budget::admin
