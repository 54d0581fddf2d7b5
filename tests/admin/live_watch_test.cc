#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <map>
#include <string>
#include <thread>

#include "admin/live/team_chat.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

using Moment = Watch::Moment;
using Headers = std::vector<std::pair<std::string, std::string>>;

Headers viewer() {
  return {{"host", "budget:8013"}, {"x-api-key", std::string(AdminUnderTest::viewer_key)}};
}

struct Watched {
  std::unique_ptr<Watch> watch;
  int refused = 0;
  std::string error;

  // Of the next message; "" when there is none.
  std::string type(Moment now = std::chrono::steady_clock::now()) {
    const auto message = watch->next(now);
    if (!message) return "";
    last = boost::json::parse(*message).as_object();
    return std::string(std::string_view(last.at("type").as_string()));
  }
  boost::json::object last;
};

Watched watch(
    AdminUnderTest& admin, const std::string& path, Headers headers, const std::string& query = "",
    std::function<void()> wake = [] {}) {
  ApiRequest request{"GET", path, query, std::move(headers), ""};
  auto made = admin.run(admin.service->api().watch(std::move(request), std::move(wake)));
  Watched watched;
  if (made) {
    watched.watch = std::move(*made);
  } else {
    watched.refused = made.error().status;
    watched.error = made.error().body;
  }
  return watched;
}

TEST(LiveWatch, BeginsWithAHeartbeatThatSaysWhoWatches) {
  AdminUnderTest admin;
  Watched live = watch(admin, "/ws/budget/updates", viewer());
  ASSERT_TRUE(live.watch) << live.error;
  EXPECT_EQ(live.type(), "heartbeat");
  EXPECT_EQ(live.last.at("data").at("role").as_string(), "viewer");
  EXPECT_GT(live.last.at("id").as_int64(), 0);
  EXPECT_EQ(live.type(), "");
  EXPECT_EQ(live.type(live.watch->due()), "heartbeat");
  EXPECT_FALSE(live.watch->ended());
}

TEST(LiveWatch, RefusesAWrongKeyAnUnknownTopicAndABadId) {
  AdminUnderTest admin;
  EXPECT_EQ(watch(admin, "/ws/budget/updates", {{"x-api-key", std::string(40, 'x')}}).refused, 401);
  EXPECT_EQ(watch(admin, "/ws/budget/nothing", viewer()).refused, 404);
  EXPECT_EQ(watch(admin, "/ws/budget/nothing", {}).refused, 401);
  EXPECT_EQ(watch(admin, "/ws/budget/updates", viewer(), "last_event_id=x").refused, 400);
  EXPECT_EQ(watch(admin, "/ws/budget/updates", viewer(), "since=1").refused, 400);
}

TEST(LiveWatch, TakesTheKeyAsTheFirstMessage) {
  AdminUnderTest admin;
  Watched live = watch(admin, "/ws/budget/alerts", {});
  ASSERT_TRUE(live.watch) << live.error;
  EXPECT_EQ(live.type(), "");
  admin.run_task(live.watch->receive(R"({"type":"auth","token":")" +
                                     std::string(AdminUnderTest::viewer_key) + R"("})"));
  EXPECT_EQ(live.type(), "heartbeat");
  EXPECT_FALSE(live.watch->ended());
}

TEST(LiveWatch, EndsWithoutAKeyInTimeWithAWrongOneOrWithAnotherMessageFirst) {
  AdminUnderTest admin;
  Watched silent = watch(admin, "/ws/budget/updates", {});
  EXPECT_EQ(silent.type(silent.watch->due() - std::chrono::milliseconds(1)), "");
  EXPECT_FALSE(silent.watch->ended());
  EXPECT_EQ(silent.type(silent.watch->due()), "");
  ASSERT_TRUE(silent.watch->ended());
  EXPECT_EQ(silent.watch->ended()->code, 1008);

  Watched wrong = watch(admin, "/ws/budget/updates", {});
  admin.run_task(wrong.watch->receive(R"({"type":"auth","token":"guess"})"));
  EXPECT_EQ(wrong.type(), "error");
  EXPECT_TRUE(wrong.watch->ended());

  Watched other = watch(admin, "/ws/budget/updates", {});
  admin.run_task(other.watch->receive(R"({"type":"team_message","data":{"text":"hello"}})"));
  EXPECT_TRUE(other.watch->ended());
  EXPECT_EQ(admin.ask("GET", "/api/team/messages").body.at("total").as_int64(), 0);
}

TEST(LiveWatch, TellsOfCallsThatEndAndOfTheCountersTheyTouch) {
  AdminUnderTest admin;
  Watched live = watch(admin, "/ws/budget/updates", viewer());
  EXPECT_EQ(live.type(), "heartbeat");
  admin.play_call("r1", "apollo", 100, 10, 250'000'000);
  admin.tell_call("r1", "apollo", 250'000'000);
  std::map<std::string, int> types;
  boost::json::object update;
  // The feed has a thread of its own: what it tells comes soon.
  for (int tries = 0; tries < 5'000 && types["usage_record"] + types["budget_update"] < 4;
       ++tries) {
    const std::string type = live.type();
    if (type.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ++types[type];
    if (type == "budget_update" && live.last.at("data").at("policy").as_string() == "daily-cap") {
      update = live.last;
    }
  }
  EXPECT_EQ(types["usage_record"], 1);
  EXPECT_EQ(types["budget_update"], 3);
  EXPECT_EQ(update.at("data").at("spent_nano").as_int64(), 250'000'000);
  EXPECT_EQ(update.at("data").at("budget_id").as_string(), "team");
}

TEST(LiveWatch, CarriesTheTeamsChatBothWays) {
  AdminUnderTest admin;
  const Headers headers{{"x-api-key", std::string(AdminUnderTest::operator_key)}};
  Watched first = watch(admin, "/ws/budget/updates", headers);
  Watched second = watch(admin, "/ws/budget/updates", viewer());
  EXPECT_EQ(first.type(), "heartbeat");
  EXPECT_EQ(second.type(), "heartbeat");
  admin.run_task(first.watch->receive(R"({"type":"team_message","data":{"text":"ship it"}})"));
  for (Watched* watched : {&first, &second}) {
    std::string type;
    for (int tries = 0; tries < 5'000 && type.empty(); ++tries) {
      type = watched->type();
      if (type.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(type, "team_message");
    EXPECT_EQ(watched->last.at("data").at("text").as_string(), "ship it");
    EXPECT_EQ(watched->last.at("data").at("author").as_string(), "o");
  }
  const Told told = admin.ask("GET", "/api/team/messages");
  EXPECT_EQ(told.body.at("total").as_int64(), 1);
  EXPECT_EQ(told.body.at("items").at(0).at("text").as_string(), "ship it");
  // A viewer reads.
  admin.run_task(second.watch->receive(R"({"type":"team_message","data":{"text":"me too"}})"));
  EXPECT_EQ(second.type(), "error");
  EXPECT_EQ(second.last.at("data").at("code").as_string(), "authorization_error");
}

TEST(LiveWatch, AnswersWhatItDoesNotUnderstandAndEndsWithWhoKeepsOn) {
  AdminUnderTest admin;
  Watched live = watch(admin, "/ws/budget/updates", viewer());
  EXPECT_EQ(live.type(), "heartbeat");
  for (const char* text : {"", "[]", "{}", R"({"type":7})", R"({"type":"subscribe"})",
                           R"({"type":"team_message"})", R"({"type":"auth","token":"again"})"}) {
    admin.run_task(live.watch->receive(text));
    EXPECT_EQ(live.type(), "error") << text;
  }
  EXPECT_FALSE(live.watch->ended());
  for (int i = 0; i < 20; ++i) admin.run_task(live.watch->receive("{}"));
  for (int i = 0; i < 20; ++i) live.type();
  EXPECT_TRUE(live.watch->ended());
}

TEST(LiveWatch, ResumesAndTellsOfAGap) {
  AdminUnderTest admin;
  Watched live = watch(admin, "/ws/budget/updates", viewer(), "last_event_id=17");
  EXPECT_EQ(live.type(), "gap");
  EXPECT_TRUE(live.last.at("data").at("missed").is_null());
  EXPECT_EQ(live.type(), "heartbeat");
}

TEST(TeamMessages, AreKeptInOrderAndCheckedLikeAnyBody) {
  AdminUnderTest admin;
  EXPECT_EQ(admin.ask("POST", "/api/team/messages", R"({"text":"one\ntwo"})").response.status, 201);
  EXPECT_EQ(admin.ask("POST", "/api/team/messages", R"({"text":"three"})").response.status, 201);
  for (const char* body : {"{}", R"({"text":""})", R"({"text":" \n "})", R"({"text":7})",
                           R"({"text":"a","author":"root"})", R"({"text":"bell \u0007"})"}) {
    EXPECT_EQ(admin.ask("POST", "/api/team/messages", body).error(), "invalid_request") << body;
  }
  const std::string long_text(TeamChat::text_bytes_max + 1, 'x');
  EXPECT_EQ(admin.ask("POST", "/api/team/messages", R"({"text":")" + long_text + "\"}").error(),
            "invalid_request");
  EXPECT_EQ(admin.ask_with(viewer(), "POST", "/api/team/messages", R"({"text":"x"})").error(),
            "authorization_error");
  const Told told = admin.ask_with(viewer(), "GET", "/api/team/messages?limit=1");
  EXPECT_EQ(told.body.at("total").as_int64(), 2);
  EXPECT_EQ(told.body.at("items").at(0).at("text").as_string(), "three");
  EXPECT_EQ(told.body.at("items").at(0).at("author").as_string(), "a");
}

}  // namespace
}  // namespace budget::admin
