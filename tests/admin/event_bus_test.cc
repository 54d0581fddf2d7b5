#include "admin/live/event_bus.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <thread>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

Event numbered(int number, Topic topic = Topic::updates) {
  return {topic, "usage_record", {{"number", number}}, policy::Time{}};
}

int number_in(const std::string& message) {
  return static_cast<int>(boost::json::parse(message).at("data").at("number").as_int64());
}

std::int64_t id_in(const std::string& message) {
  return boost::json::parse(message).at("id").as_int64();
}

TEST(EventBus, TellsSubscribersOfATopicWhatHappensAfterTheyCame) {
  const SetClock clock;
  EventBus bus(clock);
  bus.publish(numbered(1));
  int woken = 0;
  const auto subscriber = bus.subscribe(Topic::updates, std::nullopt, [&woken] { ++woken; });
  EXPECT_FALSE(subscriber->take().message);
  bus.publish(numbered(2, Topic::alerts));
  EXPECT_EQ(woken, 0);
  bus.publish(numbered(3));
  bus.publish(numbered(4));
  EXPECT_EQ(woken, 1) << "one who was woken and has not looked is not woken again";
  EXPECT_EQ(number_in(*subscriber->take().message), 3);
  EXPECT_EQ(number_in(*subscriber->take().message), 4);
  EXPECT_FALSE(subscriber->take().message);
  bus.publish(numbered(5));
  EXPECT_EQ(woken, 2);
}

TEST(EventBus, WritesAMessageWithTypeTopicDataTimestampAndId) {
  const SetClock clock;
  EventBus bus(clock);
  const auto subscriber = bus.subscribe(Topic::prices, std::nullopt, [] {});
  bus.publish({Topic::prices, "price_update", {{"model", "gpt-4o\xff"}}, clock.now()});
  const EventBus::Taken taken = subscriber->take();
  ASSERT_TRUE(taken.message);
  const auto message = boost::json::parse(*taken.message);
  EXPECT_EQ(message.at("type").as_string(), "price_update");
  EXPECT_EQ(message.at("topic").as_string(), "prices");
  EXPECT_EQ(message.at("data").at("model").as_string(), "gpt-4o\xef\xbf\xbd");
  EXPECT_EQ(message.at("timestamp").as_string(), "2026-11-24T12:00:00Z");
  EXPECT_EQ(message.at("id").as_int64(), taken.id);
}

TEST(EventBus, ResumesBehindTheLastEventThatAReaderHas) {
  const SetClock clock;
  EventBus bus(clock);
  std::int64_t second = 0;
  {
    const auto first = bus.subscribe(Topic::updates, std::nullopt, [] {});
    for (int i = 1; i <= 2; ++i) bus.publish(numbered(i));
    first->take();
    second = id_in(*first->take().message);
  }
  bus.publish(numbered(3));
  const auto again = bus.subscribe(Topic::updates, second, [] {});
  const EventBus::Taken taken = again->take();
  ASSERT_TRUE(taken.message);
  EXPECT_EQ(number_in(*taken.message), 3);
  EXPECT_EQ(taken.missed, 0);
}

TEST(EventBus, TellsASlowReaderHowManyItMissed) {
  const SetClock clock;
  EventBus bus(clock, {.events_max = 10, .bytes_max = 1 << 20});
  const auto slow = bus.subscribe(Topic::updates, std::nullopt, [] {});
  for (int i = 1; i <= 25; ++i) bus.publish(numbered(i));
  const EventBus::Taken taken = slow->take();
  EXPECT_EQ(taken.missed, 15);
  EXPECT_EQ(number_in(*taken.message), 16);
  EXPECT_EQ(slow->take().missed, 0);
  EXPECT_EQ(bus.stats().missed, 15);
}

TEST(EventBus, KeepsNoMoreThanItsBytes) {
  const SetClock clock;
  EventBus bus(clock, {.events_max = 1000, .bytes_max = 10'000});
  const auto slow = bus.subscribe(Topic::updates, std::nullopt, [] {});
  for (int i = 0; i < 100; ++i) {
    bus.publish(
        {Topic::updates, "usage_record", {{"number", i}, {"text", std::string(900, 'x')}}, {}});
  }
  const EventBus::Taken taken = slow->take();
  EXPECT_GE(taken.missed, 89);
  EXPECT_LT(taken.missed, 95);
}

TEST(EventBus, TellsOfAGapWhatCameBeforeItWasMade) {
  const SetClock clock;
  std::int64_t before = 0;
  {
    EventBus bus(clock);
    const auto subscriber = bus.subscribe(Topic::alerts, std::nullopt, [] {});
    bus.publish(numbered(1, Topic::alerts));
    before = subscriber->take().id;
  }
  SetClock later;
  later.time += std::chrono::minutes(1);
  EventBus bus(later);
  const auto subscriber = bus.subscribe(Topic::alerts, before, [] {});
  EXPECT_EQ(subscriber->take().missed, -1);
  bus.publish(numbered(2, Topic::alerts));
  const EventBus::Taken taken = subscriber->take();
  EXPECT_EQ(taken.missed, 0);
  EXPECT_GT(taken.id, before) << "ids grow over a restart";
}

TEST(EventBus, IsWatchedUntilAWhileAfterTheLastSubscriberHasGone) {
  SetClock clock;
  EventBus bus(clock);
  EXPECT_FALSE(bus.watched(Topic::updates));
  std::int64_t last = 0;
  {
    const auto subscriber = bus.subscribe(Topic::updates, std::nullopt, [] {});
    EXPECT_TRUE(bus.watched(Topic::updates));
    EXPECT_FALSE(bus.watched(Topic::prices));
    last = subscriber->take().id;
  }
  bus.tidy();
  EXPECT_TRUE(bus.watched(Topic::updates));
  clock.time += EventBus::linger;
  bus.tidy();
  EXPECT_FALSE(bus.watched(Topic::updates));
  // What happened now was perhaps not published.
  bus.publish(numbered(1, Topic::alerts));
  const auto again = bus.subscribe(Topic::updates, last, [] {});
  EXPECT_EQ(again->take().missed, -1);
}

TEST(EventBus, LosesNothingBetweenPublishersAndAReaderThatKeepsUp) {
  const SetClock clock;
  EventBus bus(clock, {.events_max = 100'000, .bytes_max = std::size_t{1} << 26});
  std::atomic<bool> woken{false};
  const auto subscriber = bus.subscribe(Topic::updates, std::nullopt, [&woken] { woken = true; });
  constexpr int each = 2'000;
  std::vector<std::thread> publishers;
  for (int thread = 0; thread < 3; ++thread) {
    publishers.emplace_back([&bus] {
      for (int i = 0; i < each; ++i) bus.publish(numbered(i));
    });
  }
  int seen = 0;
  std::int64_t last = 0;
  while (seen < 3 * each) {
    const EventBus::Taken taken = subscriber->take();
    if (!taken.message) {
      while (!woken.exchange(false)) std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(taken.missed, 0);
    EXPECT_GT(taken.id, last);
    last = taken.id;
    ++seen;
  }
  for (std::thread& publisher : publishers) publisher.join();
}

}  // namespace
}  // namespace budget::admin
