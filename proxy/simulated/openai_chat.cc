// POST /v1/chat/completions, also under Azure's and other vendors' paths.
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/openai_usage.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

std::vector<Tool> tools_of(const Call& call) {
  std::vector<Tool> tools;
  const json::array* list = array_at(call.body, "tools");
  if (!list) return tools;
  for (const json::value& each : *list) {
    const json::object* tool = each.if_object();
    const json::object* function = tool ? object_at(*tool, "function") : nullptr;
    if (function) tools.push_back({string_at(*function, "name"), member(*function, "parameters")});
  }
  return tools;
}

// The tool that tool_choice demands: "required", or one by name.
std::optional<Tool> demanded_tool(const Call& call) {
  const json::object* choice = object_at(call.body, "tool_choice");
  if (!choice && string_at(call.body, "tool_choice") != "required") return std::nullopt;
  const json::object* function = choice ? object_at(*choice, "function") : nullptr;
  return tool_named(tools_of(call), function ? string_at(*function, "name") : "");
}

Demand demand_of(const Call& call, std::optional<Answer>& problem) {
  Demand demand;
  demand.ceiling = ceiling_at(call, "max_completion_tokens", problem);
  if (!demand.ceiling) demand.ceiling = ceiling_at(call, "max_tokens", problem);
  demand.tool = demanded_tool(call);
  if (const json::object* format = object_at(call.body, "response_format")) {
    const std::string_view type = string_at(*format, "type");
    demand.json = type == "json_object" || type == "json_schema";
    const json::object* schema = object_at(*format, "json_schema");
    if (schema && type == "json_schema") demand.schema = member(*schema, "schema");
  }
  return demand;
}

std::string_view finish_reason_of(const Speech& speech) {
  if (speech.cut) return "length";
  return speech.arguments ? "tool_calls" : "stop";
}

struct Reply {
  const Call& call;
  const Demand& demand;
  std::vector<Speech> choices;

  [[nodiscard]] std::string usage() const {
    const auto encoding = encoding_for(call.model);
    OpenaiUsage usage;
    const json::value* messages = member(call.body, "messages");
    usage.prompt = message_tokens(encoding, messages ? messages : member(call.body, "prompt")) +
                   json_tokens(encoding, member(call.body, "tools"));
    usage.cached = cached_of(call, usage.prompt);
    for (const Speech& speech : choices) {
      usage.completion += speech.output_tokens();
      usage.reasoning += speech.reasoning_tokens;
    }
    return chat_usage(usage);
  }
  [[nodiscard]] std::string call_id(std::size_t choice) const {
    return make_id("call_", call.seed + choice, 24);
  }
};

Answer whole(const Reply& reply) {
  const Call& call = reply.call;
  std::string body;
  body.reserve(1024);
  append(body, R"({"id":")", make_id("chatcmpl-", call.seed, 29),
         R"(","object":"chat.completion","created":)", created_at, R"(,"model":)",
         Quoted{call.model}, R"(,"choices":[)");
  for (std::size_t i = 0; i < reply.choices.size(); ++i) {
    const Speech& speech = reply.choices[i];
    append(body, i > 0 ? "," : "", R"({"index":)", i,
           R"(,"message":{"role":"assistant","content":)");
    if (speech.has_text()) {
      body += '"';
      speech.text.append_all(body);
      body += '"';
    } else {
      body += "null";
    }
    body += R"(,"refusal":null,"annotations":[])";
    if (speech.arguments) {
      append(body, R"(,"tool_calls":[{"id":")", reply.call_id(i),
             R"(","type":"function","function":{"name":)", Quoted{reply.demand.tool->name},
             R"(,"arguments":)", Quoted{*speech.arguments}, "}}]");
    }
    append(body, R"(},"logprobs":null,"finish_reason":")", finish_reason_of(speech), R"("})");
  }
  body += ']';
  if (!call.steering.usage_missing) append(body, R"(,"usage":)", reply.usage());
  append(body, R"(,"service_tier":")", service_tier_of(call),
         R"(","system_fingerprint":"fp_simulated"})");
  return whole_answer(call, std::move(body));
}

Answer streamed(const Reply& reply) {
  const Call& call = reply.call;
  const bool with_usage = usage_asked(call) && !call.steering.usage_missing;
  const std::string head =
      concat(R"({"id":")", make_id("chatcmpl-", call.seed, 29),
             R"(","object":"chat.completion.chunk","created":)", created_at, R"(,"model":)",
             Quoted{call.model}, R"(,"service_tier":")", service_tier_of(call),
             R"(","system_fingerprint":"fp_simulated","choices":[)");
  const std::string_view end = usage_asked(call) ? R"(],"usage":null})" : "]}";
  constexpr std::string_view unfinished = R"(},"logprobs":null,"finish_reason":null})";

  auto events = std::make_unique<EventList>(Framing::sse);
  for (std::size_t i = 0; i < reply.choices.size(); ++i) {
    const Speech& speech = reply.choices[i];
    const std::string choice = concat(head, R"({"index":)", i, R"(,"delta":{)");
    events->add(
        "", concat(choice, R"("role":"assistant","content":)", speech.has_text() ? R"("")" : "null",
                   R"(,"refusal":null)", unfinished, end));
    events->tell({.before = choice + R"("content":")", .after = concat("\"", unfinished, end)},
                 speech.text);
    if (speech.arguments) {
      events->add(
          "", concat(choice, R"("tool_calls":[{"index":0,"id":")", reply.call_id(i),
                     R"(","type":"function","function":{"name":)", Quoted{reply.demand.tool->name},
                     R"(,"arguments":""}}])", unfinished, end));
      events->tell({.before = choice + R"("tool_calls":[{"index":0,"function":{"arguments":")",
                    .after = concat(R"("}}])", unfinished, end)},
                   Text(*speech.arguments));
    }
    events->add("", concat(choice, R"(},"logprobs":null,"finish_reason":")",
                           finish_reason_of(speech), R"("})", end));
  }
  if (with_usage) events->add("", concat(head, R"(],"usage":)", reply.usage(), "}"));
  events->raw("data: [DONE]\n\n");
  return streamed_answer(call, std::move(events), "text/event-stream; charset=utf-8");
}

}  // namespace

Answer openai_chat(const Call& call) {
  if (auto problem = model_problem(call)) return std::move(*problem);
  const bool fill_in_middle = call.verb == "fim";  // Mistral's, with a prompt instead of messages
  if (auto problem = missing_problem(call, fill_in_middle ? "prompt" : "messages")) {
    return std::move(*problem);
  }
  if (!fill_in_middle &&
      (!array_at(call.body, "messages") || array_at(call.body, "messages")->empty())) {
    return bad_request(call, "Invalid 'messages': expected an array with at least one message.",
                       "messages");
  }
  std::optional<Answer> problem;
  Demand demand = demand_of(call, problem);
  const std::int64_t count = choices_of(call, problem);
  demand.choices = count;
  if (problem) return std::move(*problem);

  Reply reply{call, demand, {}};
  reply.choices.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    reply.choices.push_back(say(call, demand, static_cast<std::uint64_t>(i)));
  }
  return true_at(call.body, "stream") ? streamed(reply) : whole(reply);
}

}  // namespace budget::simulated
