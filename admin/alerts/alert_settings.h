// What of alerts the API may change: thresholds, and which channels get what.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/alerts/alert.h"
#include "admin/alerts/channels.h"
#include "admin/answer.h"
#include "admin/input.h"
#include "admin/state/state_store.h"

namespace budget::admin {

struct ChannelSetting {
  bool enabled = true;
  Severity least = Severity::info;
};

struct AlertSettings {
  std::optional<std::vector<std::int64_t>> thresholds_ppm;      // nullopt: the configuration's
  std::map<std::string, ChannelSetting, std::less<>> channels;  // others: enabled, from info on

  [[nodiscard]] bool wants(std::string_view channel_id, Severity severity) const {
    const auto found = channels.find(channel_id);
    if (found == channels.end()) return true;
    return found->second.enabled && severity >= found->second.least;
  }
};

// Reads {"thresholds":[…]?,"channels":{"ID":{"enabled"?,"min_severity"?}}?};
// what is wrong is noted in `input`.
[[nodiscard]] AlertSettings read_alert_settings(Input& input);
[[nodiscard]] json::object to_json(const AlertSettings& settings);

// The settings in force, kept in the state store. Thread-safe.
class AlertSettingsStore {
 public:
  static constexpr std::string_view collection = "alert_settings";

  explicit AlertSettingsStore(StateStore& state);

  // Does not block.
  [[nodiscard]] std::shared_ptr<const AlertSettings> now() const;
  // These block.
  StateStore::Result<void> put(const AlertSettings& settings);
  void reload();

 private:
  StateStore& state_;
  mutable std::mutex mutex_;
  std::shared_ptr<const AlertSettings> settings_;
};

}  // namespace budget::admin
