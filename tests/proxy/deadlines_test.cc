#include "proxy/net/deadlines.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace budget::net {
namespace {

using std::chrono::steady_clock;

class Recorder final : public Deadlines::Entry {
 public:
  using Entry::Entry;
  int fired = 0;
  int ticks = 0;
  std::vector<std::unique_ptr<Recorder>>* destroys = nullptr;

 private:
  void on_deadline() override {
    ++fired;
    if (destroys) destroys->clear();
  }
  void on_tick() override { ++ticks; }
};

class DeadlinesTest : public ::testing::Test {
 protected:
  // Runs the loop until `condition` holds; false when it takes too long.
  template <class Condition>
  bool run_until(Condition condition) {
    const auto end = steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && steady_clock::now() < end) io_.run_one_for(Deadlines::tick);
    return condition();
  }

  void SetUp() override { deadlines_.start(); }
  void TearDown() override { deadlines_.stop(); }

  boost::asio::io_context io_{1};
  Deadlines deadlines_{io_};
};

TEST_F(DeadlinesTest, FireOnceWhenTheirTimeHasCome) {
  Recorder due(deadlines_);
  Recorder later(deadlines_);
  Recorder other(deadlines_);
  due.arm(steady_clock::now());
  later.arm(steady_clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(run_until([&] { return due.fired > 0; }));
  other.arm(steady_clock::now());
  EXPECT_TRUE(run_until([&] { return other.fired > 0; }));
  EXPECT_EQ(due.fired, 1);
  EXPECT_EQ(later.fired, 0);
}

TEST_F(DeadlinesTest, DoNotFireOnceDisarmed) {
  Recorder disarmed(deadlines_);
  Recorder due(deadlines_);
  disarmed.arm(steady_clock::now());
  disarmed.disarm();
  due.arm(steady_clock::now());
  EXPECT_TRUE(run_until([&] { return due.fired > 0; }));
  EXPECT_EQ(disarmed.fired, 0);
}

TEST_F(DeadlinesTest, TickWhileTheyAreWatched) {
  Recorder watched(deadlines_);
  Recorder unwatched(deadlines_);
  watched.watch(true);
  EXPECT_TRUE(run_until([&] { return watched.ticks >= 2; }));
  EXPECT_EQ(unwatched.ticks, 0);
}

TEST_F(DeadlinesTest, MayDestroyOthersWhileTheyFire) {
  // A sweep looks at the newest first: those behind it in line go away under it.
  std::vector<std::unique_ptr<Recorder>> doomed;
  for (int i = 0; i < 3; ++i) {
    doomed.push_back(std::make_unique<Recorder>(deadlines_));
    doomed.back()->arm(steady_clock::now());
  }
  Recorder first(deadlines_);
  first.destroys = &doomed;
  first.arm(steady_clock::now());
  EXPECT_TRUE(run_until([&] { return first.fired > 0; }));
  EXPECT_TRUE(doomed.empty());
}

}  // namespace
}  // namespace budget::net
