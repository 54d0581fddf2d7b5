// POST /v1/messages and /v1/messages/count_tokens; the same messages under
// Vertex AI's and Bedrock's paths.
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
  const json::object* choice = object_at(call.body, "tool_choice");
  const std::string_view type = choice ? string_at(*choice, "type") : "";
  if (type != "any" && type != "tool") return std::nullopt;
  std::vector<Tool> tools;
  if (const json::array* list = array_at(call.body, "tools")) {
    for (const json::value& each : *list) {
      const json::object* tool = each.if_object();
      if (tool) tools.push_back({string_at(*tool, "name"), member(*tool, "input_schema")});
    }
  }
  return tool_named(tools, type == "tool" ? string_at(*choice, "name") : "");
}

Demand demand_of(const Call& call) {
  Demand demand;
  demand.ceiling = integer_at(call.body, "max_tokens");
  demand.tool = demanded_tool(call);
  const json::object* thinking = object_at(call.body, "thinking");
  const std::string_view type = thinking ? string_at(*thinking, "type") : "";
  demand.thinking = type == "enabled" || type == "adaptive";
  const json::object* format = object_at(call.body, "output_format");
  if (const json::object* config = object_at(call.body, "output_config")) {
    format = object_at(*config, "format");
  }
  if (format && string_at(*format, "type") == "json_schema") {
    demand.json = true;
    demand.schema = member(*format, "schema");
  }
  return demand;
}

std::int64_t prompt_of(const Call& call) {
  const auto encoding = encoding_for(call.model);
  return message_tokens(encoding, member(call.body, "messages")) +
         said_tokens(encoding, member(call.body, "system")) +
         json_tokens(encoding, member(call.body, "tools"));
}

class Reply {
 public:
  explicit Reply(const Call& call)
      : call_(call), demand_(demand_of(call)), speech_(say(call, demand_)) {
    if (!call.steering.usage_missing) {
      prompt_ = prompt_of(call);
      cached_ = cached_of(call, prompt_);
    }
  }

  [[nodiscard]] Answer whole() const {
    std::string body = message_start();
    std::string_view comma;
    if (speech_.reasoning_tokens > 0) {
      body += R"({"type":"thinking","thinking":")";
      thought_of(call_, speech_).append_all(body);
      append(body, R"(","signature":")", signature(), R"("})");
      comma = ",";
    }
    if (speech_.has_text()) {
      append(body, comma, R"({"type":"text","text":")");
      speech_.text.append_all(body);
      body += R"("})";
      comma = ",";
    }
    if (speech_.arguments) {
      // A cut call's input is not JSON; plain answers then carry none of it.
      append(body, comma, tool_block(speech_.cut ? "{}" : *speech_.arguments));
    }
    append(body, R"(],"stop_reason":")", stop_reason(), R"(","stop_sequence":null)",
           usage_member(speech_.output_tokens()), "}");
    Answer answer = whole_answer(call_, std::move(body));
    add_counts(answer);
    return answer;
  }

  [[nodiscard]] Answer streamed() const {
    const bool bedrock = call_.speaker == Speaker::bedrock;
    auto events = std::make_unique<EventList>(bedrock ? Framing::aws_chunk : Framing::sse_named);
    events->add("message_start",
                concat(R"({"type":"message_start","message":)", message_start(),
                       R"(],"stop_reason":null,"stop_sequence":null)",
                       usage_member(std::min<std::int64_t>(speech_.output_tokens(), 1)), "}}"));
    events->add("ping", R"({"type":"ping"})");
    int index = 0;
    if (speech_.reasoning_tokens > 0) tell_thought(*events, index++);
    if (speech_.has_text()) tell_text(*events, index++);
    if (speech_.arguments) tell_tool(*events, index++);
    events->add("message_delta",
                concat(R"({"type":"message_delta","delta":{"stop_reason":")", stop_reason(),
                       R"(","stop_sequence":null})", final_usage(), "}"));
    events->add("message_stop", concat(R"({"type":"message_stop")", metrics(), "}"));
    return streamed_answer(
        call_, std::move(events),
        bedrock ? "application/vnd.amazon.eventstream" : "text/event-stream; charset=utf-8");
  }

 private:
  [[nodiscard]] std::string_view stop_reason() const {
    if (speech_.cut) return "max_tokens";
    return speech_.arguments ? "tool_use" : "end_turn";
  }
  [[nodiscard]] std::string signature() const { return make_id("", call_.seed + 5, 64); }

  // The message object up to and into its content.
  [[nodiscard]] std::string message_start() const {
    return concat(
        R"({"id":")",
        make_id(call_.speaker == Speaker::bedrock ? "msg_bdrk_01" : "msg_01", call_.seed, 22),
        R"(","type":"message","role":"assistant","model":)", Quoted{call_.model},
        R"(,"content":[)");
  }
  [[nodiscard]] std::string tool_block(std::string_view input) const {
    return concat(R"({"type":"tool_use","id":")", make_id("toolu_01", call_.seed, 22),
                  R"(","name":)", Quoted{demand_.tool->name}, R"(,"input":)", input, "}");
  }

  [[nodiscard]] std::string thinking_details() const {
    if (speech_.reasoning_tokens == 0) return {};
    return concat(R"(,"output_tokens_details":{"thinking_tokens":)", speech_.reasoning_tokens, "}");
  }
  [[nodiscard]] std::string usage_member(std::int64_t output) const {
    if (call_.steering.usage_missing) return {};
    return concat(
        R"(,"usage":{"input_tokens":)", prompt_ - cached_,
        R"(,"cache_creation_input_tokens":0,"cache_read_input_tokens":)", cached_,
        R"(,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},)"
        R"("output_tokens":)",
        output, output == speech_.output_tokens() ? thinking_details() : "",
        R"(,"service_tier":"standard"})");
  }
  // Of message_delta: cumulative.
  [[nodiscard]] std::string final_usage() const {
    if (call_.steering.usage_missing) return {};
    return concat(R"(,"usage":{"input_tokens":)", prompt_ - cached_,
                  R"(,"cache_creation_input_tokens":0,"cache_read_input_tokens":)", cached_,
                  R"(,"output_tokens":)", speech_.output_tokens(), thinking_details(), "}");
  }

  // What Bedrock adds to the last event and to a plain answer's headers.
  [[nodiscard]] std::string metrics() const {
    if (call_.speaker != Speaker::bedrock || call_.steering.usage_missing) return {};
    return concat(R"(,"amazon-bedrock-invocationMetrics":{"inputTokenCount":)", prompt_ - cached_,
                  R"(,"outputTokenCount":)", speech_.output_tokens(),
                  R"(,"invocationLatency":100,"firstByteLatency":50,"cacheReadInputTokenCount":)",
                  cached_, R"(,"cacheWriteInputTokenCount":0})");
  }
  void add_counts(Answer& answer) const {
    if (call_.speaker != Speaker::bedrock || call_.steering.usage_missing) return;
    answer.headers.emplace_back("x-amzn-bedrock-input-token-count",
                                std::to_string(prompt_ - cached_));
    answer.headers.emplace_back("x-amzn-bedrock-output-token-count",
                                std::to_string(speech_.output_tokens()));
  }

  void start_block(EventList& events, int index, std::string_view block) const {
    events.add("content_block_start", concat(R"({"type":"content_block_start","index":)", index,
                                             R"(,"content_block":)", block, "}"));
  }
  void stop_block(EventList& events, int index) const {
    events.add("content_block_stop",
               concat(R"({"type":"content_block_stop","index":)", index, "}"));
  }
  // `{"type":"content_block_delta",…,"delta":{"type":"KIND","FIELD":"`
  [[nodiscard]] static std::string delta(int index, std::string_view kind, std::string_view field) {
    return concat(R"({"type":"content_block_delta","index":)", index, R"(,"delta":{"type":")", kind,
                  R"(",")", field, R"(":")");
  }

  void tell_thought(EventList& events, int index) const {
    start_block(events, index, R"({"type":"thinking","thinking":"","signature":""})");
    events.tell({.type = "content_block_delta",
                 .before = delta(index, "thinking_delta", "thinking"),
                 .after = R"("}})"},
                thought_of(call_, speech_));
    events.add("content_block_delta",
               concat(delta(index, "signature_delta", "signature"), signature(), R"("}})"));
    stop_block(events, index);
  }
  void tell_text(EventList& events, int index) const {
    start_block(events, index, R"({"type":"text","text":""})");
    events.tell({.type = "content_block_delta",
                 .before = delta(index, "text_delta", "text"),
                 .after = R"("}})"},
                speech_.text);
    stop_block(events, index);
  }
  void tell_tool(EventList& events, int index) const {
    start_block(events, index, tool_block("{}"));
    events.tell({.type = "content_block_delta",
                 .before = delta(index, "input_json_delta", "partial_json"),
                 .after = R"("}})"},
                Text(*speech_.arguments));
    stop_block(events, index);
  }

  const Call& call_;
  Demand demand_;
  Speech speech_;
  std::int64_t prompt_ = 0;
  std::int64_t cached_ = 0;
};

std::optional<Answer> problem_of(const Call& call, bool counting) {
  if (call.model.empty()) return bad_request(call, "model: Field required");
  const json::array* messages = array_at(call.body, "messages");
  if (!messages) return bad_request(call, "messages: Field required");
  if (messages->empty()) return bad_request(call, "messages: at least one message is required");
  if (counting) return std::nullopt;
  if (!member(call.body, "max_tokens")) return bad_request(call, "max_tokens: Field required");
  if (integer_at(call.body, "max_tokens").value_or(0) < 1) {
    return bad_request(call,
                       "max_tokens: Input should be a whole number greater than or equal to 1");
  }
  const json::object* thinking = object_at(call.body, "thinking");
  if (thinking && string_at(*thinking, "type") == "enabled") {
    const std::int64_t tokens = integer_at(*thinking, "budget_tokens").value_or(0);
    if (tokens < 1024) {
      return bad_request(
          call, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
    }
    if (tokens >= *integer_at(call.body, "max_tokens")) {
      return bad_request(call, "`max_tokens` must be greater than `thinking.budget_tokens`.");
    }
  }
  return std::nullopt;
}

}  // namespace

Answer anthropic_message(const Call& call) {
  if (auto problem = problem_of(call, false)) return std::move(*problem);
  // Where the path names the model its verb says whether to stream.
  const bool by_verb =
      call.verb == "streamRawPredict" || call.verb == "invoke-with-response-stream";
  const bool stream = by_verb || (call.verb.empty() && true_at(call.body, "stream"));
  const Reply reply(call);
  return stream ? reply.streamed() : reply.whole();
}

Answer anthropic_count(const Call& call) {
  if (auto problem = problem_of(call, true)) return std::move(*problem);
  return whole_answer(call, concat(R"({"input_tokens":)", prompt_of(call), "}"));
}

}  // namespace budget::simulated
