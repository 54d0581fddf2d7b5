// Events to whoever watches, as they happen.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/events.h"

namespace budget::admin {

[[nodiscard]] std::optional<Topic> topic_named(std::string_view name);

// Keeps the latest events of each topic in a ring of which every subscriber
// reads at its own pace: a slow one costs nothing and loses the oldest. Ids
// grow over all topics, also over restarts, for they are at least the time in
// microseconds. Thread-safe.
class EventBus final : public EventSink {
  struct Ring;

 public:
  struct Bounds {
    std::size_t events_max = 4'096;  // of a topic
    std::size_t bytes_max = std::size_t{8} << 20;
  };
  // So long after the last subscriber has gone events are still kept, so that
  // one who comes back misses nothing.
  static constexpr std::chrono::minutes linger{5};

  explicit EventBus(const policy::Clock& clock);
  EventBus(const policy::Clock& clock, Bounds bounds);
  ~EventBus() override;
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;

  void publish(Event event) override;

  // Whether `topic` has a subscriber, or had one lately. One load, for those to
  // ask to whom making an event costs something; what they leave out, a
  // subscriber who resumes is told to have missed.
  [[nodiscard]] bool watched(Topic topic) const;
  // Ends the lingering where its time is over. To be called now and again.
  void tidy();

  struct Taken {
    std::shared_ptr<const std::string> message;  // null: nothing new
    std::int64_t missed = 0;  // events that were lost before it; -1: nobody knows how many
    std::int64_t id = 0;      // all up to this id has been taken
  };

  // One reader's place in a ring. Must not outlive the bus.
  class Subscriber {
   public:
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;
    // The next event's message. When there is none, the next one wakes.
    Taken take();

   private:
    friend class EventBus;
    Subscriber(EventBus& bus, Ring& ring, std::function<void()> wake);
    EventBus& bus_;
    Ring& ring_;
    std::function<void()> wake_;
    std::uint64_t position_ = 0;
    bool gap_ = false;
    bool waiting_ = false;
  };
  // `after`: the last id that the reader has; nullopt: from now on. `wake` is
  // called on the publisher's thread, under the bus's lock.
  std::unique_ptr<Subscriber> subscribe(Topic topic, std::optional<std::int64_t> after,
                                        std::function<void()> wake);

  struct Stats {
    std::int64_t subscribers = 0;
    std::int64_t published = 0;
    std::int64_t missed = 0;  // events that were gone before a subscriber took them
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Entry {
    std::int64_t id;
    std::shared_ptr<const std::string> message;
  };
  struct Ring {
    std::deque<Entry> entries;
    std::uint64_t first = 0;  // position of entries.front()
    std::size_t bytes = 0;
    std::int64_t lost_until = 0;  // events of ids up to this one may be lost
    std::vector<Subscriber*> subscribers;
    policy::Time linger_until;
    std::atomic<bool> watched{false};
  };

  std::int64_t next_id();
  void unsubscribe(Subscriber& subscriber);

  const policy::Clock& clock_;
  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::array<Ring, 4> rings_;
  std::int64_t last_id_ = 0;
  Stats stats_;
};

}  // namespace budget::admin
