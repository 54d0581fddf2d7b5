// Console sessions, and what every answer carries.
#include <gtest/gtest.h>

#include "admin/auth.h"
#include "admin/service.h"
#include "admin/sessions.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

struct LoggedIn {
  std::string cookie, csrf;

  [[nodiscard]] Headers reading() const { return {{"cookie", "theme=dark; " + cookie}}; }
  [[nodiscard]] Headers writing() const { return {{"cookie", cookie}, {"x-csrf-token", csrf}}; }
};

LoggedIn log_in(AdminUnderTest& admin, std::string_view key) {
  const Told told =
      admin.ask_with({}, "POST", "/api/session", R"({"key":")" + std::string(key) + "\"}");
  EXPECT_EQ(told.response.status, 201) << told.response.body;
  const std::string cookie = told.header("set-cookie");
  return {cookie.substr(0, cookie.find(';')), text_of(told.data().at("csrf_token"))};
}

TEST(Sessions, LetABrowserDoWhatItsKeyMay) {
  AdminUnderTest admin;
  const LoggedIn session = log_in(admin, AdminUnderTest::operator_key);
  const Told who = admin.ask_with(session.reading(), "GET", "/api/session");
  ASSERT_EQ(who.response.status, 200) << who.response.body;
  EXPECT_EQ(text_of(who.data().at("name")), "o");
  EXPECT_EQ(text_of(who.data().at("role")), "operator");
  EXPECT_EQ(text_of(who.data().at("by")), "session");
  EXPECT_EQ(text_of(who.data().at("csrf_token")), session.csrf);
  EXPECT_EQ(text_of(who.data().at("expires_at")), "2026-11-25T12:00:00Z");
  EXPECT_EQ(
      admin.ask_with(session.writing(), "POST", "/api/budgets", R"({"name":"x"})").response.status,
      201);
  EXPECT_EQ(admin.ask_with(session.writing(), "POST", "/api/keys", R"({"name":"x"})").error(),
            "authorization_error");
  admin.restart();
  EXPECT_EQ(admin.ask_with(session.reading(), "GET", "/api/budgets/x").response.status, 200);
}

TEST(Sessions, BeginWithACookieThatScriptsAndOtherSitesDoNotGet) {
  AdminUnderTest admin;
  const Told told = admin.ask_with({{"x-api-key", std::string(AdminUnderTest::viewer_key)}}, "POST",
                                   "/api/session");
  ASSERT_EQ(told.response.status, 201) << told.response.body;
  const std::string cookie = told.header("set-cookie");
  for (const auto* part :
       {"budget_session=", "; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=86400"}) {
    EXPECT_NE(cookie.find(part), std::string::npos) << cookie;
  }
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);
  const std::string token = cookie.substr(15, cookie.find(';') - 15);
  EXPECT_EQ(token.size(), 64U);
  EXPECT_EQ(told.response.body.find(token), std::string::npos);
  const Told behind_tls = admin.ask_with(
      {{"x-api-key", std::string(AdminUnderTest::viewer_key)}, {"x-forwarded-proto", "https"}},
      "POST", "/api/session");
  EXPECT_NE(behind_tls.header("set-cookie").find("; Secure"), std::string::npos);
  // On disk there is only the token's hash.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(admin.folder)) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(read_file(entry.path()).find(token), std::string::npos) << entry.path();
  }
}

TEST(Sessions, NeedTheirTokenForEveryChange) {
  AdminUnderTest admin;
  const LoggedIn session = log_in(admin, AdminUnderTest::admin_key);
  const LoggedIn other = log_in(admin, AdminUnderTest::admin_key);
  EXPECT_NE(session.csrf, other.csrf);
  for (const auto& token : {std::string(), std::string("x"), other.csrf}) {
    for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
             {"POST", "/api/budgets"}, {"DELETE", "/api/session"}, {"PUT", "/api/budgets/team"}}) {
      const Told told = admin.ask_with({{"cookie", session.cookie}, {"x-csrf-token", token}},
                                       method, path, R"({"name":"x"})");
      EXPECT_EQ(told.response.status, 403) << method << path;
    }
  }
  EXPECT_EQ(admin.ask("GET", "/api/budgets").body.at("total").as_int64(), 2);
}

TEST(Sessions, EndByLogoutByIdlingByAgeAndWithTheirKey) {
  AdminUnderTest admin;
  const auto status = [&admin](const LoggedIn& session) {
    return admin.ask_with(session.reading(), "GET", "/api/budgets").response.status;
  };
  const LoggedIn left = log_in(admin, AdminUnderTest::viewer_key);
  const Told ended = admin.ask_with(left.writing(), "DELETE", "/api/session");
  EXPECT_EQ(ended.response.status, 200);
  EXPECT_NE(ended.header("set-cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(status(left), 401);

  const LoggedIn idle = log_in(admin, AdminUnderTest::viewer_key);
  const LoggedIn busy = log_in(admin, AdminUnderTest::viewer_key);
  for (int hour = 0; hour < 23; ++hour) {
    admin.clock.time += std::chrono::hours(1);
    EXPECT_EQ(status(busy), 200) << hour;
    if (hour == 8) EXPECT_EQ(status(idle), 401);
  }
  admin.clock.time += std::chrono::hours(1);
  EXPECT_EQ(status(busy), 401);

  const LoggedIn keyless = log_in(admin, AdminUnderTest::viewer_key);
  admin.viewer_is_known = false;
  admin.restart();
  EXPECT_EQ(status(keyless), 401);
}

TEST(Sessions, AreNotBegunWithAWrongKeyNorEndlesslyTried) {
  AdminUnderTest admin;
  for (int i = 0; i < 20; ++i) {
    const Told told = admin.ask_with({}, "POST", "/api/session", R"({"key":"guess"})");
    EXPECT_EQ(told.response.status, 401);
    EXPECT_EQ(told.header("set-cookie"), "");
  }
  const Told late = admin.ask_with({}, "POST", "/api/session", R"({"key":"guess"})");
  EXPECT_EQ(late.response.status, 429);
  EXPECT_EQ(late.header("retry-after"), "60");
  EXPECT_EQ(admin.ask_with({}, "POST", "/api/session").response.status, 401);
  for (const auto* cookie : {"budget_session=", "budget_session=x", "budget_sessionx=1"}) {
    EXPECT_EQ(admin.ask_with({{"cookie", cookie}}, "GET", "/api/budgets").response.status, 401);
  }
}

TEST(Keys, OfTheApiAndOfTheProxyDoNotStandInForEachOther) {
  AdminUnderTest admin;
  const Told made = admin.ask("POST", "/api/keys", R"({"name":"ci"})");
  const std::string proxy_key = text_of(made.data().at("key"));
  EXPECT_EQ(admin.ask_with({{"x-api-key", proxy_key}}, "GET", "/api/budgets").response.status, 401);
  EXPECT_FALSE(admin.service->keys().find(AdminUnderTest::admin_key, admin.clock.now()));
  EXPECT_TRUE(admin.service->keys().is_admin_key(AdminUnderTest::admin_key));
  EXPECT_FALSE(admin.service->keys().is_admin_key(proxy_key));
  EXPECT_TRUE(Auth::problem_in({{"mine", "admin", proxy_key}}).has_value());
}

TEST(Answers, AllHaveTheirSecurityHeaders) {
  AdminUnderTest admin;
  for (const auto* path : {"/", "/health", "/metrics", "/api/openapi.json", "/api/docs",
                           "/api/budgets", "/api/nothing"}) {
    for (const bool known : {true, false}) {
      const Told told = known ? admin.ask("GET", path) : admin.ask_with({}, "GET", path);
      EXPECT_EQ(told.header("x-content-type-options"), "nosniff") << path;
      EXPECT_EQ(told.header("referrer-policy"), "no-referrer") << path;
      EXPECT_EQ(told.header("x-frame-options"), "DENY") << path;
      EXPECT_NE(told.header("cache-control"), "") << path;
      EXPECT_TRUE(told.header("content-security-policy").starts_with("default-src 'none'")) << path;
    }
  }
}

}  // namespace
}  // namespace budget::admin
