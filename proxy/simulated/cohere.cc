// Cohere's v2: /v2/chat, /v2/embed (and /v1/embed), /v2/rerank.
#include <algorithm>
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

std::optional<Tool> demanded_tool(const Call& call) {
  if (string_at(call.body, "tool_choice") != "REQUIRED") return std::nullopt;
  std::vector<Tool> tools;
  const json::array* list = array_at(call.body, "tools");
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    const json::object* tool = (*list)[i].if_object();
    const json::object* function = tool ? object_at(*tool, "function") : nullptr;
    if (function) tools.push_back({string_at(*function, "name"), member(*function, "parameters")});
  }
  return tool_named(tools, "");
}

Demand demand_of(const Call& call) {
  Demand demand;
  demand.ceiling = integer_at(call.body, "max_tokens");
  demand.tool = demanded_tool(call);
  if (const json::object* format = object_at(call.body, "response_format")) {
    demand.json = string_at(*format, "type") == "json_object";
    demand.schema = member(*format, "schema");
    if (!demand.schema) demand.schema = member(*format, "json_schema");
  }
  return demand;
}

std::string_view finish_reason_of(const Speech& speech) {
  if (speech.cut) return "MAX_TOKENS";
  return speech.arguments ? "TOOL_CALL" : "COMPLETE";
}

// billed_units leaves out the tokens of Cohere's own prompt template, `tokens`
// has them; this template is empty. Both are floats in Cohere's answers.
std::string usage_of(const Call& call, const Speech& speech) {
  const auto encoding = encoding_for(call.model);
  const std::int64_t input = said_tokens(encoding, member(call.body, "messages")) +
                             json_tokens(encoding, member(call.body, "tools"));
  std::string both =
      concat(R"({"input_tokens":)", input, R"(.0,"output_tokens":)", speech.output_tokens(), ".0}");
  return concat(R"({"billed_units":)", both, R"(,"tokens":)", both, R"(,"cached_tokens":)",
                cached_of(call, input), "}");
}

std::string tool_call(const Call& call, const Demand& demand, std::string_view arguments) {
  return concat(R"({"id":")", make_id("call_", call.seed, 12),
                R"(","type":"function","function":{"name":)", Quoted{demand.tool->name},
                R"(,"arguments":)", Quoted{arguments}, "}}");
}

Answer whole(const Call& call, const Demand& demand, const Speech& speech) {
  std::string body = concat(R"({"id":")", make_id("", call.seed, 36), R"(","finish_reason":")",
                            finish_reason_of(speech), R"(","message":{"role":"assistant")");
  if (speech.has_text()) {
    body += R"(,"content":[{"type":"text","text":")";
    speech.text.append_all(body);
    body += R"("}])";
  }
  if (speech.arguments) {
    append(body, R"(,"tool_calls":[)", tool_call(call, demand, *speech.arguments), "]");
  }
  body += '}';
  if (!call.steering.usage_missing) append(body, R"(,"usage":)", usage_of(call, speech));
  return whole_answer(call, body + "}");
}

Answer streamed(const Call& call, const Demand& demand, const Speech& speech) {
  auto events = std::make_unique<EventList>(Framing::sse_named);
  events->add(
      "message-start",
      concat(
          R"({"type":"message-start","id":")", make_id("", call.seed, 36),
          R"(","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}})"));
  if (speech.has_text()) {
    events->add(
        "content-start",
        R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})");
    events->tell(
        {.type = "content-delta",
         .before = R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":")",
         .after = R"("}}}})"},
        speech.text);
    events->add("content-end", R"({"type":"content-end","index":0})");
  }
  if (speech.arguments) {
    events->add("tool-call-start",
                concat(R"({"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":)",
                       tool_call(call, demand, ""), "}}}"));
    events->tell(
        {.type = "tool-call-delta",
         .before =
             R"({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":")",
         .after = R"("}}}}})"},
        Text(*speech.arguments));
    events->add("tool-call-end", R"({"type":"tool-call-end","index":0})");
  }
  std::string end =
      concat(R"({"type":"message-end","delta":{"finish_reason":")", finish_reason_of(speech), "\"");
  if (!call.steering.usage_missing) append(end, R"(,"usage":)", usage_of(call, speech));
  events->add("message-end", end + "}}");
  return streamed_answer(call, std::move(events));
}

constexpr std::int64_t dimensions_usual = 1536;  // embed-v4.0's
constexpr std::size_t inputs_max = 96;           // Cohere's own limit

}  // namespace

Answer cohere_chat(const Call& call) {
  if (call.model.empty()) return bad_request(call, "invalid request: model is required.");
  const json::array* messages = array_at(call.body, "messages");
  if (!messages || messages->empty()) {
    return bad_request(call, "invalid request: at least one message is required.");
  }
  const Demand demand = demand_of(call);
  if (demand.ceiling.value_or(1) < 1) {
    return bad_request(call, "invalid request: max_tokens must be at least 1.");
  }
  const Speech speech = say(call, demand);
  return true_at(call.body, "stream") ? streamed(call, demand, speech)
                                      : whole(call, demand, speech);
}

Answer cohere_embed(const Call& call) {
  if (call.model.empty()) return bad_request(call, "invalid request: model is required.");
  const json::array* texts = array_at(call.body, "texts");
  const json::array* inputs = texts ? texts : array_at(call.body, "inputs");
  if (!inputs || inputs->empty() || inputs->size() > inputs_max) {
    return bad_request(call, "invalid request: texts must hold 1 to 96 texts.");
  }
  const std::int64_t dimensions = std::clamp<std::int64_t>(
      integer_at(call.body, "output_dimension").value_or(dimensions_usual), 1, dimensions_usual);
  std::string vectors = "[";
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < inputs->size(); ++i) {
    tokens += said_tokens(encoding_for(call.model), &(*inputs)[i]);
    if (i > 0) vectors += ',';
    append_vector(vectors, call.seed + i, dimensions);
  }
  vectors += ']';
  // The old API without embedding_types answers a bare list.
  const bool bare = call.verb == "v1" && !member(call.body, "embedding_types");
  std::string body =
      concat(R"({"id":")", make_id("", call.seed, 36), R"(","response_type":")",
             bare ? "embeddings_floats" : "embeddings_by_type", R"(","embeddings":)",
             bare ? "" : R"({"float":)", vectors, bare ? "" : "}",
             R"(,"texts":[],"meta":{"api_version":{"version":")", bare ? "1" : "2", R"("})");
  if (!call.steering.usage_missing)
    append(body, R"(,"billed_units":{"input_tokens":)", tokens, "}");
  return whole_answer(call, body + "}}");
}

Answer cohere_rerank(const Call& call) {
  if (call.model.empty()) return bad_request(call, "invalid request: model is required.");
  const json::array* documents = array_at(call.body, "documents");
  if (!documents || documents->empty() || string_at(call.body, "query").empty()) {
    return bad_request(call, "invalid request: query and documents are required.");
  }
  const auto size = static_cast<std::int64_t>(documents->size());
  const std::int64_t count =
      std::clamp<std::int64_t>(integer_at(call.body, "top_n").value_or(size), 1, size);
  std::string body = R"({"id":")" + make_id("", call.seed, 36) + R"(","results":[)";
  for (std::int64_t i = 0; i < count; ++i) {
    // Scores fall from 0.999 on; the order is the documents' own.
    append(body, i > 0 ? "," : "", R"({"index":)", i, R"(,"relevance_score":0.)",
           std::max<std::int64_t>(999 - i, 100), "}");
  }
  body += R"(],"meta":{"api_version":{"version":"2"})";
  // A search unit is one query over up to 100 documents (Cohere's pricing page).
  if (!call.steering.usage_missing) {
    append(body, R"(,"billed_units":{"search_units":)", (size + 99) / 100, "}");
  }
  return whole_answer(call, body + "}}");
}

}  // namespace budget::simulated
