// Idempotency-Key and the audit log.
#include <gtest/gtest.h>

#include <thread>

#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

Told post(AdminUnderTest& admin, const std::string& key, const std::string& target,
          const std::string& body, std::string_view who = AdminUnderTest::admin_key) {
  return admin.ask_with({{"x-api-key", std::string(who)}, {"idempotency-key", key}}, "POST", target,
                        body);
}

constexpr const char* budget = R"({"name":"x"})";

TEST(Idempotency, AnswersARepeatedRequestAsBeforeAndDoesItOnce) {
  AdminUnderTest admin;
  const Told first = post(admin, "k", "/api/budgets", budget);
  ASSERT_EQ(first.response.status, 201) << first.response.body;
  EXPECT_EQ(first.header("idempotency-replayed"), "");
  admin.restart();
  const Told second = post(admin, "k", "/api/budgets", budget);
  EXPECT_EQ(second.response.status, 201);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.header("etag"), first.header("etag"));
  EXPECT_EQ(second.header("idempotency-replayed"), "true");
  // Without the key, with another, by another, to elsewhere it is another request.
  EXPECT_EQ(admin.ask("POST", "/api/budgets", budget).error(), "resource_exists");
  EXPECT_EQ(post(admin, "l", "/api/budgets", budget).error(), "resource_exists");
  EXPECT_EQ(post(admin, "k", "/api/budgets", budget, AdminUnderTest::operator_key).error(),
            "resource_exists");
  EXPECT_EQ(post(admin, "k", "/api/keys", R"({"name":"x"})").response.status, 201);
}

TEST(Idempotency, RefusesAKeyForAnotherBody) {
  AdminUnderTest admin;
  ASSERT_EQ(post(admin, "k", "/api/budgets", budget).response.status, 201);
  const Told other = post(admin, "k", "/api/budgets", R"({"name":"y"})");
  EXPECT_EQ(other.response.status, 422);
  EXPECT_EQ(other.error(), "conflict");
  EXPECT_EQ(admin.ask("GET", "/api/budgets/y").response.status, 404);
  EXPECT_EQ(post(admin, std::string(256, 'k'), "/api/budgets", R"({"name":"y"})").error(),
            "invalid_request");
}

TEST(Idempotency, KeepsNoFailureNoSecretAndNothingForLongerThanADay) {
  AdminUnderTest admin;
  ASSERT_EQ(post(admin, "k", "/api/budgets", R"({"name":"a b"})").response.status, 400);
  ASSERT_EQ(post(admin, "k", "/api/budgets", budget).response.status, 201);

  const Told made = post(admin, "secret", "/api/keys", R"({"name":"ci"})");
  ASSERT_EQ(made.response.status, 201);
  const std::string key = text_of(made.data().at("key"));
  const Told again = post(admin, "secret", "/api/keys", R"({"name":"ci"})");
  EXPECT_EQ(again.response.status, 409);
  EXPECT_EQ(admin.ask("GET", "/api/keys").body.at("total").as_int64(), 1);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(admin.folder)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(read_file(entry.path()).find(key.substr(20)), std::string::npos) << entry.path();
  }

  admin.clock.time += std::chrono::hours(24);
  EXPECT_EQ(post(admin, "k", "/api/budgets", budget).error(), "resource_exists");
}

TEST(Idempotency, DoesManyAtOnceOnce) {
  AdminUnderTest admin;
  std::atomic<int> created = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&admin, &created] {
      // The sum of what is in the way and of what is replayed is all of them.
      const Told told = post(admin, "k", "/api/keys", R"({"name":"ci"})");
      if (told.response.status == 201) ++created;
      if (told.response.status != 201) EXPECT_EQ(told.response.status, 409);
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(admin.ask("GET", "/api/keys").body.at("total").as_int64(), 1);
}

TEST(Audit, TellsWhoChangedWhatFromWhatToWhat) {
  AdminUnderTest admin;
  const Told made = admin.ask_with({{"x-api-key", std::string(AdminUnderTest::operator_key)}},
                                   "POST", "/api/budgets", R"({"name":"x","owner":"ann"})");
  ASSERT_EQ(made.response.status, 201);
  admin.clock.time += std::chrono::seconds(1);
  ASSERT_EQ(admin.ask("PUT", "/api/budgets/x", R"({"owner":"bob"})").response.status, 200);
  ASSERT_EQ(admin.ask("PUT", "/api/budgets/x", R"({"owner":7})").response.status, 400);
  ASSERT_EQ(admin.ask("DELETE", "/api/budgets/x").response.status, 200);
  const Told log = admin.ask("GET", "/api/audit");
  ASSERT_EQ(log.body.at("total").as_int64(), 3) << log.response.body;
  const auto& deleted = log.body.at("items").at(0);
  EXPECT_EQ(text_of(deleted.at("method")), "DELETE");
  EXPECT_EQ(text_of(deleted.at("before").at("owner")), "bob");
  EXPECT_TRUE(deleted.at("after").is_null());
  const auto& changed = log.body.at("items").at(1);
  EXPECT_EQ(text_of(changed.at("who")), "a");
  EXPECT_EQ(text_of(changed.at("by")), "key");
  EXPECT_EQ(text_of(changed.at("path")), "/api/budgets/x");
  EXPECT_EQ(text_of(changed.at("before").at("owner")), "ann");
  EXPECT_EQ(text_of(changed.at("after").at("owner")), "bob");
  const auto& created = log.body.at("items").at(2);
  EXPECT_EQ(text_of(created.at("who")), "o");
  EXPECT_EQ(text_of(created.at("role")), "operator");
  EXPECT_EQ(text_of(created.at("timestamp")), "2026-11-24T12:00:00Z");
  EXPECT_TRUE(created.at("before").is_null());
  EXPECT_EQ(text_of(created.at("after").at("owner")), "ann");

  const std::pair<const char*, std::int64_t> filters[] = {{"?who=o", 1},
                                                          {"?who=nobody", 0},
                                                          {"?method=PUT", 1},
                                                          {"?resource=budgets", 3},
                                                          {"?path=budgets/x", 2},
                                                          {"?start_time=2026-11-24T12:00:01Z", 2},
                                                          {"?end_time=2026-11-24T12:00:01Z", 1},
                                                          {"?limit=1&page=3", 3}};
  for (const auto& [query, total] : filters) {
    EXPECT_EQ(admin.ask("GET", std::string("/api/audit") + query).body.at("total").as_int64(),
              total)
        << query;
  }
  EXPECT_EQ(admin.ask("GET", "/api/audit?limit=1&page=3").body.at("items").at(0), created);
  EXPECT_EQ(admin.ask("GET", "/api/audit?method=GET").error(), "invalid_request");
  EXPECT_EQ(admin.ask_with({}, "GET", "/api/audit").response.status, 401);
}

TEST(Audit, HoldsNoSecretAndShowsKeysToAdminsAlone) {
  AdminUnderTest admin;
  const Told made = admin.ask("POST", "/api/keys", R"({"name":"ci"})");
  const std::string id = text_of(made.data().at("id"));
  const Told rotated = admin.ask("POST", "/api/keys/" + id + "/rotate");
  ASSERT_EQ(admin.ask("DELETE", "/api/keys/" + id).response.status, 200);
  const Told log = admin.ask("GET", "/api/audit?resource=keys");
  EXPECT_EQ(log.body.at("total").as_int64(), 3);
  EXPECT_EQ(text_of(log.body.at("items").at(1).at("before").at("state")), "active");
  for (const Told* told : {&made, &rotated}) {
    EXPECT_EQ(log.response.body.find(text_of(told->data().at("key")).substr(20)),
              std::string::npos);
  }
  for (const auto key : {AdminUnderTest::viewer_key, AdminUnderTest::operator_key}) {
    EXPECT_EQ(admin.ask_with({{"x-api-key", std::string(key)}}, "GET", "/api/audit")
                  .body.at("total")
                  .as_int64(),
              0);
  }
}

}  // namespace
}  // namespace budget::admin
