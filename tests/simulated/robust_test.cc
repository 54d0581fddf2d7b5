// No request may bring the built-in provider down, whatever stands where in
// its body.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "tests/simulated/played.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

struct Example {
  const char* target;
  const char* body;
};

const Example examples[] =
    {
        {"/v1/chat/completions",
         R"({"model":"gpt-4o","messages":[{"role":"user","name":"n","content":[{"type":"text","text":"é"},{"type":"image_url","image_url":{"url":"data:"}}]}],"n":2,"max_tokens":9,"stream":true,"stream_options":{"include_usage":true},"service_tier":"flex","tool_choice":{"type":"function","function":{"name":"f"}},"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"a":{"enum":[1]}},"required":["a"]}}}],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"array","minItems":2,"items":{"$ref":"#"}}}}})"},
        {"/v1/completions", R"({"model":"m","prompt":["a",[1,2]],"n":2,"max_tokens":9})"},
        {"/v1/responses",
         R"({"model":"m","input":[{"role":"user","content":"x"}],"instructions":"i","max_output_tokens":20,"stream":true,"tool_choice":"required","tools":[{"type":"function","name":"f","parameters":{}}],"text":{"format":{"type":"json_schema","schema":{"type":"string"}}}})"},
        {"/v1/embeddings",
         R"({"model":"m","input":[[1,2],"a"],"dimensions":3,"encoding_format":"base64"})"},
        {"/v1/images/generations",
         R"({"model":"gpt-image-1","prompt":"p","n":2,"quality":"low","size":"1024x1536","stream":false})"},
        {"/v1/audio/speech",
         R"({"model":"tts-1","input":"i","response_format":"wav","stream_format":"sse"})"},
        {"/v1/moderations", R"({"input":["a"]})"},
        {"/v1/messages",
         R"({"model":"claude","max_tokens":3000,"system":[{"type":"text","text":"s"}],"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"x"}]}],"tool_choice":{"type":"tool","name":"f"},"tools":[{"name":"f","input_schema":{"type":"object"}}],"output_config":{"format":{"type":"json_schema","schema":{}}}})"},
        {"/v1beta/models/m:streamGenerateContent",
         R"({"contents":[{"parts":[{"text":"x"},{"inlineData":{"data":"AA=="}}]}],"systemInstruction":{"parts":[{"text":"s"}]},"generationConfig":{"maxOutputTokens":9,"candidateCount":2,"thinkingConfig":{"includeThoughts":true},"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"}},"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"tools":[{"functionDeclarations":[{"name":"f","parameters":{}}]}]})"},
        {"/v1beta/models/m:batchEmbedContents",
         R"({"requests":[{"content":{"parts":[]},"outputDimensionality":3}]})"},
        {"/v1/projects/p/locations/l/publishers/google/models/m:predict",
         R"({"instances":[{"content":"a"}],"parameters":{"outputDimensionality":3}})"},
        {"/model/m/converse",
         R"({"messages":[{"role":"user","content":[{"text":"x"}]}],"inferenceConfig":{"maxTokens":9},"toolConfig":{"toolChoice":{"any":{}},"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{}}}}]}})"},
        {"/model/amazon.titan-text/invoke",
         R"({"inputText":"x","textGenerationConfig":{"maxTokenCount":9}})"},
        {"/model/amazon.nova-lite/invoke", R"({"messages":[],"inferenceConfig":{"maxTokens":9}})"},
        {"/v2/chat",
         R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"tool_choice":"REQUIRED","tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"response_format":{"type":"json_object","schema":{}}})"},
        {"/v2/embed", R"({"model":"m","texts":["a"],"output_dimension":4})"},
        {"/v2/rerank", R"({"model":"m","query":"q","documents":["a","b"],"top_n":1})"},
        {"/api/chat",
         R"({"model":"m","messages":[{"role":"user","content":"x","images":["AA=="]}],"options":{"num_predict":5},"think":true,"format":{"type":"object"},"stream":false})"},
        {"/api/embed", R"({"model":"m","input":["a"]})"},
};

// Calls `visit` with every copy of `root` in which one value is another.
void change(json::value& root, json::value& node, const auto& visit) {
  const json::value kept = node;
  for (const char* other : {"null", "-1", "9223372036854775807", "1e300", "0.5", R"("")",
                            R"("\u0000é\"")", "[]", "{}", "[[]]", "true"}) {
    node = json::parse(other);
    visit(root);
  }
  node = kept;
  if (json::object* object = node.if_object()) {
    for (auto& member : *object) change(root, member.value(), visit);
  } else if (json::array* array = node.if_array()) {
    for (json::value& element : *array) change(root, element, visit);
  }
}

TEST(AnyBody, IsAnsweredOrRefusedInJson) {
  std::int64_t asked = 0;
  for (const Example& example : examples) {
    json::value body = json::parse(example.body);
    ASSERT_EQ(post(example.target, example.body).answer.status, 200) << example.target;
    change(body, body, [&](const json::value& changed) {
      ++asked;
      const std::string text = json::serialize(changed);
      const Played played = post(example.target, text);
      EXPECT_TRUE(played.answer.status == 200 || played.answer.status == 400) << text;
      EXPECT_FALSE(played.body.empty()) << text;
      const std::string_view type = played.header("content-type");
      if (type.starts_with("application/json")) {
        json::error_code error;
        json::parse(played.body, error);
        EXPECT_FALSE(error) << text << "\n" << played.body;
      }
      if (type.starts_with("text/event-stream")) {
        EXPECT_FALSE(played.events().empty()) << text;
      }
    });
  }
  EXPECT_GT(asked, 2'000);
}

TEST(AnySteering, StaysWithinBounds) {
  // 2^40 tokens asked for; the stream is 32 Mi long at most, so only its
  // beginning is played here.
  const Request request{
      .method = "POST",
      .path = "/v1/chat/completions",
      .headers = {{"x-simulate-output-tokens", "1099511627776"},
                  {"x-simulate-chunk-bytes", "1099511627776"}},
      .body = R"({"model":"gpt-4o","messages":[{"role":"user","content":"x"}],"stream":true})"};
  Answer endless = answer(request, steering_of(request, {}));
  const auto piece = endless.body.next();
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->bytes.size(), std::size_t{16} << 20);
}

}  // namespace
}  // namespace budget::simulated
