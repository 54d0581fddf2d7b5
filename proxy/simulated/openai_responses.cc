// POST /v1/responses. The order of the stream's events is the one that
// OpenAI's reference for streaming responses gives.
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/openai_usage.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

std::optional<Tool> demanded_tool(const Call& call) {
  const json::object* choice = object_at(call.body, "tool_choice");
  if (!choice && string_at(call.body, "tool_choice") != "required") return std::nullopt;
  std::vector<Tool> tools;
  if (const json::array* list = array_at(call.body, "tools")) {
    for (const json::value& each : *list) {
      const json::object* tool = each.if_object();
      if (tool && string_at(*tool, "type") == "function") {
        tools.push_back({string_at(*tool, "name"), member(*tool, "parameters")});
      }
    }
  }
  return tool_named(tools, choice ? string_at(*choice, "name") : "");
}

Demand demand_of(const Call& call, std::optional<Answer>& problem) {
  Demand demand;
  demand.ceiling = ceiling_at(call, "max_output_tokens", problem);
  demand.tool = demanded_tool(call);
  const json::object* text = object_at(call.body, "text");
  if (const json::object* format = text ? object_at(*text, "format") : nullptr) {
    const std::string_view type = string_at(*format, "type");
    demand.json = type == "json_object" || type == "json_schema";
    if (type == "json_schema") demand.schema = member(*format, "schema");
  }
  return demand;
}

// Makes the answer's objects. `status` is the whole response's.
class Reply {
 public:
  Reply(const Call& call, const Demand& demand)
      : call_(call), demand_(demand), speech_(say(call, demand)) {}

  [[nodiscard]] Answer whole() const {
    std::string body = response_start(end_status());
    body += items_before_text();
    if (speech_.has_text()) {
      body += message_start("completed");
      speech_.text.append_all(body);
      body += message_end();
    }
    body += items_after_text();
    body += response_end(true);
    return whole_answer(call_, std::move(body));
  }

  [[nodiscard]] Answer streamed() {
    events_->add("response.created", numbered("response.created") + empty_response());
    events_->add("response.in_progress", numbered("response.in_progress") + empty_response());
    if (speech_.reasoning_tokens > 0) tell_reasoning();
    if (speech_.has_text()) tell_message();
    if (speech_.arguments) tell_function_call();
    const std::string type = concat("response.", end_status());
    std::string before = concat(numbered(type), R"(,"response":)", response_start(end_status()),
                                items_before_text());
    std::string after = concat(items_after_text(), response_end(true), "}");
    if (speech_.has_text()) {
      events_->add_whole(type, before + message_start("completed"), speech_.text,
                         message_end() + after);
    } else {
      events_->add(type, before + after);
    }
    return streamed_answer(call_, std::move(events_), "text/event-stream; charset=utf-8");
  }

 private:
  [[nodiscard]] std::string_view end_status() const {
    return speech_.cut ? "incomplete" : "completed";
  }
  [[nodiscard]] std::string message_id() const { return make_id("msg_", call_.seed + 1, 48); }
  [[nodiscard]] std::string function_id() const { return make_id("fc_", call_.seed + 2, 48); }
  [[nodiscard]] std::string call_id() const { return make_id("call_", call_.seed + 3, 24); }
  [[nodiscard]] std::size_t message_index() const { return speech_.reasoning_tokens > 0 ? 1 : 0; }
  [[nodiscard]] std::size_t function_index() const {
    return message_index() + (speech_.has_text() ? 1 : 0);
  }

  // The response object up to and into its output.
  [[nodiscard]] std::string response_start(std::string_view status) const {
    std::string text =
        concat(R"({"id":")", make_id("resp_", call_.seed, 48),
               R"(","object":"response","created_at":)", created_at, R"(,"status":")", status,
               R"(","background":false,"error":null,"incomplete_details":)",
               status == "incomplete" ? R"({"reason":"max_output_tokens"})" : "null",
               R"(,"instructions":)");
    copy_or_null(text, "instructions");
    text += R"(,"max_output_tokens":)";
    demand_.ceiling ? append(text, *demand_.ceiling) : append(text, "null");
    append(text, R"(,"model":)", Quoted{call_.model},
           R"(,"parallel_tool_calls":true,"previous_response_id":null,)"
           R"("reasoning":{"effort":null,"summary":null},"service_tier":")",
           service_tier_of(call_),
           R"(","store":true,"temperature":1.0,"text":{"format":{"type":"text"}},)"
           R"("tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","output":[)");
    return text;
  }
  void copy_or_null(std::string& out, std::string_view key) const {
    const json::value* value = member(call_.body, key);
    value && value->is_string() ? append(out, Quoted{view(value->get_string())})
                                : append(out, "null");
  }

  [[nodiscard]] std::string response_end(bool with_usage) const {
    std::string text = "]";
    if (with_usage && !call_.steering.usage_missing) append(text, R"(,"usage":)", usage());
    if (!with_usage) text += R"(,"usage":null)";
    return text + R"(,"user":null,"metadata":{}})";
  }

  [[nodiscard]] std::string usage() const {
    const auto encoding = encoding_for(call_.model);
    std::int64_t input = message_tokens(encoding, member(call_.body, "input")) +
                         json_tokens(encoding, member(call_.body, "tools"));
    const std::string_view instructions = string_at(call_.body, "instructions");
    if (!instructions.empty()) input += 4 + tokens_of(encoding, instructions);
    const std::int64_t output = speech_.output_tokens();
    return concat(R"({"input_tokens":)", input, R"(,"input_tokens_details":{"cached_tokens":)",
                  cached_of(call_, input), R"(},"output_tokens":)", output,
                  R"(,"output_tokens_details":{"reasoning_tokens":)", speech_.reasoning_tokens,
                  R"(},"total_tokens":)", input + output, "}");
  }

  [[nodiscard]] std::string empty_response() const {
    return concat(R"(,"response":)", response_start("in_progress"), response_end(false), "}");
  }

  [[nodiscard]] std::string reasoning_item() const {
    return concat(R"({"id":")", make_id("rs_", call_.seed + 4, 48),
                  R"(","type":"reasoning","summary":[]})");
  }
  [[nodiscard]] std::string items_before_text() const {
    if (speech_.reasoning_tokens == 0) return {};
    return reasoning_item() + (speech_.has_text() ? "," : "");
  }
  [[nodiscard]] std::string message_start(std::string_view status) const {
    return concat(R"({"id":")", message_id(), R"(","type":"message","status":")",
                  speech_.cut ? "incomplete" : status,
                  R"(","role":"assistant","content":[{"type":"output_text","annotations":[],)"
                  R"("logprobs":[],"text":")");
  }
  [[nodiscard]] static std::string message_end() { return R"("}]})"; }
  [[nodiscard]] std::string function_item(std::string_view status,
                                          std::string_view arguments) const {
    return concat(R"({"id":")", function_id(), R"(","type":"function_call","status":")", status,
                  R"(","call_id":")", call_id(), R"(","name":)", Quoted{demand_.tool->name},
                  R"(,"arguments":)", Quoted{arguments}, "}");
  }
  [[nodiscard]] std::string items_after_text() const {
    if (!speech_.arguments) return {};
    return (function_index() > 0 ? "," : "") + function_item(end_status(), *speech_.arguments);
  }

  // `{"type":"…","sequence_number":N`, to be gone on.
  std::string numbered(std::string_view type) {
    return concat(R"({"type":")", type, R"(","sequence_number":)", sequence_++);
  }

  void tell_reasoning() {
    for (const std::string_view type :
         {"response.output_item.added", "response.output_item.done"}) {
      events_->add(type,
                   concat(numbered(type), R"(,"output_index":0,"item":)", reasoning_item(), "}"));
    }
  }

  // An event for each step of `text`, numbered on.
  void tell_deltas(std::string_view type, std::string_view where, const Text& text) {
    events_->tell({.type = std::string(type),
                   .before = concat(R"({"type":")", type, R"(")", where, R"(,"delta":")"),
                   .after = "\"",
                   .counters = {{R"(,"sequence_number":)", sequence_ - 1}},
                   .end = "}"},
                  text);
    sequence_ += text.steps();
  }

  void tell_message() {
    const std::string at = concat(R"(,"output_index":)", message_index());
    const std::string where =
        concat(R"(,"item_id":")", message_id(), "\"", at, R"(,"content_index":0)");
    constexpr std::string_view part =
        R"(,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":")";

    events_->add(
        "response.output_item.added",
        concat(numbered("response.output_item.added"), at, R"(,"item":{"id":")", message_id(),
               R"(","type":"message","status":"in_progress","role":"assistant","content":[]}})"));
    events_->add("response.content_part.added",
                 concat(numbered("response.content_part.added"), where, part, R"("}})"));
    tell_deltas("response.output_text.delta", where + R"(,"logprobs":[])", speech_.text);
    events_->add_whole(
        "response.output_text.done",
        concat(numbered("response.output_text.done"), where, R"(,"logprobs":[],"text":")"),
        speech_.text, "\"}");
    events_->add_whole("response.content_part.done",
                       concat(numbered("response.content_part.done"), where, part), speech_.text,
                       R"("}})");
    events_->add_whole("response.output_item.done",
                       concat(numbered("response.output_item.done"), at, R"(,"item":)",
                              message_start("completed")),
                       speech_.text, message_end() + "}");
  }

  void tell_function_call() {
    const std::string at = concat(R"(,"output_index":)", function_index());
    const std::string where = concat(R"(,"item_id":")", function_id(), "\"", at);
    events_->add("response.output_item.added",
                 concat(numbered("response.output_item.added"), at, R"(,"item":)",
                        function_item("in_progress", ""), "}"));
    tell_deltas("response.function_call_arguments.delta", where, Text(*speech_.arguments));
    events_->add(
        "response.function_call_arguments.done",
        concat(numbered("response.function_call_arguments.done"), where, R"(,"name":)",
               Quoted{demand_.tool->name}, R"(,"arguments":)", Quoted{*speech_.arguments}, "}"));
    events_->add("response.output_item.done",
                 concat(numbered("response.output_item.done"), at, R"(,"item":)",
                        function_item(end_status(), *speech_.arguments), "}"));
  }

  const Call& call_;
  const Demand& demand_;
  Speech speech_;
  std::unique_ptr<EventList> events_ = std::make_unique<EventList>(Framing::sse_named);
  std::int64_t sequence_ = 0;
};

}  // namespace

Answer openai_response(const Call& call) {
  if (auto problem = model_problem(call)) return std::move(*problem);
  if (auto problem = missing_problem(call, "input")) return std::move(*problem);
  std::optional<Answer> problem;
  const Demand demand = demand_of(call, problem);
  if (problem) return std::move(*problem);
  Reply reply(call, demand);
  return true_at(call.body, "stream") ? reply.streamed() : reply.whole();
}

}  // namespace budget::simulated
