// What happens, as those hear of it who watch: the live feed, and alerts.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

#include "policy/clock.h"

namespace budget::admin {

enum class Topic : std::uint8_t { updates, alerts, allocations, prices };
// "updates", …: the last part of /ws/budget/TOPIC.
[[nodiscard]] std::string_view name_of(Topic topic);

// {"type","topic","data","timestamp"} on the wire, with an id to resume from.
struct Event {
  Topic topic = Topic::updates;
  std::string type;  // budget_update | usage_record | allocation_update | budget_alert |
                     // price_update | team_message
  boost::json::object data;
  policy::Time timestamp;
};

// Seam: where handlers and watchers publish. Thread-safe, never blocks; an
// event that nobody watches costs next to nothing.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void publish(Event event) = 0;
};

}  // namespace budget::admin
