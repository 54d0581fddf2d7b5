#include "admin/alerts/alert_settings.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <utility>

namespace budget::admin {
namespace {

constexpr std::string_view item = "settings";
constexpr std::size_t thresholds_max = 16;
constexpr double whole_ppm = 1'000'000;

std::optional<std::int64_t> ppm_of(const json::value& value) {
  double share = -1;
  if (value.is_double()) share = value.get_double();
  if (value.is_int64()) share = static_cast<double>(value.get_int64());
  if (!(share > 0 && share <= 10)) return std::nullopt;
  return std::llround(share * whole_ppm);
}

std::optional<std::vector<std::int64_t>> read_thresholds(const json::value& value) {
  if (!value.is_array() || value.get_array().size() > thresholds_max) return std::nullopt;
  std::vector<std::int64_t> all;
  for (const json::value& each : value.get_array()) {
    const auto ppm = ppm_of(each);
    if (!ppm) return std::nullopt;
    all.push_back(*ppm);
  }
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

std::optional<ChannelSetting> read_channel(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  ChannelSetting setting;
  for (const auto& [name, each] : value.get_object()) {
    if (name == "enabled" && each.is_bool()) {
      setting.enabled = each.get_bool();
    } else if (name == "min_severity" && each.is_string()) {
      const auto severity = severity_named(std::string_view(each.get_string()));
      if (!severity) return std::nullopt;
      setting.least = *severity;
    } else {
      return std::nullopt;
    }
  }
  return setting;
}

}  // namespace

AlertSettings read_alert_settings(Input& input) {
  AlertSettings settings;
  if (const json::value* value = input.raw("thresholds")) {
    settings.thresholds_ppm = read_thresholds(*value);
    if (!settings.thresholds_ppm) {
      input.complain("thresholds", "must be a list of at most 16 shares above 0, such as 0.8");
    }
  }
  if (const json::value* value = input.raw("channels")) {
    const json::object* channels = value->if_object();
    if (!channels || channels->size() > 100) {
      input.complain("channels", "must be an object of settings by a channel's id");
      return settings;
    }
    for (const auto& [id, each] : *channels) {
      const auto setting = read_channel(each);
      if (setting) {
        settings.channels.emplace(std::string(id), *setting);
      } else {
        input.complain("channels", "of '" + std::string(id) +
                                       "' may have enabled (true, false) and min_severity (info, "
                                       "warning, error)");
      }
    }
  }
  return settings;
}

json::object to_json(const AlertSettings& settings) {
  json::object object;
  if (settings.thresholds_ppm) {
    json::array thresholds;
    for (const std::int64_t ppm : *settings.thresholds_ppm) {
      thresholds.push_back(static_cast<double>(ppm) / whole_ppm);
    }
    object["thresholds"] = std::move(thresholds);
  }
  json::object channels;
  for (const auto& [id, setting] : settings.channels) {
    channels[id] =
        json::object{{"enabled", setting.enabled}, {"min_severity", name_of(setting.least)}};
  }
  object["channels"] = std::move(channels);
  return object;
}

AlertSettingsStore::AlertSettingsStore(StateStore& state)
    : state_(state), settings_(std::make_shared<const AlertSettings>()) {
  reload();
}

std::shared_ptr<const AlertSettings> AlertSettingsStore::now() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

StateStore::Result<void> AlertSettingsStore::put(const AlertSettings& settings) {
  const auto put = state_.put(collection, item, json::serialize(to_json(settings)), std::nullopt);
  if (!put) return std::unexpected(put.error());
  const std::lock_guard lock(mutex_);
  settings_ = std::make_shared<const AlertSettings>(settings);
  return {};
}

void AlertSettingsStore::reload() {
  const auto found = state_.get(collection, item);
  if (!found || !*found) return;
  auto input = Input::of_body((*found)->body);
  if (!input) return;
  auto settings = std::make_shared<const AlertSettings>(read_alert_settings(*input));
  const std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
}

}  // namespace budget::admin
