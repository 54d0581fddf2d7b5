#include "admin/live/event_bus.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/utf8.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

constexpr std::array<std::string_view, 4> topics{"updates", "alerts", "allocations", "prices"};

// Without its end, where the id goes that is known under the lock only.
std::string beginning_of(const Event& event) {
  boost::json::object object{{"type", event.type},
                             {"topic", name_of(event.topic)},
                             {"data", event.data},
                             {"timestamp", policy::rfc3339(event.timestamp)}};
  std::string text = repaired_utf8(boost::json::serialize(object));
  text.pop_back();
  text += ",\"id\":";
  return text;
}

}  // namespace

std::string_view name_of(Topic topic) {
  return topics.at(static_cast<std::size_t>(topic));
}

std::optional<Topic> topic_named(std::string_view name) {
  const auto* const found = std::find(topics.begin(), topics.end(), name);
  if (found == topics.end()) return std::nullopt;
  return static_cast<Topic>(found - topics.begin());
}

EventBus::EventBus(const policy::Clock& clock) : EventBus(clock, Bounds{}) {}

EventBus::EventBus(const policy::Clock& clock, Bounds bounds) : clock_(clock), bounds_(bounds) {
  last_id_ = next_id();
  // What was before this process, nobody here knows.
  for (Ring& ring : rings_) ring.lost_until = last_id_;
}

EventBus::~EventBus() = default;

std::int64_t EventBus::next_id() {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(clock_.now().time_since_epoch());
  return std::max<std::int64_t>(last_id_ + 1, now.count());
}

void EventBus::publish(Event event) {
  std::string text = beginning_of(event);
  const std::lock_guard lock(mutex_);
  last_id_ = next_id();
  text += std::to_string(last_id_);
  text += '}';
  Ring& ring = rings_.at(static_cast<std::size_t>(event.topic));
  ring.bytes += text.size();
  ring.entries.push_back({last_id_, std::make_shared<const std::string>(std::move(text))});
  ++stats_.published;
  while (ring.entries.size() > bounds_.events_max ||
         (ring.bytes > bounds_.bytes_max && ring.entries.size() > 1)) {
    ring.bytes -= ring.entries.front().message->size();
    ring.lost_until = ring.entries.front().id;
    ring.entries.pop_front();
    ++ring.first;
  }
  for (Subscriber* subscriber : ring.subscribers) {
    if (std::exchange(subscriber->waiting_, false)) subscriber->wake_();
  }
}

bool EventBus::watched(Topic topic) const {
  return rings_.at(static_cast<std::size_t>(topic)).watched.load(std::memory_order_relaxed);
}

void EventBus::tidy() {
  const policy::Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  for (Ring& ring : rings_) {
    if (ring.subscribers.empty() && ring.linger_until <= now) ring.watched = false;
  }
}

std::unique_ptr<EventBus::Subscriber> EventBus::subscribe(Topic topic,
                                                          std::optional<std::int64_t> after,
                                                          std::function<void()> wake) {
  Ring& ring = rings_.at(static_cast<std::size_t>(topic));
  std::unique_ptr<Subscriber> subscriber(new Subscriber(*this, ring, std::move(wake)));
  const std::lock_guard lock(mutex_);
  // While nobody watched, not everything was published.
  if (!ring.watched.exchange(true)) ring.lost_until = last_id_;
  subscriber->position_ = ring.first + ring.entries.size();
  if (after) {
    const auto next = std::ranges::upper_bound(ring.entries, *after, {},
                                               [](const Entry& entry) { return entry.id; });
    subscriber->position_ = ring.first + static_cast<std::uint64_t>(next - ring.entries.begin());
    subscriber->gap_ = *after < ring.lost_until;
  }
  ring.subscribers.push_back(subscriber.get());
  ++stats_.subscribers;
  return subscriber;
}

void EventBus::unsubscribe(Subscriber& subscriber) {
  const std::lock_guard lock(mutex_);
  std::erase(subscriber.ring_.subscribers, &subscriber);
  subscriber.ring_.linger_until = clock_.now() + linger;
  --stats_.subscribers;
}

EventBus::Stats EventBus::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

EventBus::Subscriber::Subscriber(EventBus& bus, Ring& ring, std::function<void()> wake)
    : bus_(bus), ring_(ring), wake_(std::move(wake)) {}

EventBus::Subscriber::~Subscriber() {
  bus_.unsubscribe(*this);
}

EventBus::Taken EventBus::Subscriber::take() {
  const std::lock_guard lock(bus_.mutex_);
  Taken taken;
  if (std::exchange(gap_, false)) taken.missed = -1;
  if (position_ < ring_.first) {
    const auto missed = static_cast<std::int64_t>(ring_.first - position_);
    bus_.stats_.missed += missed;
    if (taken.missed == 0) taken.missed = missed;
    position_ = ring_.first;
  }
  const std::uint64_t at = position_ - ring_.first;
  if (at < ring_.entries.size()) {
    const Entry& entry = ring_.entries[at];
    taken.message = entry.message;
    taken.id = entry.id;
    ++position_;
  } else {
    taken.id = bus_.last_id_;
    waiting_ = true;
  }
  return taken;
}

}  // namespace budget::admin
