#include "admin/router.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "admin/routes.h"

namespace budget::admin {
namespace {

Answer nothing(Context&) {
  co_return ApiResponse{};
}

constexpr Route table[] = {{"GET", "/", Role::anyone, nothing, ""},
                           {"GET", "/a", Role::anyone, nothing, ""},
                           {"GET", "/a/{id}", Role::anyone, nothing, ""},
                           {"DELETE", "/a/{id}", Role::anyone, nothing, ""},
                           {"GET", "/a/{x}/{y}", Role::anyone, nothing, ""},
                           {"GET", "/a/{id}/b", Role::anyone, nothing, ""}};

TEST(Router, FindsTheRouteWithTheFewestParameters) {
  struct Case {
    std::string_view method, path, pattern;
    std::vector<std::string> params;
  };
  const Case cases[] = {{"GET", "/", "/", {}},
                        {"HEAD", "/a", "/a", {}},
                        {"GET", "/a/", "/a", {}},
                        {"GET", "/a/1", "/a/{id}", {"1"}},
                        {"DELETE", "/a/1", "/a/{id}", {"1"}},
                        {"GET", "/a/x%2Fy", "/a/{id}", {"x/y"}},
                        {"GET", "/a/x/y", "/a/{x}/{y}", {"x", "y"}},
                        {"GET", "/a/x/b", "/a/{id}/b", {"x"}},
                        {"GET", "/a//", "", {}},
                        {"GET", "//a", "", {}},
                        {"GET", "/a/%zz", "", {}},
                        {"GET", "/A", "", {}},
                        {"GET", "", "", {}},
                        {"GET", "a", "", {}},
                        {"POST", "/a/1", "", {}},
                        {"get", "/a", "", {}},
                        {"GET", "/a/1/2/3", "", {}}};
  for (const Case& each : cases) {
    const RouteMatch match = match_route(table, each.method, each.path);
    EXPECT_EQ(match.route ? match.route->path : "", each.pattern) << each.path;
    std::vector<std::string> params;
    for (const auto& [name, value] : match.params) params.push_back(value);
    if (match.route) EXPECT_EQ(params, each.params) << each.path;
  }
}

TEST(Router, NamesTheMethodsOfAPathItKnows) {
  const RouteMatch match = match_route(table, "POST", "/a/1");
  EXPECT_EQ(match.allowed, (std::vector<std::string_view>{"GET", "DELETE"}));
  EXPECT_TRUE(match_route(table, "POST", "/b").allowed.empty());
}

TEST(Router, HasEachRouteOnceWithAHandlerAndASummary) {
  std::vector<std::string> seen;
  for (const Route& route : routes()) {
    EXPECT_TRUE(route.handler) << route.path;
    EXPECT_FALSE(route.summary.empty()) << route.path;
    EXPECT_TRUE(is_admin_path(route.path)) << route.path;
    seen.push_back(std::string(route.method) + " " + std::string(route.path));
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST(Router, KnowsAdminPathsFromProviders) {
  for (const auto* path : {"/", "/api", "/api/budgets", "/ws/budget/updates", "/ui", "/ui/x.js",
                           "/health", "/ready", "/metrics"}) {
    EXPECT_TRUE(is_admin_path(path)) << path;
  }
  for (const auto* path : {"/openai/v1/models", "/apis", "/healthz", "/@apollo/openai/v1", "",
                           "api", "//api", "/API"}) {
    EXPECT_FALSE(is_admin_path(path)) << path;
  }
}

}  // namespace
}  // namespace budget::admin
