#include "admin/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "admin/console.h"
#include "admin/routes.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

std::string text_of(const boost::json::value& value) {
  return std::string(std::string_view(value.as_string()));
}

// A path with ids of things that there are.
std::string with_real_ids(std::string_view pattern, const std::string& allocation) {
  std::string path(pattern);
  const auto put = [&path](std::string_view what, std::string_view value) {
    if (const auto at = path.find(what); at != std::string::npos) {
      path.replace(at, what.size(), value);
    }
  };
  put("{budget}/{policy}", "team/daily-cap");
  put("{provider}/{model}", "openai/gpt-4o");
  put("{file}", "index.html");
  put("{provider}/{model}", "openai/gpt-4o");
  if (path.starts_with("/api/policies")) put("{id}", "team%2Fdaily-cap");
  if (path.starts_with("/api/budgets")) put("{id}", "team");
  if (path.starts_with("/api/allocations")) put("{id}", allocation);
  if (path.starts_with("/api/usage")) put("{id}", "r1");
  return path;
}

std::set<std::string> documented_fields(const boost::json::object& operation) {
  std::set<std::string> names;
  if (const auto* parameters = operation.if_contains("parameters")) {
    for (const auto& parameter : parameters->as_array()) {
      if (text_of(parameter.at("in")) == "query") names.insert(text_of(parameter.at("name")));
    }
  }
  if (const auto* body = operation.if_contains("requestBody")) {
    const auto& schema = body->at("content").at("application/json").at("schema");
    for (const auto& [name, value] : schema.at("properties").as_object()) names.insert(name);
  }
  return names;
}

// What the handler itself says it reads, when asked with a field it does not
// know; nullopt when it reads nothing.
std::optional<std::set<std::string>> fields_read(const Told& told) {
  if (told.error() != "invalid_request") return std::nullopt;
  for (const auto& problem : told.body.at("error").at("details").at("problems").as_array()) {
    if (text_of(problem.at("field")) != "zzz") continue;
    const std::string message = text_of(problem.at("message"));
    std::set<std::string> names;
    std::istringstream words(message.substr(message.find(':') + 1));
    for (std::string word; words >> word;) names.insert(word);
    return names;
  }
  return std::nullopt;
}

TEST(OpenApi, DescribesEveryRouteAndNothingElse) {
  AdminUnderTest admin;
  const Told told = admin.ask_with({}, "GET", "/api/openapi.json");
  ASSERT_EQ(told.response.status, 200);
  EXPECT_EQ(text_of(told.body.at("openapi")), "3.1.0");
  std::size_t described = 0;
  std::set<std::string> ids;
  for (const auto& [path, methods] : told.body.at("paths").as_object()) {
    for (const auto& [method, operation] : methods.as_object()) {
      ++described;
      ids.insert(text_of(operation.at("operationId")));
    }
  }
  EXPECT_EQ(described, routes().size());
  EXPECT_EQ(ids.size(), routes().size());
  for (const Route& route : routes()) {
    std::string method(route.method);
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto& operation = told.body.at("paths").at(route.path).at(method);
    EXPECT_EQ(text_of(operation.at("x-role")),
              route.role == Role::anyone ? "anyone" : name_of(route.role));
    EXPECT_TRUE(operation.at("responses").as_object().contains(std::to_string(route.status)));
  }
}

TEST(OpenApi, NamesExactlyTheFieldsThatHandlersRead) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 10, 20, 1000);
  const Told made =
      admin.ask("POST", "/api/allocations", R"({"context_id":"c","tokens_allocated":10})");
  ASSERT_EQ(made.response.status, 201) << made.response.body;
  const std::string allocation = text_of(made.data().at("allocation_id"));
  const json::object document = openapi_document(routes(), "1");
  int read_something = 0;
  for (const Route& route : routes()) {
    const std::string method = route.method == "GET"   ? "get"
                               : route.method == "PUT" ? "put"
                                                       : "post";
    const bool get = route.method == "GET";
    if (route.method == "DELETE") continue;  // takes an id alone
    const Told told = admin.ask(std::string(route.method),
                                with_real_ids(route.path, allocation) + (get ? "?zzz=1" : ""),
                                get ? "" : R"({"zzz":1})");
    const auto& operation = document.at("paths").at(route.path).at(method).as_object();
    const auto read = fields_read(told);
    EXPECT_EQ(read.value_or(std::set<std::string>{}), documented_fields(operation))
        << route.method << " " << route.path << " " << told.response.body;
    read_something += read.has_value();
  }
  EXPECT_GT(read_something, 15);
}

TEST(OpenApi, DocumentsNoRouteThatIsNotFound) {
  AdminUnderTest admin;
  admin.play_call("r1", "apollo", 10, 20, 1000);
  const Told made =
      admin.ask("POST", "/api/allocations", R"({"context_id":"c","tokens_allocated":10})");
  const std::string allocation = text_of(made.data().at("allocation_id"));
  const Told key = admin.ask("POST", "/api/keys", R"({"name":"k"})");
  // Another thread keeps it.
  admin.service->calls().store_failed(ledger::LedgerError::unavailable);
  Told alerts;
  do {
    alerts = admin.ask("GET", "/api/alerts");
  } while (alerts.body.at("items").as_array().empty());
  for (const Route& route : routes()) {
    if (route.path == "/ui/{file}" && console_files().empty()) continue;  // built without
    std::string path = with_real_ids(route.path, allocation);
    if (const auto at = path.find("{id}"); at != std::string::npos && path.contains("/alerts/")) {
      path.replace(at, 4, text_of(alerts.body.at("items").at(0).at("id")));
    }
    // A file's budget is there and cannot be removed; it has tests of its own.
    if (route.method == "DELETE" && !path.starts_with("/api/keys")) continue;
    if (const auto at = path.find("{id}"); at != std::string::npos) {
      path.replace(at, 4, text_of(key.data().at("id")));
    }
    const Told told = admin.ask(std::string(route.method), path);
    EXPECT_NE(told.response.status, 404) << route.method << " " << path;
    EXPECT_NE(told.response.status, 405) << route.method << " " << path;
  }
}

TEST(OpenApi, IsReadableWithoutAnythingFromElsewhere) {
  AdminUnderTest admin;
  const Told told = admin.ask_with({}, "GET", "/api/docs");
  ASSERT_EQ(told.response.status, 200);
  const std::string& html = told.response.body;
  const std::string policy = told.header("content-security-policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  for (const auto* never : {"<script", "http://", "https://", " src=", " style=", "onclick"}) {
    EXPECT_EQ(html.find(never), std::string::npos) << never;
  }
  for (const Route& route : routes()) {
    EXPECT_NE(html.find("</span>" + std::string(route.path) + "</code>"), std::string::npos)
        << route.path;
  }
}

}  // namespace
}  // namespace budget::admin
