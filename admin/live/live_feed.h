// The live feed as a whole: the bus, what fills it, and who may watch.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "admin/call_watcher.h"
#include "admin/live/call_feed.h"
#include "admin/live/event_bus.h"
#include "admin/live/live_watch.h"
#include "admin/live/team_chat.h"
#include "admin/state/state_store.h"
#include "admin/view.h"

namespace budget::admin {

// Thread-safe. All that it is given outlives it.
class LiveFeed {
 public:
  LiveFeed(const policy::Clock& clock, const ViewSource& view, StateStore& state,
           Background::OnError on_error)
      : bus_(clock), chat_(state, bus_), calls_(bus_, view, clock, std::move(on_error)) {}

  [[nodiscard]] EventBus& events() { return bus_; }
  [[nodiscard]] TeamChat& chat() { return chat_; }
  [[nodiscard]] CallFeed& calls() { return calls_; }
  [[nodiscard]] std::vector<MetricFamily> metrics() const;
  // Ends its thread.
  void close() { calls_.close(); }

 private:
  EventBus bus_;
  TeamChat chat_;
  CallFeed calls_;
};

}  // namespace budget::admin
