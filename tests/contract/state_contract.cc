#include "tests/contract/state_contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

namespace budget::admin {
namespace {

using std::chrono::milliseconds;

class StateContract : public testing::TestWithParam<StateKind> {
 protected:
  void SetUp() override {
    under_test_ = GetParam().make();
    ASSERT_TRUE(under_test_);
  }

  StateStore& store() { return under_test_->store(); }
  StateStore& replica() { return under_test_->replica(); }
  std::string body_of(const std::string& collection, const std::string& id) {
    const auto item = store().get(collection, id);
    if (!item) return "(unavailable)";
    return *item ? (**item).body : "(none)";
  }

  std::unique_ptr<StateUnderTest> under_test_;
};

INSTANTIATE_TEST_SUITE_P(Every, StateContract, testing::ValuesIn(state_kinds()),
                         [](const auto& info) { return info.param.name; });

// Runs `work` on that many threads at the same time.
void together(std::size_t threads, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < threads; ++i) all.emplace_back(work, i);
  for (std::thread& each : all) each.join();
}

TEST_P(StateContract, KeepsWhatWasLastPutAndCountsItsVersions) {
  EXPECT_EQ(store().get("budgets", "team").value(), std::nullopt);
  EXPECT_EQ(store().put("budgets", "team", R"({"a":1})", std::nullopt).value(), 1);
  EXPECT_EQ(store().put("budgets", "team", R"({"a":2})", std::nullopt).value(), 2);
  EXPECT_EQ(store().get("budgets", "team").value(), (StateItem{"team", R"({"a":2})", 2}));
  EXPECT_EQ(replica().get("budgets", "team").value(), (StateItem{"team", R"({"a":2})", 2}));
  EXPECT_EQ(store().get("policies", "team").value(), std::nullopt);
}

TEST_P(StateContract, WritesOnlyOverTheVersionThatIsExpected) {
  EXPECT_EQ(store().put("a", "x", "1", 1).error(), StateError::conflict);
  EXPECT_EQ(store().put("a", "x", "1", 0).value(), 1);
  EXPECT_EQ(store().put("a", "x", "2", 0).error(), StateError::conflict);
  EXPECT_EQ(store().put("a", "x", "2", 2).error(), StateError::conflict);
  EXPECT_EQ(body_of("a", "x"), "1");
  EXPECT_EQ(store().put("a", "x", "2", 1).value(), 2);
  EXPECT_EQ(store().put("a", "x", "3", 1).error(), StateError::conflict);
  EXPECT_EQ(body_of("a", "x"), "2");
}

TEST_P(StateContract, ErasesOnlyTheVersionThatIsExpectedAndBeginsAgainAtOne) {
  EXPECT_FALSE(store().erase("a", "x", std::nullopt).value());
  EXPECT_FALSE(store().erase("a", "x", 3).value());
  ASSERT_TRUE(store().put("a", "x", "1", std::nullopt));
  ASSERT_TRUE(store().put("a", "x", "2", std::nullopt));
  EXPECT_EQ(store().erase("a", "x", 1).error(), StateError::conflict);
  EXPECT_EQ(body_of("a", "x"), "2");
  EXPECT_TRUE(store().erase("a", "x", 2).value());
  EXPECT_EQ(body_of("a", "x"), "(none)");
  EXPECT_EQ(store().put("a", "x", "3", 0).value(), 1);
  EXPECT_TRUE(store().erase("a", "x", std::nullopt).value());
  EXPECT_TRUE(store().list("a").value().empty());
}

TEST_P(StateContract, ListsOneCollectionSortedByIdWhateverTheIdsAndBodies) {
  const std::vector<std::pair<std::string, std::string>> items = {
      {"team/daily-cap", "slash"}, {"{tag}:x", ""},      {"a b*?%[1]", std::string(1 << 20, 'x')},
      {"\xc3\xa9t\xc3\xa9", "é"},  {"10", "\"quoted\""}, {"9", R"({"a":"\u0000\n"})"}};
  std::set<std::string> ids;
  for (const auto& [id, body] : items) {
    ids.insert(id);
    ASSERT_TRUE(store().put("things", id, body, 0));
  }
  ASSERT_TRUE(store().put("other", "0", "not listed", 0));
  const auto listed = store().list("things").value();
  ASSERT_EQ(listed.size(), items.size());
  auto expected = ids.begin();
  for (const StateItem& item : listed) {
    EXPECT_EQ(item.id, *expected++);
    const auto& [id, body] = *std::find_if(
        items.begin(), items.end(), [&item](const auto& each) { return each.first == item.id; });
    EXPECT_TRUE(item.body == body) << id;
    EXPECT_EQ(item.version, 1) << id;
  }
}

TEST_P(StateContract, ReadsALogForwardsAndBackwards) {
  EXPECT_TRUE(store().read_after("audit", 0, 10).value().empty());
  EXPECT_TRUE(store().read_before("audit", std::nullopt, 10).value().empty());
  std::vector<StateEntry> lines;
  for (const char* body : {"one", "two", "three", "four", "five"}) {
    const auto sequence = store().append("audit", body, 100);
    ASSERT_TRUE(sequence);
    if (!lines.empty()) EXPECT_GT(*sequence, lines.back().sequence);
    lines.push_back({*sequence, body});
    ASSERT_TRUE(store().append("messages", "another log", 100));
  }
  using Lines = std::vector<StateEntry>;
  EXPECT_EQ(replica().read_after("audit", 0, 100).value(), lines);
  EXPECT_EQ(store().read_after("audit", lines[1].sequence, 2).value(), (Lines{lines[2], lines[3]}));
  EXPECT_TRUE(store().read_after("audit", lines[4].sequence, 2).value().empty());
  EXPECT_EQ(store().read_before("audit", std::nullopt, 2).value(), (Lines{lines[4], lines[3]}));
  EXPECT_EQ(store().read_before("audit", lines[2].sequence, 9).value(),
            (Lines{lines[1], lines[0]}));
  EXPECT_TRUE(store().read_before("audit", lines[0].sequence, 9).value().empty());
}

TEST_P(StateContract, KeepsALogsLatestLinesAndItsCount) {
  std::int64_t last = 0;
  for (int i = 0; i < 500; ++i) {
    const auto sequence = store().append("audit", std::to_string(i), 10);
    ASSERT_TRUE(sequence);
    EXPECT_GT(*sequence, last);
    last = *sequence;
  }
  const auto lines = store().read_before("audit", std::nullopt, 1000).value();
  ASSERT_GE(lines.size(), 10U);
  EXPECT_LE(lines.size(), 200U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].body, std::to_string(499 - i));
  }
}

TEST_P(StateContract, GivesAClaimToOneUntilItsTime) {
  const policy::Time until = under_test_->now() + milliseconds(200);
  std::mutex mutex;
  int won = 0;
  together(8, [&](std::size_t i) {
    const auto mine = (i % 2 ? store() : replica()).claim("prices", until);
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(mine.has_value());
    if (mine.value_or(false)) ++won;
  });
  EXPECT_EQ(won, 1);
  EXPECT_TRUE(store().claim("alert team/daily-cap 80%", until).value());
  under_test_->pass(milliseconds(250));
  const policy::Time later = under_test_->now() + milliseconds(60'000);
  EXPECT_TRUE(replica().claim("prices", later).value());
  EXPECT_FALSE(store().claim("prices", later).value());
}

TEST_P(StateContract, LosesNoWriteOfManyThatCompareVersions) {
  ASSERT_TRUE(store().put("a", "counter", "0", 0));
  constexpr int each = 20;
  together(4, [&](std::size_t thread) {
    StateStore& mine = thread % 2 ? store() : replica();
    for (int done = 0; done < each;) {
      const auto item = mine.get("a", "counter");
      ASSERT_TRUE(item && *item);
      const auto put =
          mine.put("a", "counter", std::to_string(std::stoi((**item).body) + 1), (**item).version);
      if (put) ++done;
      if (!put) ASSERT_EQ(put.error(), StateError::conflict);
    }
  });
  EXPECT_EQ(body_of("a", "counter"), std::to_string(4 * each));
  EXPECT_EQ((**store().get("a", "counter")).version, 4 * each + 1);
}

TEST_P(StateContract, GivesEveryLineOfManyWritersASequenceOfItsOwn) {
  together(4, [&](std::size_t thread) {
    StateStore& mine = thread % 2 ? store() : replica();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(mine.append("audit", std::to_string(thread), 1000));
  });
  const auto lines = store().read_after("audit", 0, 1000).value();
  ASSERT_EQ(lines.size(), 80U);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_GT(lines[i].sequence, lines[i - 1].sequence);
  }
}

// Collects what a listener is told, for as long as anyone may tell it.
struct Heard {
  std::mutex mutex;
  std::condition_variable more;
  std::vector<std::pair<std::string, std::string>> changes;

  static std::shared_ptr<Heard> on(StateStore& store) {
    auto heard = std::make_shared<Heard>();
    store.listen([heard](const StateChange& change) {
      const std::lock_guard lock(heard->mutex);
      heard->changes.emplace_back(change.name, change.id);
      heard->more.notify_all();
    });
    return heard;
  }
  // "Everything may have changed" is as good as the change itself.
  bool waits_for(const std::string& name, const std::string& id) {
    std::unique_lock lock(mutex);
    return more.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
        return change.first.empty() || change == std::pair(name, id);
      });
    });
  }
};

TEST_P(StateContract, TellsEveryListenerOfEveryWriteHereAndElsewhere) {
  const auto first = Heard::on(store());
  const auto second = Heard::on(store());
  ASSERT_TRUE(store().put("budgets", "team", "1", 0));
  ASSERT_TRUE(replica().put("keys", "k1", "1", 0));
  ASSERT_TRUE(replica().erase("budgets", "team", std::nullopt));
  ASSERT_TRUE(replica().append("messages", "hello", 10));
  for (const auto& heard : {first, second}) {
    EXPECT_TRUE(heard->waits_for("budgets", "team"));
    EXPECT_TRUE(heard->waits_for("keys", "k1"));
    EXPECT_TRUE(heard->waits_for("messages", ""));
  }
}

TEST_P(StateContract, StillHasAllWhenItIsOpenedAgain) {
  ASSERT_TRUE(store().put("a", "x", "1", 0));
  ASSERT_TRUE(store().put("a", "x", "2", 1));
  const std::int64_t sequence = store().append("audit", "line", 10).value();
  const policy::Time until = under_test_->now() + milliseconds(600'000);
  ASSERT_TRUE(store().claim("mine", until).value());
  under_test_->reopen();
  EXPECT_EQ(store().get("a", "x").value(), (StateItem{"x", "2", 2}));
  EXPECT_EQ(store().read_after("audit", 0, 10).value(),
            (std::vector<StateEntry>{{sequence, "line"}}));
  EXPECT_GT(store().append("audit", "next", 10).value(), sequence);
  EXPECT_FALSE(store().claim("mine", until).value());
}

}  // namespace
}  // namespace budget::admin
