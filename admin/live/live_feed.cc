#include "admin/live/live_feed.h"

namespace budget::admin {

std::vector<MetricFamily> LiveFeed::metrics() const {
  const EventBus::Stats stats = bus_.stats();
  return {{"budget_live_watchers",
           "Watchers of the live feed",
           "gauge",
           {{"budget_live_watchers", "", stats.subscribers}}},
          {"budget_live_events_total",
           "Events published to the live feed",
           "counter",
           {{"budget_live_events_total", "", stats.published}}},
          {"budget_live_events_missed_total",
           "Events that were gone before a slow watcher read them",
           "counter",
           {{"budget_live_events_missed_total", "", stats.missed}}}};
}

}  // namespace budget::admin
