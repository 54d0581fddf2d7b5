#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <boost/json/parse.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "admin/alerts/limit_alerts.h"
#include "admin/alerts/message.h"
#include "admin/alerts/sweep.h"
#include "admin/state/sqlite_state_store.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

using pricing::Money;
using pricing::Tokens;
using std::chrono::hours;
using std::chrono::minutes;

policy::Policy daily_cap(std::int64_t limit_nano) {
  policy::Policy policy;
  policy.id = "team/cap";
  policy.name = "cap";
  policy.limits.cost = Money(limit_nano);
  return policy;
}

policy::CounterState spent(std::int64_t nano) {
  policy::CounterState state;
  state.spent.cost = Money(nano);
  state.requests = 1;
  return state;
}

TEST(LimitAlerts, TellTheHighestThresholdThatWasCrossedJustNow) {
  const std::vector<std::int64_t> thresholds{500'000, 900'000, 1'000'000};
  struct Case {
    std::int64_t before, after;
    std::int64_t ppm;  // 0: none
  };
  // Of a limit of 1,000; 800,000 ppm is the policy's own warning threshold.
  for (const Case& each :
       {Case{0, 499, 0}, Case{0, 500, 500'000}, Case{499, 500, 500'000}, Case{500, 501, 0},
        Case{500, 799, 0}, Case{799, 800, 800'000}, Case{800, 899, 0}, Case{899, 900, 900'000},
        Case{0, 999, 900'000}, Case{999, 1000, 1'000'000}, Case{0, 5000, 1'000'000},
        Case{1000, 1001, 0}, Case{0, 0, 0}}) {
    const policy::Amount last{Money(each.after - each.before), Tokens(0), Tokens(0)};
    const auto crossed = reached(daily_cap(1000), thresholds, spent(each.after), &last);
    EXPECT_EQ(crossed ? crossed->ppm : 0, each.ppm) << each.before << " to " << each.after;
  }
}

TEST(LimitAlerts, CountNeitherHoldsNorCallsInFlightAndKnowNoOverflow) {
  const std::vector<std::int64_t> thresholds{500'000};
  policy::Policy policy = daily_cap(std::int64_t{9'000'000'000'000'000'000});
  policy.limits.concurrent = 1;
  policy::CounterState state = spent(4'000'000'000'000'000'000);
  state.reserved.cost = Money(4'000'000'000'000'000'000);
  state.in_flight = 5;
  EXPECT_FALSE(reached(policy, thresholds, state, nullptr));
  state.spent.cost = Money(4'500'000'000'000'000'000);
  ASSERT_TRUE(reached(policy, thresholds, state, nullptr));
}

TEST(LimitAlerts, AreTheSameForARefusalAndASpentLimitOfOnePeriod) {
  const policy::Time now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + hours(12);
  policy::CounterRef counter;
  counter.partition = "component=apollo";
  counter.resets_at = now + hours(12);
  const Alert reached_it =
      alert_of({policy::Unit::cost, 1000, 1000, 1'000'000}, daily_cap(1000), counter, now);
  policy::Denial denial;
  denial.budget = "team";
  denial.policy = "cap";
  denial.partition = "component=apollo";
  denial.resets_at = counter.resets_at;
  const auto refused = alert_of(denial, "refused", now + minutes(1));
  ASSERT_TRUE(refused);
  EXPECT_EQ(reached_it.once, refused->once);
  EXPECT_EQ(reached_it.type, AlertType::budget_exceeded);
  EXPECT_EQ(reached_it.once_until, counter.resets_at);
  denial.unit = policy::Unit::concurrent;
  EXPECT_FALSE(alert_of(denial, "too many at once", now));
}

TEST(LimitAlerts, ForecastTheInstantInTheBudgetsZone) {
  // Monthly, 10 days of 30 have passed, half is spent: it lasts 20 days.
  const policy::Time start = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);
  policy::CounterRef counter;
  counter.window_start = start;
  counter.resets_at = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1);
  const policy::Time now = start + std::chrono::days(10);
  const auto alert = forecast_of(daily_cap(100'000'000'000), "America/New_York", counter,
                                 spent(50'000'000'000), now);
  ASSERT_TRUE(alert);
  EXPECT_NE(alert->message.find("Friday, 2026-11-20 at 19:00 (America/New_York)"),
            std::string::npos)
      << alert->message;
  // Too slow, too early, nothing, all.
  EXPECT_FALSE(forecast_of(daily_cap(100), "UTC", counter, spent(30), now));
  EXPECT_FALSE(forecast_of(daily_cap(100), "UTC", counter, spent(50), start + hours(1)));
  EXPECT_FALSE(forecast_of(daily_cap(100), "UTC", counter, spent(0), now));
  EXPECT_FALSE(forecast_of(daily_cap(100), "UTC", counter, spent(100), now));
}

TEST(UsageAnomaly, IsFarAboveTheComponentsOwnHabit) {
  const std::vector<std::int64_t> habit(100, 1'000'000'000);
  EXPECT_FALSE(compared_to_usual(habit, 168, 1'500'000'000).far_above);
  EXPECT_TRUE(compared_to_usual(habit, 168, 5'000'000'000).far_above);
  // A few cents are no anomaly, however rare.
  EXPECT_FALSE(compared_to_usual({1'000'000}, 168, 50'000'000).far_above);
  const Usual usual = compared_to_usual({2'000, 4'000}, 2, 0);
  EXPECT_EQ(usual.mean, 3'000);
  EXPECT_EQ(usual.deviation, 1'000);
  EXPECT_FALSE(compared_to_usual({}, 0, 1).far_above);
}

TEST(WebhookMessage, IsSignedSoThatItCannotBeSentAgainAnotherDay) {
  const policy::Time now{std::chrono::seconds(1'700'000'000)};
  const auto headers = webhook_headers("whsec", R"({"id":"x"})", "alert_1", now);
  std::string signature;
  for (const auto& [name, value] : headers) {
    if (name == "x-budget-signature") signature = value;
    if (name == "x-budget-event-id") EXPECT_EQ(value, "alert_1");
  }
  // Made with: printf '1700000000.{"id":"x"}' | openssl dgst -sha256 -hmac whsec
  EXPECT_EQ(signature,
            "t=1700000000,v1=53c863f98a429b819c35087cf6e3f9bcad57da8addfbf41135fafcb6ba9ab225");
  EXPECT_EQ(webhook_headers("", "{}", "alert_1", now).size(), 2U);
}

TEST(WebhookMessage, ForSlackIsOneEscapedText) {
  const json::object alert{{"severity", "error"}, {"message", "a<b> & c"}};
  EXPECT_EQ(webhook_body(alert, true), R"({"text":"*Budget error*: a&lt;b&gt; &amp; c"})");
}

TEST(MailMessage, HasEncodedHeadersAndNoLineThatIsTooLong) {
  EmailChannel channel{
      "smtp://localhost", "budget@example.com", {"a@example.com", "b@example.com"}};
  const json::object alert{{"id", "alert_1"},
                           {"type", "threshold"},
                           {"severity", "warning"},
                           {"timestamp", "2026-11-24T12:00:00Z"},
                           {"message", "Budget 'caf\xc3\xa9\r\nBcc: x': " + std::string(300, 'y')}};
  const std::string mail = mail_message(channel, {alert}, policy::Time(std::chrono::seconds(0)));
  EXPECT_NE(mail.find("To: a@example.com, b@example.com\r\n"), std::string::npos);
  EXPECT_NE(mail.find("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"), std::string::npos);
  EXPECT_NE(mail.find("Subject: =?utf-8?B?"), std::string::npos);
  EXPECT_EQ(mail.find("Bcc:"), std::string::npos);
  for (std::size_t at = 0; at < mail.size();) {
    const std::size_t end = mail.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 300U);
    at = end + 2;
  }
  const std::string digest = mail_message(channel, {alert, alert}, {});
  EXPECT_NE(digest.find("Subject: Budget: 2 alerts\r\n"), std::string::npos);
}

// Answers with the statuses it is given, then 200.
class FakeHttp final : public HttpClient {
 public:
  std::expected<HttpAnswer, HttpFailure> fetch(const HttpRequest& request, const OnBody&) override {
    const std::lock_guard lock(mutex);
    requests.push_back(request);
    HttpAnswer answer;
    answer.status = requests.size() <= statuses.size() ? statuses[requests.size() - 1] : 200;
    return answer;
  }
  std::vector<HttpRequest> taken() {
    const std::lock_guard lock(mutex);
    return requests;
  }
  std::mutex mutex;
  std::vector<int> statuses;
  std::vector<HttpRequest> requests;
};

class FakeMailer final : public Mailer {
 public:
  std::expected<void, std::string> send(const Mail& mail) override {
    const std::lock_guard lock(mutex);
    mails.push_back(mail);
    return {};
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return mails.size();
  }
  std::mutex mutex;
  std::vector<Mail> mails;
};

// Until it is so; what is waited for happens on other threads.
bool soon(const std::function<bool()>& so) {
  for (int tries = 0; tries < 10'000; ++tries) {
    if (so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

std::int64_t total(AdminUnderTest& admin, const std::string& target) {
  return admin.ask("GET", target).body.at("total").as_int64();
}

// The service's own sweep may be the one that raises: a moment later than the
// check that found it raised. Noon has come, and most of the day's limit is spent: a forecast is
// raised beside what these tests are about.
TEST(Alerts, AreRaisedOnceForThresholdAndPeriodAndAgainInTheNext) {
  AdminUnderTest admin;
  // 1 USD a day; the warning threshold is at 80 cents.
  admin.play_call("r1", "apollo", 10, 10, 850'000'000);
  admin.tell_call("r1", "apollo", 850'000'000);
  const std::string thresholds = "/api/alerts?type=threshold&policy=team%2Fdaily-cap";
  ASSERT_TRUE(soon([&] { return total(admin, thresholds) == 1; }));
  admin.tell_call("r1", "apollo", 850'000'000);
  admin.ask("POST", "/api/alerts/check");
  EXPECT_TRUE(soon([&] { return total(admin, thresholds) == 1; }));
  const Told list = admin.ask("GET", thresholds);
  const json::value& alert = list.body.at("items").at(0);
  EXPECT_EQ(alert.at("severity").as_string(), "warning");
  EXPECT_EQ(alert.at("budget_id").as_string(), "team");
  EXPECT_EQ(alert.at("details").at("threshold").as_double(), 0.8);
  EXPECT_EQ(alert.at("details").at("spent_nano").as_int64(), 850'000'000);
  admin.restart();
  admin.ask("POST", "/api/alerts/check");
  EXPECT_EQ(total(admin, thresholds), 1) << "a restart forgets nothing";
  admin.clock.time += std::chrono::days(1);
  admin.play_call("r2", "apollo", 10, 10, 850'000'000);
  admin.ask("POST", "/api/alerts/check");
  EXPECT_TRUE(soon([&] { return total(admin, thresholds) == 2; }));
  EXPECT_TRUE(soon([&] { return total(admin, "/api/alerts?type=forecast") == 2; }));
}

TEST(Alerts, AreRaisedByTheSweepForWhatNoCallShowed) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 10, 10, 960'000'000);
  admin.ask("POST", "/api/alerts/check");
  EXPECT_TRUE(soon([&] { return total(admin, "/api/alerts?type=threshold") == 1; }));
}

TEST(Alerts, TellOfARefusalOnce) {
  AdminUnderTest admin;
  policy::Denial denial;
  denial.budget = "team";
  denial.policy = "daily-cap";
  denial.limit = 1'000'000'000;
  denial.resets_at = admin.clock.now() + hours(12);
  const RefusedCall call{.code = "budget_exceeded", .message = "It is spent.", .denial = &denial};
  for (int i = 0; i < 100; ++i) admin.service->calls().refused(call);
  ASSERT_TRUE(soon([&] { return total(admin, "/api/alerts?type=budget_exceeded") > 0; }));
  EXPECT_EQ(total(admin, "/api/alerts"), 1);
}

TEST(Alerts, AreRaisedByOneOfAStoresReplicasAndToldOnAll) {
  std::unique_ptr<StateStore> shared;  // outlives the services
  AdminUnderTest one;
  AdminUnderTest two;
  shared = SqliteStateStore::open((one.folder / "shared.db").string(), one.clock).value();
  for (AdminUnderTest* each : {&one, &two}) {
    each->state = shared.get();
    each->restart();
  }
  ApiRequest request{
      "GET", "/ws/budget/alerts", "", {{"x-api-key", std::string(AdminUnderTest::viewer_key)}}, ""};
  auto watch = two.run(two.service->api().watch(std::move(request), [] {}));
  ASSERT_TRUE(watch.has_value());
  for (AdminUnderTest* each : {&one, &two, &one}) {
    each->service->calls().store_failed(ledger::LedgerError::unavailable);
  }
  ASSERT_TRUE(soon([&] { return total(two, "/api/alerts") == 1; }));
  int told = 0;
  ASSERT_TRUE(soon([&] {
    const auto message = (*watch)->next(std::chrono::steady_clock::now());
    if (message && message->find("budget_alert") != std::string::npos) ++told;
    return told > 0;
  }));
  one.ask("POST", "/api/alerts/check");
  two.ask("POST", "/api/alerts/check");
  EXPECT_EQ(total(one, "/api/alerts"), 1);
  EXPECT_EQ(told, 1);
}

TEST(Alerts, AreAcknowledgedWithWhoWhenAndWhy) {
  AdminUnderTest admin;
  admin.service->calls().store_failed(ledger::LedgerError::unavailable);
  ASSERT_TRUE(soon([&] { return total(admin, "/api/alerts?type=store_failure") == 1; }));
  const Told listed = admin.ask("GET", "/api/alerts");
  const std::string id(std::string_view(listed.body.at("items").at(0).at("id").as_string()));
  const std::string target = "/api/alerts/" + id + "/acknowledge";
  EXPECT_EQ(admin.ask_with({{"x-api-key", std::string(AdminUnderTest::viewer_key)}}, "POST", target)
                .error(),
            "authorization_error");
  EXPECT_EQ(admin.ask("POST", target, R"({"note":7})").error(), "invalid_request");
  EXPECT_EQ(admin.ask("POST", "/api/alerts/none/acknowledge").error(), "resource_not_found");
  const Told done = admin.ask("POST", target, R"({"note":"on it"})");
  EXPECT_EQ(done.data().at("acknowledged_by").as_string(), "a");
  EXPECT_EQ(done.data().at("note").as_string(), "on it");
  // The first stands.
  const Told again = admin.ask_with({{"x-api-key", std::string(AdminUnderTest::operator_key)}},
                                    "POST", target, R"({"note":"me too"})");
  EXPECT_EQ(again.data().at("acknowledged_by").as_string(), "a");
  EXPECT_EQ(total(admin, "/api/alerts?acknowledged=false"), 0);
  EXPECT_EQ(admin.ask("GET", "/api/alerts/" + id).data().at("acknowledged").as_bool(), true);
}

class AlertDelivery : public testing::Test {
 protected:
  void configure() {
    channels->webhooks = {{"https://hooks.example.com/secret/path", "whsec", false}};
    admin.http = &http;
    admin.mailer = &mailer;
    admin.alerts = [this] { return channels; };
    admin.restart();
  }
  std::shared_ptr<AlertChannels> channels = std::make_shared<AlertChannels>();
  FakeHttp http;
  FakeMailer mailer;
  AdminUnderTest admin;
};

TEST_F(AlertDelivery, TriesAgainWithTheSameEventAndThenStops) {
  http.statuses = {500, 503};
  configure();
  admin.service->calls().store_failed(ledger::LedgerError::timeout);
  ASSERT_TRUE(soon([&] { return http.taken().size() == 1; }));
  ASSERT_TRUE(soon([&] {
    const Told told = admin.ask("GET", "/api/alerts/deliveries");
    return told.body.at("items").at(0).at("attempts").as_int64() == 1;
  }));
  const Told waiting = admin.ask("GET", "/api/alerts/deliveries?state=pending");
  EXPECT_EQ(waiting.body.at("items").at(0).at("error").as_string(), "it answered 500");
  // A restart loses nothing, and does not send early.
  admin.restart();
  EXPECT_EQ(http.taken().size(), 1U);
  for (std::size_t tries = 2; tries <= 3; ++tries) {
    admin.clock.time += minutes(1);
    admin.restart();
    ASSERT_TRUE(soon([&] { return http.taken().size() == tries; })) << tries;
    ASSERT_TRUE(soon([&] {
      const Told told = admin.ask("GET", "/api/alerts/deliveries");
      return told.body.at("items").at(0).at("attempts").as_int64() ==
             static_cast<std::int64_t>(tries);
    }));
  }
  EXPECT_EQ(total(admin, "/api/alerts/deliveries?state=delivered"), 1);
  admin.clock.time += hours(10);
  admin.restart();
  const auto requests = http.taken();
  ASSERT_EQ(requests.size(), 3U);
  for (const HttpRequest& request : requests) {
    EXPECT_EQ(request.body, requests[0].body);
    EXPECT_EQ(request.method, "POST");
  }
  const Told channel = admin.ask("GET", "/api/alerts/settings");
  EXPECT_EQ(channel.data().at("channels").at(0).at("where").as_string(),
            "https://hooks.example.com");
}

TEST_F(AlertDelivery, GivesUpInTheEndAndShowsTheDeadLetter) {
  http.statuses.assign(100, 500);
  configure();
  admin.service->calls().store_failed(ledger::LedgerError::timeout);
  for (std::size_t tries = 1; tries <= 10; ++tries) {
    ASSERT_TRUE(soon([&] {
      const Told told = admin.ask("GET", "/api/alerts/deliveries");
      return !told.body.at("items").as_array().empty() &&
             told.body.at("items").at(0).at("attempts").as_int64() ==
                 static_cast<std::int64_t>(tries);
    })) << tries;
    admin.clock.time += hours(7);
    admin.restart();
  }
  EXPECT_EQ(total(admin, "/api/alerts/deliveries?state=dead"), 1);
  EXPECT_EQ(http.taken().size(), 10U);
}

TEST_F(AlertDelivery, MailsADailyDigestAtItsHour) {
  channels->email = EmailChannel{
      "smtp://localhost", "b@example.com", {"a@example.com"}, EmailChannel::Frequency::daily};
  configure();
  admin.service->calls().store_failed(ledger::LedgerError::timeout);
  policy::Denial denial;
  denial.budget = "team";
  denial.policy = "daily-cap";
  denial.resets_at = admin.clock.now() + hours(12);
  admin.service->calls().refused({.message = "It is spent.", .denial = &denial});
  ASSERT_TRUE(soon([&] { return http.taken().size() == 2; }));
  EXPECT_EQ(mailer.count(), 0U);
  const Told waiting = admin.ask("GET", "/api/alerts/deliveries?state=pending");
  EXPECT_EQ(waiting.body.at("items").at(0).at("next_at").as_string(), "2026-11-25T07:00:00Z");
  admin.clock.time += hours(19);
  admin.restart();
  ASSERT_TRUE(soon([&] { return total(admin, "/api/alerts/deliveries?state=pending") == 0; }));
  ASSERT_EQ(mailer.count(), 1U);
  EXPECT_NE(mailer.mails[0].message.find("Subject: Budget: 2 alerts"), std::string::npos);
}

TEST_F(AlertDelivery, FollowsTheSettingsOfTheApi) {
  configure();
  const Told before = admin.ask("GET", "/api/alerts/settings");
  const std::string id(std::string_view(before.data().at("channels").at(0).at("id").as_string()));
  EXPECT_EQ(before.data().at("thresholds_source").as_string(), "file");
  for (const char* body : {R"({"thresholds":[0]})", R"({"thresholds":"all"})", R"({"channels":[]})",
                           R"({"channels":{"x":{"enabled":1}}})",
                           R"({"channels":{"x":{"min_severity":"loud"}}})", R"({"limits":[]})"}) {
    EXPECT_EQ(admin.ask("PUT", "/api/alerts/settings", body).error(), "invalid_request") << body;
  }
  const Told put =
      admin.ask("PUT", "/api/alerts/settings",
                R"({"thresholds":[0.25],"channels":{")" + id + R"(":{"min_severity":"error"}}})");
  ASSERT_EQ(put.response.status, 200);
  EXPECT_EQ(put.data().at("thresholds").at(0).as_double(), 0.25);
  EXPECT_EQ(put.data().at("channels").at(0).at("min_severity").as_string(), "error");
  admin.restart();
  // A warning is not for this channel, an error is.
  admin.play_call("r1", "apollo", 10, 10, 300'000'000);
  admin.ask("POST", "/api/alerts/check");
  EXPECT_TRUE(soon([&] { return total(admin, "/api/alerts?type=threshold") == 1; }));
  EXPECT_EQ(total(admin, "/api/alerts/deliveries"), 0);
  admin.service->calls().store_failed(ledger::LedgerError::timeout);
  ASSERT_TRUE(soon([&] { return total(admin, "/api/alerts/deliveries?state=delivered") == 1; }));
}

TEST_F(AlertDelivery, IsTestedOnRequest) {
  http.statuses = {204, 410};
  configure();
  const Told good = admin.ask("POST", "/api/alerts/test");
  EXPECT_EQ(good.data().at("channels").at(0).at("sent").as_bool(), true);
  const Told bad = admin.ask("POST", "/api/alerts/test");
  EXPECT_EQ(bad.data().at("channels").at(0).at("sent").as_bool(), false);
  EXPECT_EQ(bad.data().at("channels").at(0).at("error").as_string(), "it answered 410");
  EXPECT_EQ(admin.ask("POST", "/api/alerts/test", R"({"channel":"fax"})").error(),
            "invalid_request");
  EXPECT_EQ(total(admin, "/api/alerts"), 0);
}

}  // namespace
}  // namespace budget::admin
