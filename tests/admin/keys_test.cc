#include "admin/keys.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "admin/state/sqlite_state_store.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

struct Made {
  std::string id, key;
};

Made make_key(AdminUnderTest& admin, const std::string& body) {
  const Told told = admin.ask("POST", "/api/keys", body);
  EXPECT_EQ(told.response.status, 201) << told.response.body;
  return {text_of(told.data().at("id")), text_of(told.data().at("key"))};
}

TEST(Keys, AreFoundWithAllThatTheyPin) {
  AdminUnderTest admin;
  const Made made = make_key(admin, R"({"name":"ci","component":"apollo","user":"ann",
      "tags":{"team":"x"},"providers":["openai"],"models":["gpt-4*"],"may_set":["context"],
      "expires_at":"2026-12-01T00:00:00Z"})");
  EXPECT_TRUE(looks_like_proxy_key(made.key));
  EXPECT_EQ(made.key.rfind("bk_" + made.id + "_", 0), 0U);
  const auto grant = admin.service->keys().find(made.key, admin.clock.now());
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->id, made.id);
  EXPECT_EQ(grant->name, "ci");
  EXPECT_EQ(grant->component, "apollo");
  EXPECT_EQ(grant->user, "ann");
  EXPECT_EQ(grant->tags, (std::vector<std::pair<std::string, std::string>>{{"team", "x"}}));
  EXPECT_EQ(grant->providers, std::vector<std::string>{"openai"});
  EXPECT_EQ(grant->models, std::vector<std::string>{"gpt-4*"});
  EXPECT_EQ(grant->may_set, std::vector<std::string>{"context"});

  admin.restart();
  const auto again = admin.service->keys().find(made.key, admin.clock.now());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->models, grant->models);
  EXPECT_EQ(again->expires_at, grant->expires_at);
}

TEST(Keys, FindNothingForATextThatIsNotExactlyAKey) {
  AdminUnderTest admin;
  const Made made = make_key(admin, R"({"name":"ci"})");
  const auto& keys = admin.service->keys();
  ASSERT_TRUE(keys.find(made.key, admin.clock.now()));
  std::string other_end = made.key;
  other_end.back() = other_end.back() == '0' ? '1' : '0';
  for (const std::string& text :
       {std::string(), std::string("bk_"), "bk_" + made.id, "bk_" + made.id + "_", other_end,
        made.key + "0", made.key.substr(0, made.key.size() - 1), "x" + made.key,
        "bk_000000000000_" + made.key.substr(made.key.size() - 64)}) {
    EXPECT_FALSE(keys.find(text, admin.clock.now())) << text;
  }
}

TEST(Keys, LookLikeOneByTheirForm) {
  for (const auto* text : {"bk_a_b", "bk_k7f3_secret_with_more", "bk_A1_-"}) {
    EXPECT_TRUE(looks_like_proxy_key(text)) << text;
  }
  for (const auto* text : {"", "bk_", "bk__x", "bk_a", "bk_a_", "sk-abc", "BK_a_b", "bk_a-b_c"}) {
    EXPECT_FALSE(looks_like_proxy_key(text)) << text;
  }
}

TEST(Keys, ExpireAtTheirTime) {
  AdminUnderTest admin;
  const Made made = make_key(admin, R"({"name":"ci","expires_at":"2026-11-24T12:00:01Z"})");
  const policy::Time end = admin.clock.now() + std::chrono::seconds(1);
  EXPECT_TRUE(admin.service->keys().find(made.key, end - std::chrono::milliseconds(1)));
  EXPECT_FALSE(admin.service->keys().find(made.key, end));
  admin.clock.time = end;
  EXPECT_EQ(text_of(admin.ask("GET", "/api/keys/" + made.id).data().at("state")), "expired");
}

TEST(Keys, AreVoidOnceRotatedOrRevoked) {
  AdminUnderTest admin;
  const auto find = [&admin](const std::string& key) {
    return admin.service->keys().find(key, admin.clock.now()) != nullptr;
  };
  const Made made = make_key(admin, R"({"name":"ci"})");
  const Told rotated = admin.ask("POST", "/api/keys/" + made.id + "/rotate");
  const std::string second = text_of(rotated.data().at("key"));
  EXPECT_NE(second, made.key);
  EXPECT_FALSE(find(made.key));
  EXPECT_TRUE(find(second));

  const Told revoked = admin.ask("DELETE", "/api/keys/" + made.id);
  EXPECT_EQ(text_of(revoked.data().at("state")), "revoked");
  EXPECT_FALSE(find(second));
  EXPECT_EQ(admin.ask("DELETE", "/api/keys/" + made.id).response.status, 200);
  EXPECT_EQ(admin.ask("POST", "/api/keys/" + made.id + "/rotate").error(), "conflict");
  admin.restart();
  EXPECT_FALSE(find(second));
  EXPECT_EQ(admin.ask("GET", "/api/keys").body.at("total").as_int64(), 1);
  EXPECT_EQ(admin.ask("DELETE", "/api/keys/none").error(), "resource_not_found");
}

TEST(Keys, AreOnDiskAndInAnswersOnlyAsHashes) {
  AdminUnderTest admin;
  const Made made = make_key(admin, R"({"name":"ci"})");
  const std::string secret = made.key.substr(made.key.size() - 64);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(admin.folder)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(read_file(entry.path()).find(secret), std::string::npos) << entry.path();
  }
  EXPECT_GT(files, 1U);
  for (const std::string& path : {std::string("/api/keys"), "/api/keys/" + made.id}) {
    const Told told = admin.ask("GET", path);
    EXPECT_NE(told.response.body.find(made.id), std::string::npos);
    EXPECT_EQ(told.response.body.find(secret), std::string::npos);
    EXPECT_EQ(told.response.body.find("digest"), std::string::npos);
  }
}

TEST(Keys, AreRefusedWithThePlaceOfWhatIsWrong) {
  AdminUnderTest admin;
  const std::pair<const char*, const char*> cases[] = {
      {R"({})", "name"},
      {R"({"name":""})", "name"},
      {R"({"name":7})", "name"},
      {R"({"name":"a","expires_at":"2020-01-01T00:00:00Z"})", "expires_at"},
      {R"({"name":"a","expires_at":"soon"})", "expires_at"},
      {R"({"name":"a","may_set":["key"]})", "may_set"},
      {R"({"name":"a","models":[1]})", "models"},
      {R"({"name":"a","tags":["x"]})", "tags"},
      {R"({"name":"a","id":"mine"})", "id"}};
  for (const auto& [body, field] : cases) {
    const Told told = admin.ask("POST", "/api/keys", body);
    EXPECT_EQ(told.response.status, 400) << body;
    ASSERT_EQ(told.error(), "invalid_request") << body;
    EXPECT_EQ(text_of(told.body.at("error").at("details").at("problems").at(0).at("field")), field);
  }
  EXPECT_EQ(admin.ask("GET", "/api/keys").body.at("total").as_int64(), 0);
}

// Whether `holds` comes true while other threads get their turns.
bool comes_true(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(Keys, OfOneReplicaAreFoundAndVoidOnEveryOther) {
  AdminUnderTest here;
  AdminUnderTest there;
  const auto shared = SqliteStateStore::open(here.folder / "shared.db", here.clock).value();
  here.state = there.state = shared.get();
  here.restart();
  there.restart();
  const auto found_there = [&there](const std::string& key) {
    return there.service->keys().find(key, there.clock.now()) != nullptr;
  };
  const Made made = make_key(here, R"({"name":"ci"})");
  EXPECT_TRUE(comes_true([&] { return found_there(made.key); }));

  // Rotated there, the first secret is void here as well.
  const Told rotated = there.ask("POST", "/api/keys/" + made.id + "/rotate");
  const std::string second = text_of(rotated.data().at("key"));
  EXPECT_TRUE(
      comes_true([&] { return here.service->keys().find(second, here.clock.now()) != nullptr; }));
  EXPECT_FALSE(here.service->keys().find(made.key, here.clock.now()));

  EXPECT_EQ(here.ask("DELETE", "/api/keys/" + made.id).response.status, 200);
  EXPECT_TRUE(comes_true([&] { return !found_there(second); }));
  EXPECT_EQ(there.ask("POST", "/api/keys/" + made.id + "/rotate").error(), "conflict");
  here.service.reset();
  there.service.reset();
}

}  // namespace
}  // namespace budget::admin
