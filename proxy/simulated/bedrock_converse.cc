// POST /model/{id}/converse and /converse-stream.
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

std::optional<Tool> demanded_tool(const Call& call) {
  const json::object* config = object_at(call.body, "toolConfig");
  const json::object* choice = config ? object_at(*config, "toolChoice") : nullptr;
  const json::object* named = choice ? object_at(*choice, "tool") : nullptr;
  if (!named && !(choice && object_at(*choice, "any"))) return std::nullopt;
  std::vector<Tool> tools;
  const json::array* list = array_at(*config, "tools");
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    const json::object* tool = (*list)[i].if_object();
    const json::object* spec = tool ? object_at(*tool, "toolSpec") : nullptr;
    const json::object* schema = spec ? object_at(*spec, "inputSchema") : nullptr;
    if (spec)
      tools.push_back({string_at(*spec, "name"), schema ? member(*schema, "json") : nullptr});
  }
  return tool_named(tools, named ? string_at(*named, "name") : "");
}

Demand demand_of(const Call& call) {
  Demand demand;
  demand.tool = demanded_tool(call);
  if (const json::object* config = object_at(call.body, "inferenceConfig")) {
    demand.ceiling = integer_at(*config, "maxTokens");
  }
  return demand;
}

std::string_view stop_reason_of(const Speech& speech) {
  if (speech.cut) return "max_tokens";
  return speech.arguments ? "tool_use" : "end_turn";
}

// Every total counts the cached tokens, inputTokens does not.
std::string usage_of(const Call& call, const Speech& speech) {
  const auto encoding = encoding_for(call.model);
  const std::int64_t prompt = message_tokens(encoding, member(call.body, "messages")) +
                              said_tokens(encoding, member(call.body, "system")) +
                              json_tokens(encoding, member(call.body, "toolConfig"));
  const std::int64_t cached = cached_of(call, prompt);
  return concat(R"({"inputTokens":)", prompt - cached, R"(,"outputTokens":)",
                speech.output_tokens(), R"(,"totalTokens":)", prompt + speech.output_tokens(),
                R"(,"cacheReadInputTokens":)", cached, R"(,"cacheWriteInputTokens":0})");
}

std::string tool_start(const Call& call, const Demand& demand) {
  return concat(R"({"toolUseId":")", make_id("tooluse_", call.seed, 22), R"(","name":)",
                Quoted{demand.tool->name});
}

Answer whole(const Call& call, const Demand& demand, const Speech& speech) {
  std::string body = R"({"output":{"message":{"role":"assistant","content":[)";
  if (speech.has_text()) {
    body += R"({"text":")";
    speech.text.append_all(body);
    body += R"("})";
  }
  if (speech.arguments) {
    // A cut call's input is not JSON; a plain answer then carries none of it.
    append(body, speech.has_text() ? "," : "", R"({"toolUse":)", tool_start(call, demand),
           R"(,"input":)", speech.cut ? "{}" : *speech.arguments, "}}");
  }
  append(body, R"(]}},"stopReason":")", stop_reason_of(speech), R"(","metrics":{"latencyMs":100})");
  if (!call.steering.usage_missing) append(body, R"(,"usage":)", usage_of(call, speech));
  return whole_answer(call, body + "}");
}

// Amazon pads every event's payload with letters of random number.
constexpr std::string_view padding = R"(,"p":"abcdefghijkl"})";

Answer streamed(const Call& call, const Demand& demand, const Speech& speech) {
  auto events = std::make_unique<EventList>(Framing::aws);
  events->add("messageStart", concat(R"({"role":"assistant")", padding));
  int index = 0;
  const auto tell = [&](const Text& text, std::string_view before, std::string_view after) {
    const std::string at = concat(R"({"contentBlockIndex":)", index);
    events->tell({.type = "contentBlockDelta",
                  .before = concat(at, R"(,"delta":)", before),
                  .after = concat(after, padding)},
                 text);
    events->add("contentBlockStop", concat(at, padding));
    ++index;
  };
  if (speech.has_text()) tell(speech.text, R"({"text":")", R"("})");
  if (speech.arguments) {
    events->add("contentBlockStart",
                concat(R"({"contentBlockIndex":)", index, R"(,"start":{"toolUse":)",
                       tool_start(call, demand), "}}", padding));
    tell(Text(*speech.arguments), R"({"toolUse":{"input":")", R"("}})");
  }
  events->add("messageStop", concat(R"({"stopReason":")", stop_reason_of(speech), "\"", padding));
  std::string metadata = R"({"metrics":{"latencyMs":100})";
  if (!call.steering.usage_missing) append(metadata, R"(,"usage":)", usage_of(call, speech));
  events->add("metadata", metadata + std::string(padding));
  return streamed_answer(call, std::move(events), "application/vnd.amazon.eventstream");
}

}  // namespace

Answer bedrock_converse(const Call& call) {
  const json::array* messages = array_at(call.body, "messages");
  if (!messages || messages->empty()) {
    return bad_request(call, "The value at messages must not be empty.");
  }
  const Demand demand = demand_of(call);
  if (demand.ceiling.value_or(1) < 1) {
    return bad_request(call, "The value at inferenceConfig.maxTokens must be at least 1.");
  }
  const Speech speech = say(call, demand);
  return call.verb == "converse-stream" ? streamed(call, demand, speech)
                                        : whole(call, demand, speech);
}

}  // namespace budget::simulated
