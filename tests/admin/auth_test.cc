#include "admin/auth.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "admin/routes.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string with_ids(std::string_view pattern) {
  std::string path(pattern);
  for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{')) {
    path.replace(at, path.find('}') - at + 1, "x");
  }
  return path;
}

// What the roles may, told a second time and not read from the table.
Role expected_role(std::string_view method, std::string_view path) {
  if (!path.starts_with("/api")) return Role::anyone;
  for (const std::string_view open : {"/api/openapi.json", "/api/docs", "/api/mcp/health"}) {
    if (path == open) return Role::anyone;
  }
  if (path == "/api/session") return method == "POST" ? Role::anyone : Role::viewer;
  if (path.starts_with("/api/keys")) return Role::admin;
  if (method == "GET" || path.starts_with("/api/assistant/")) return Role::viewer;
  // A tool may do what its caller may; the request itself does nothing.
  if (path.starts_with("/api/mcp")) return Role::viewer;
  for (const std::string_view question :
       {"/api/usage/summary", "/api/prices/current", "/api/prices/calculate",
        "/api/prices/recommendations", "/api/tokens/count", "/api/policies/simulate",
        "/api/budgets/check"}) {
    if (path == question) return Role::viewer;
  }
  return Role::operate;
}

TEST(Auth, LetsEachRoleDoWhatItMayOnEveryRoute) {
  AdminUnderTest admin;
  struct Caller {
    Role role;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  const Caller callers[] = {
      {Role::anyone, {}},
      {Role::viewer, {{"x-api-key", std::string(AdminUnderTest::viewer_key)}}},
      {Role::operate, {{"authorization", "Bearer " + std::string(AdminUnderTest::operator_key)}}},
      {Role::admin, {{"authorization", "bearer  " + std::string(AdminUnderTest::admin_key)}}}};
  for (const Route& route : routes()) {
    // Its business is to refuse who shows no key.
    if (route.path == "/api/session" && route.method == "POST") continue;
    const Role needed = expected_role(route.method, route.path);
    for (const Caller& caller : callers) {
      const Told told =
          admin.ask_with(caller.headers, std::string(route.method), with_ids(route.path), "{}");
      const bool refused = told.response.status == 401 || told.response.status == 403;
      EXPECT_EQ(refused, caller.role < needed)
          << route.method << " " << route.path << " as " << name_of(caller.role);
      if (!refused) continue;
      EXPECT_EQ(told.error(),
                caller.role == Role::anyone ? "authentication_error" : "authorization_error");
      if (caller.role == Role::anyone) continue;
      EXPECT_EQ(std::string_view(told.body.at("error").at("details").at("role").as_string()),
                name_of(needed));
    }
  }
}

TEST(Auth, RefusesWrongKeysAndForms) {
  AdminUnderTest admin;
  const std::string right(AdminUnderTest::admin_key);
  const std::vector<std::vector<std::pair<std::string, std::string>>> wrong = {
      {},
      {{"x-api-key", right + "x"}},
      {{"x-api-key", right.substr(1)}},
      {{"x-api-key", ""}},
      {{"authorization", right}},
      {{"authorization", "Basic " + right}},
      {{"authorization", "Bearer"}},
      {{"authorization", "Bearer "}},
      {{"cookie", right}}};
  for (const auto& headers : wrong) {
    const Told told = admin.ask_with(headers, "GET", "/api/budgets");
    EXPECT_EQ(told.response.status, 401);
    EXPECT_EQ(told.error(), "authentication_error");
    EXPECT_EQ(told.header("www-authenticate"), "Bearer realm=\"budget\"");
    EXPECT_EQ(told.response.body.find(right.substr(0, 12)), std::string::npos);
  }
}

TEST(Auth, TellsNobodyWithoutAKeyWhichPathsThereAre) {
  AdminUnderTest admin;
  EXPECT_EQ(admin.ask_with({}, "GET", "/api/nothing").response.status, 401);
  EXPECT_EQ(admin.ask_with({}, "PUT", "/api/budgets").response.status, 401);
  EXPECT_EQ(admin.ask("GET", "/api/nothing").error(), "resource_not_found");
  const Told wrong_method = admin.ask("PUT", "/api/budgets/team/summary");
  EXPECT_EQ(wrong_method.response.status, 405);
  EXPECT_EQ(wrong_method.header("allow"), "GET, HEAD");
}

TEST(Auth, MakesShortKeysWaitAfterManyWrongOnesAndLongOnesNever) {
  const std::string long_key(Auth::guessable_below, 'k');
  const std::vector<AdminKey> keys{{"short", "viewer", "secret"}, {"long", "admin", long_key}};
  ASSERT_FALSE(Auth::problem_in(keys));
  Auth auth(keys);
  policy::Time now{};
  for (std::size_t i = 0; i < Auth::failures_max; ++i) {
    EXPECT_TRUE(auth.identify("secret", now).has_value());
    EXPECT_EQ(auth.identify("wrong", now).error().status, 401);
  }
  EXPECT_EQ(auth.identify("wrong", now).error().status, 429);
  EXPECT_EQ(auth.identify("secret", now).error().status, 429);
  EXPECT_EQ(auth.identify(long_key, now).value().role, Role::admin);
  now += Auth::failures_window;
  EXPECT_EQ(auth.identify("secret", now).value().role, Role::viewer);
}

TEST(Auth, RefusesAConfigurationWithAWrongRoleOrAnEmptyKey) {
  EXPECT_TRUE(Auth::problem_in({{"x", "root", "k"}}).value_or("").find("viewer") !=
              std::string::npos);
  EXPECT_TRUE(Auth::problem_in({{"x", "admin", ""}}).value_or("").find("'x'") != std::string::npos);
}

TEST(Auth, GeneratesAKeyThatOnlyItsOwnerReadsAndKeepsIt) {
  AdminUnderTest admin(false);
  const std::string file = admin.service->generated_key_file();
  EXPECT_EQ(file, (admin.folder / "admin.key").string());
  std::string key = read_file(file);
  ASSERT_EQ(key.size(), 3 + 64 + 1U);
  key.pop_back();
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(admin.ask_with({{"x-api-key", key}}, "GET", "/api/keys").response.status, 200);

  ::chmod(file.c_str(), 0644);
  admin.restart();
  EXPECT_EQ(read_file(file), key + "\n");
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(admin.ask_with({{"x-api-key", key}}, "GET", "/api/keys").response.status, 200);
}

TEST(Auth, MakesNoKeyWhereOneIsConfigured) {
  AdminUnderTest admin;
  EXPECT_EQ(admin.service->generated_key_file(), "");
  EXPECT_FALSE(std::filesystem::exists(admin.folder / "admin.key"));
}

}  // namespace
}  // namespace budget::admin
