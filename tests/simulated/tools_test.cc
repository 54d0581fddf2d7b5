#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tests/simulated/played.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

constexpr const char* schema =
    R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]})";

struct ToolApi {
  const char* name;
  const char* plain_target;
  const char* stream_target;
  const char* body;       // $P the schema
  bool flag;              // the body asks for the stream
  const char* tool_name;  // pointers into the plain answer
  const char* arguments;
  bool as_text;  // arguments are JSON text, not JSON
  const char* delta;
  const char* reason;
  const char* reason_value;
};

const ToolApi apis[] = {
    {"chat_required", "/v1/chat/completions", "/v1/chat/completions",
     R"({"model":"gpt-4o","messages":[{"role":"user","content":"x"}],"tool_choice":"required","tools":[{"type":"function","function":{"name":"weather","parameters":$P}}]})",
     true, "/choices/0/message/tool_calls/0/function/name",
     "/choices/0/message/tool_calls/0/function/arguments", true,
     "/choices/0/delta/tool_calls/0/function/arguments", "/choices/0/finish_reason", "tool_calls"},
    {"chat_named", "/v1/chat/completions", "/v1/chat/completions",
     R"({"model":"gpt-4o","messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"function","function":{"name":"weather"}},"tools":[{"type":"function","function":{"name":"other"}},{"type":"function","function":{"name":"weather","parameters":$P}}]})",
     true, "/choices/0/message/tool_calls/0/function/name",
     "/choices/0/message/tool_calls/0/function/arguments", true,
     "/choices/0/delta/tool_calls/0/function/arguments", "/choices/0/finish_reason", "tool_calls"},
    {"responses", "/v1/responses", "/v1/responses",
     R"({"model":"gpt-4o","input":"x","tool_choice":"required","tools":[{"type":"function","name":"weather","parameters":$P}]})",
     true, "/output/0/name", "/output/0/arguments", true, "/delta", "/status", "completed"},
    {"anthropic_any", "/v1/messages", "/v1/messages",
     R"({"model":"claude","max_tokens":100,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"any"},"tools":[{"name":"weather","input_schema":$P}]})",
     true, "/content/0/name", "/content/0/input", false, "/delta/partial_json", "/stop_reason",
     "tool_use"},
    {"gemini_any", "/v1beta/models/m:generateContent", "",
     R"({"contents":[{"parts":[{"text":"x"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}},"tools":[{"functionDeclarations":[{"name":"weather","parameters":$P}]}]})",
     false, "/candidates/0/content/parts/0/functionCall/name",
     "/candidates/0/content/parts/0/functionCall/args", false, "", "/candidates/0/finishReason",
     "STOP"},
    {"converse_tool", "/model/m/converse", "/model/m/converse-stream",
     R"({"messages":[{"role":"user","content":[{"text":"x"}]}],"toolConfig":{"toolChoice":{"tool":{"name":"weather"}},"tools":[{"toolSpec":{"name":"weather","inputSchema":{"json":$P}}}]}})",
     false, "/output/message/content/0/toolUse/name", "/output/message/content/0/toolUse/input",
     false, "/delta/toolUse/input", "/stopReason", "tool_use"},
    {"cohere_required", "/v2/chat", "/v2/chat",
     R"({"model":"command-r","messages":[{"role":"user","content":"x"}],"tool_choice":"REQUIRED","tools":[{"type":"function","function":{"name":"weather","parameters":$P}}]})",
     true, "/message/tool_calls/0/function/name", "/message/tool_calls/0/function/arguments", true,
     "/delta/message/tool_calls/function/arguments", "/finish_reason", "TOOL_CALL"},
};

class ToolApis : public testing::TestWithParam<ToolApi> {};

TEST_P(ToolApis, CallTheToolThatIsDemandedWithTheLeastItsSchemaTakes) {
  const ToolApi& api = GetParam();
  std::string body = api.body;
  body.replace(body.find("$P"), 2, schema);
  const json::value whole = post(api.plain_target, body).json();
  EXPECT_EQ(at(whole, api.tool_name), "weather");
  EXPECT_EQ(at(whole, api.arguments), R"({"city":"word"})");
  EXPECT_EQ(at(whole, api.reason), api.reason_value);

  if (*api.delta == '\0') return;
  if (api.flag) body.replace(body.size() - 1, 1, R"(,"stream":true})");
  std::string told;
  for (const json::value& event : post(api.stream_target, body).events())
    told += at(event, api.delta);
  EXPECT_EQ(told, R"({"city":"word"})");
}

INSTANTIATE_TEST_SUITE_P(All, ToolApis, testing::ValuesIn(apis),
                         [](const auto& each) { return std::string(each.param.name); });

std::string chat_with_tool(std::string_view more) {
  return R"({"model":"gpt-4o","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function",)"
         R"("function":{"name":"weather","parameters":)" +
         std::string(schema) + "}}]" + std::string(more) + "}";
}

TEST(Tools, AreNotCalledUnlessTheyMust) {
  const json::value answer =
      post("/v1/chat/completions", chat_with_tool(R"(,"tool_choice":"auto")")).json();
  EXPECT_EQ(at(answer, "/choices/0/finish_reason"), "stop");
  EXPECT_EQ(at(answer, "/choices/0/message/tool_calls"), "");
}

TEST(Tools, AreCutAtTheCeilingToo) {
  const json::value answer =
      post("/v1/chat/completions", chat_with_tool(R"(,"tool_choice":"required","max_tokens":2)"))
          .json();
  EXPECT_EQ(at(answer, "/choices/0/finish_reason"), "length");
  EXPECT_LE(std::stoll(at(answer, "/usage/completion_tokens")), 2);
}

TEST(Tools, StandBehindWordsWhenMoreTokensAreSteered) {
  const json::value answer =
      post("/v1/chat/completions", chat_with_tool(R"(,"tool_choice":"required")"),
           {{"x-simulate-output-tokens", "40"}})
          .json();
  EXPECT_EQ(at(answer, "/usage/completion_tokens"), "40");
  EXPECT_NE(at(answer, "/choices/0/message/content"), "null");
  EXPECT_EQ(at(answer, "/choices/0/finish_reason"), "tool_calls");
}

}  // namespace
}  // namespace budget::simulated
