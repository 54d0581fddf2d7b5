// The protocol of the tools, without HTTP around it; tests/e2e/mcp.test.mjs has
// the official client.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <random>
#include <set>

#include "admin/mcp/rpc.h"
#include "admin/mcp/tool.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

struct Rpc {
  int status = 0;
  json::value body;
};

Rpc ask(AdminUnderTest& admin, const std::string& body,
        std::string_view key = AdminUnderTest::operator_key) {
  ApiRequest request{
      .method = "POST",
      .path = "/api/mcp",
      .query = "",
      .headers = {{"x-api-key", std::string(key)}, {"content-type", "application/json"}},
      .body = body};
  const ApiResponse response = admin.run(admin.service->api().handle(std::move(request)));
  return {response.status, response.body.empty() ? json::value() : json::parse(response.body)};
}

Rpc call(AdminUnderTest& admin, const std::string& tool, const std::string& arguments,
         std::string_view key = AdminUnderTest::operator_key) {
  return ask(admin,
             R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + tool +
                 R"(","arguments":)" + arguments + "}}",
             key);
}

TEST(Mcp, ToolsHaveNamesOfTheirOwnAndSchemasThatAreWhole) {
  std::set<std::string_view> names;
  for (const McpTool& tool : mcp_tools()) {
    EXPECT_TRUE(names.insert(tool.name).second) << tool.name;
    EXPECT_EQ(mcp_tool_named(tool.name), &tool);
    const json::object schema = mcp_schema(tool);
    EXPECT_EQ(schema.at("properties").as_object().size(), tool.arguments.size()) << tool.name;
    for (const auto& [name, value] : schema.at("properties").as_object()) {
      EXPECT_FALSE(value.at("description").as_string().empty()) << tool.name << " " << name;
    }
  }
  EXPECT_EQ(names.size(), 7U);
  EXPECT_EQ(mcp_tool_named("allocatebudget"), nullptr);
}

TEST(Mcp, AToolDoesWhatTheApiDoesAsWhoeverAsks) {
  AdminUnderTest admin;
  const std::string wish = R"({"context_id":"c","amount":100,"component":"apollo"})";
  const Rpc made = call(admin, "AllocateBudget", wish);
  ASSERT_EQ(made.status, 200);
  const auto& result = made.body.at("result");
  EXPECT_FALSE(result.at("isError").as_bool());
  EXPECT_EQ(result.at("structuredContent").at("amount").as_int64(), 100);
  EXPECT_EQ(json::parse(result.at("content").at(0).at("text").as_string()),
            result.at("structuredContent"));
  EXPECT_EQ(admin.ask("GET", "/api/allocations").body.at("total").as_int64(), 1);

  const Rpc refused = call(admin, "AllocateBudget", wish, AdminUnderTest::viewer_key);
  EXPECT_EQ(refused.status, 200);
  EXPECT_TRUE(refused.body.at("result").at("isError").as_bool());
  const std::string_view why = refused.body.at("result").at("content").at(0).at("text").as_string();
  EXPECT_TRUE(why.contains("authorization_error")) << why;
  EXPECT_EQ(admin.ask("GET", "/api/allocations").body.at("total").as_int64(), 1);
}

TEST(Mcp, TellsWhatIsWrongWithArgumentsInTheResult) {
  AdminUnderTest admin;
  for (const char* arguments :
       {"{}", R"({"context_id":1,"amount":1})", R"({"context_id":"c","amount":1,"x":1})",
        R"({"context_id":"c","amount":-5})", R"({"context_id":null,"amount":1})"}) {
    const Rpc told = call(admin, "AllocateBudget", arguments);
    ASSERT_EQ(told.status, 200) << arguments;
    EXPECT_TRUE(told.body.at("result").at("isError").as_bool()) << arguments;
  }
}

// Whatever arrives is answered by an error or a result, and nothing falls over.
TEST(Mcp, AnswersDamagedMessages) {
  AdminUnderTest admin;
  const std::string whole =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetBudgetStatus",)"
      R"("arguments":{"period":"daily","component":"apollo"}}})";
  ASSERT_EQ(ask(admin, whole).body.at("result").at("isError"), json::value(false));
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = whole;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % damaged.size();
      if (random() % 2 == 0) {
        damaged[at] = static_cast<char>(random() % 256);
      } else {
        damaged.erase(at, 1 + random() % 6);
      }
      if (damaged.empty()) damaged = "x";
    }
    const Rpc told = ask(admin, damaged);
    ASSERT_TRUE(told.status == 200 || told.status == 400 || told.status == 202) << damaged;
    if (told.status == 202) continue;
    const json::object& body = told.body.as_object();
    ASSERT_NE(body.contains("error"), body.contains("result")) << damaged;
  }
}

}  // namespace
}  // namespace budget::admin
