#include "admin/alerts/alerts.h"

#include <boost/json/parse.hpp>
#include <utility>

#include "admin/time_text.h"

namespace budget::admin {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds idle = std::chrono::hours(1);
constexpr milliseconds store_away = std::chrono::seconds(5);
constexpr std::size_t raised_max = 10'000;

}  // namespace

Alerts::Alerts(const policy::Clock& clock, StateStore& state, EventSink& events,
               Deliveries::Parts delivery_parts)
    : clock_(clock),
      state_(state),
      configured_(delivery_parts.channels),
      book_(state),
      settings_(state),
      deliveries_(std::move(delivery_parts)),
      tail_(state, std::string(AlertBook::log), [this, &events](const StateEntry& entry) {
        boost::system::error_code error;
        json::value value = json::parse(entry.body, error);
        if (error || !value.is_object()) return;
        events.publish(
            {Topic::alerts, "budget_alert", std::move(value.get_object()), clock_.now()});
      }) {}

Alerts::~Alerts() {
  close();
}

void Alerts::start(const Background::OnError& on_error) {
  background_ = std::make_unique<Background>([this] { return turn(); }, on_error);
  deliveries_.start(on_error);
}

void Alerts::close() {
  background_.reset();
  deliveries_.close();
}

std::vector<std::int64_t> Alerts::thresholds_ppm() const {
  const auto settings = settings_.now();
  return settings->thresholds_ppm ? *settings->thresholds_ppm : configured_()->thresholds_ppm;
}

void Alerts::raise(Alert alert) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= waiting_max) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    waiting_.push_back(std::move(alert));
  }
  if (background_) background_->wake();
}

std::vector<json::object> Alerts::raise_now(const std::vector<Alert>& alerts) {
  std::vector<json::object> raised;
  for (const Alert& alert : alerts) {
    json::object told;
    if (keep(alert, told) == Kept::kept) raised.push_back(std::move(told));
  }
  return raised;
}

milliseconds Alerts::turn() {
  while (true) {
    Alert alert;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return idle;
      alert = std::move(waiting_.front());
      waiting_.pop_front();
    }
    json::object told;
    if (keep(alert, told) != Kept::store_away) continue;
    // Kept once the store is back: no alert is lost for its absence.
    const std::lock_guard lock(mutex_);
    waiting_.push_front(std::move(alert));
    return store_away;
  }
}

// Whether this process has raised it, or seen it raised; spares the store a
// question at every call over a limit.
bool Alerts::known(const Alert& alert, policy::Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = raised_.find(alert.once);
  if (found != raised_.end() && found->second > now) return true;
  if (raised_.size() >= raised_max) {
    std::erase_if(raised_, [now](const auto& each) { return each.second <= now; });
    if (raised_.size() >= raised_max) raised_.clear();
  }
  return false;
}

Alerts::Kept Alerts::keep(const Alert& alert, json::object& told) {
  const policy::Time now = clock_.now();
  if (!alert.once.empty()) {
    if (known(alert, now)) return Kept::known;
    const auto mine = state_.claim("alert|" + alert.once, alert.once_until);
    if (!mine) return Kept::store_away;
    {
      const std::lock_guard lock(mutex_);
      raised_[alert.once] = alert.once_until;
    }
    if (!*mine) return Kept::known;
  }
  auto added = book_.add(alert, now);
  // It is claimed and lost to the book only where the store goes away in
  // between; what is left is that it was noticed.
  if (!added) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return Kept::known;
  }
  raised_total_.fetch_add(1, std::memory_order_relaxed);
  std::vector<std::string> wanting;
  const auto settings = settings_.now();
  for (const ChannelInfo& channel : deliveries_.channels()) {
    if (settings->wants(channel.id, alert.severity)) wanting.push_back(channel.id);
  }
  if (!deliveries_.enqueue(*added, wanting)) dropped_.fetch_add(1, std::memory_order_relaxed);
  told = std::move(*added);
  return Kept::kept;
}

std::vector<MetricFamily> Alerts::metrics() const {
  auto families = deliveries_.metrics();
  const auto counter = [](std::string name, std::string help, std::int64_t value) {
    MetricFamily family{name, std::move(help), "counter", {}};
    family.samples.push_back({std::move(name), "", value});
    return family;
  };
  families.push_back(counter("budget_alerts_raised_total", "Alerts that this process raised",
                             raised_total_.load(std::memory_order_relaxed)));
  families.push_back(counter("budget_alerts_dropped_total",
                             "Alerts that could not be kept: too many, or the store failed",
                             dropped_.load(std::memory_order_relaxed)));
  return families;
}

}  // namespace budget::admin
