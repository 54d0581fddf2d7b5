// Gemini's generateContent and its relatives, on Google AI and on Vertex AI.
#include <algorithm>
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

// Google's JSON may be written in either case.
const json::value* either(const json::object& object, std::string_view camel,
                          std::string_view snake) {
  const json::value* value = member(object, camel);
  return value ? value : member(object, snake);
}
const json::object* either_object(const json::object& object, std::string_view camel,
                                  std::string_view snake) {
  const json::value* value = either(object, camel, snake);
  return value ? value->if_object() : nullptr;
}

std::optional<Tool> demanded_tool(const Call& call) {
  const json::object* config = either_object(call.body, "toolConfig", "tool_config");
  const json::object* calling =
      config ? either_object(*config, "functionCallingConfig", "function_calling_config") : nullptr;
  if (!calling || string_at(*calling, "mode") != "ANY") return std::nullopt;
  std::vector<Tool> functions;
  const json::array* tools = array_at(call.body, "tools");
  for (std::size_t i = 0; tools && i < tools->size(); ++i) {
    const json::object* tool = (*tools)[i].if_object();
    const json::value* declared =
        tool ? either(*tool, "functionDeclarations", "function_declarations") : nullptr;
    const json::array* list = declared ? declared->if_array() : nullptr;
    for (std::size_t k = 0; list && k < list->size(); ++k) {
      const json::object* function = (*list)[k].if_object();
      if (!function) continue;
      const json::value* schema = member(*function, "parametersJsonSchema");
      functions.push_back(
          {string_at(*function, "name"), schema ? schema : member(*function, "parameters")});
    }
  }
  const json::value* allowed = either(*calling, "allowedFunctionNames", "allowed_function_names");
  const json::array* names = allowed ? allowed->if_array() : nullptr;
  const json::string* first = names && !names->empty() ? names->front().if_string() : nullptr;
  return tool_named(functions, first ? view(*first) : "");
}

const json::object* config_of(const Call& call) {
  return either_object(call.body, "generationConfig", "generation_config");
}

bool thoughts_shown(const Call& call) {
  const json::object* config = config_of(call);
  const json::object* thinking =
      config ? either_object(*config, "thinkingConfig", "thinking_config") : nullptr;
  return thinking &&
         (true_at(*thinking, "includeThoughts") || true_at(*thinking, "include_thoughts"));
}

std::int64_t candidates_of(const Call& call) {
  const json::object* config = config_of(call);
  if (!config) return 1;
  const auto count = integer_at(*config, "candidateCount");
  return count ? *count : integer_at(*config, "candidate_count").value_or(1);
}

Demand demand_of(const Call& call) {
  Demand demand;
  demand.reasoning_beside_output = true;
  demand.choices = candidates_of(call);
  demand.thinking = thoughts_shown(call);
  demand.tool = demanded_tool(call);
  const json::object* config = config_of(call);
  if (!config) return demand;
  demand.ceiling = integer_at(*config, "maxOutputTokens");
  if (!demand.ceiling) demand.ceiling = integer_at(*config, "max_output_tokens");
  demand.json = string_at(*config, "responseMimeType") == "application/json" ||
                string_at(*config, "response_mime_type") == "application/json";
  demand.schema = member(*config, "responseJsonSchema");
  if (!demand.schema) demand.schema = either(*config, "responseSchema", "response_schema");
  return demand;
}

std::int64_t prompt_of(const Call& call, const json::object& body) {
  const auto encoding = encoding_for(call.model);
  return said_tokens(encoding, member(body, "contents")) +
         said_tokens(encoding, either(body, "systemInstruction", "system_instruction")) +
         json_tokens(encoding, member(body, "tools"));
}

class Reply {
 public:
  explicit Reply(const Call& call) : call_(call), demand_(demand_of(call)) {
    for (std::int64_t i = 0; i < candidates_of(call); ++i) {
      choices_.push_back(say(call, demand_, static_cast<std::uint64_t>(i)));
      said_ += choices_.back().said_tokens();
      thoughts_ += choices_.back().reasoning_tokens;
    }
    if (!call.steering.usage_missing) prompt_ = prompt_of(call, call.body);
  }

  [[nodiscard]] Answer whole() const {
    std::string body = R"({"candidates":[)";
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      const Speech& speech = choices_[i];
      append(body, i > 0 ? "," : "", R"({"content":{"parts":[)");
      std::string_view comma;
      if (speech.reasoning_tokens > 0 && thoughts_shown(call_)) {
        body += R"({"thought":true,"text":")";
        thought_of(call_, speech).append_all(body);
        body += R"("})";
        comma = ",";
      }
      if (speech.has_text()) {
        append(body, comma, R"({"text":")");
        speech.text.append_all(body);
        body += R"("})";
        comma = ",";
      }
      if (whole_call(speech)) append(body, comma, function_part(speech));
      append(body, R"(],"role":"model"},"finishReason":")", finish_reason(speech), R"(","index":)",
             i, "}");
    }
    append(body, "]", usage_member(said_), tail());
    return whole_answer(call_, std::move(body), "application/json; charset=UTF-8");
  }

  [[nodiscard]] Answer streamed() const {
    const bool sse = call_.request.query.find("alt=sse") != std::string::npos;
    auto events = std::make_unique<EventList>(sse ? Framing::sse_crlf : Framing::json_array);
    std::int64_t said = 0;
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      const Speech& speech = choices_[i];
      const std::string end = concat(R"(],"role":"model"},"index":)", i, "}]");
      if (speech.reasoning_tokens > 0 && thoughts_shown(call_)) {
        events->tell({.before = start() + R"({"thought":true,"text":")",
                      .after = concat(R"("})", end, usage_member(said), tail()),
                      .tokens_each = tokens_each},
                     thought_of(call_, speech));
      }
      tell_text(*events, speech, end, said);
      if (whole_call(speech)) {
        events->add("", concat(start(), function_part(speech), end, usage_member(said), tail()));
      }
      said += speech.said_tokens();
      events->add(
          "", concat(start(), R"({"text":""}],"role":"model"},"finishReason":")",
                     finish_reason(speech), R"(","index":)", i, "}]", usage_member(said), tail()));
    }
    return streamed_answer(call_, std::move(events),
                           sse ? "text/event-stream" : "application/json; charset=UTF-8");
  }

 private:
  // A streamed chunk holds about this many tokens.
  static constexpr std::int64_t tokens_each = 8;

  // Part of a call that the ceiling cut is no JSON: it is not told at all.
  [[nodiscard]] static bool whole_call(const Speech& speech) {
    return speech.arguments && !speech.cut;
  }
  [[nodiscard]] static std::string start() { return R"({"candidates":[{"content":{"parts":[)"; }
  [[nodiscard]] std::string function_part(const Speech& speech) const {
    return concat(R"({"functionCall":{"name":)", Quoted{demand_.tool->name}, R"(,"args":)",
                  *speech.arguments, "}}");
  }
  [[nodiscard]] static std::string_view finish_reason(const Speech& speech) {
    return speech.cut ? "MAX_TOKENS" : "STOP";
  }
  [[nodiscard]] std::string tail() const {
    return concat(R"(,"modelVersion":)", Quoted{call_.model}, R"(,"responseId":")",
                  make_id("", call_.seed, 22), R"("})");
  }

  // The counts that do not grow.
  [[nodiscard]] std::string fixed_usage() const {
    std::string text =
        concat(R"(,"usageMetadata":{"promptTokenCount":)", prompt_,
               R"(,"promptTokensDetails":[{"modality":"TEXT","tokenCount":)", prompt_, "}]");
    const std::int64_t cached = cached_of(call_, prompt_);
    if (cached > 0) append(text, R"(,"cachedContentTokenCount":)", cached);
    if (thoughts_ > 0) append(text, R"(,"thoughtsTokenCount":)", thoughts_);
    return text;
  }
  [[nodiscard]] std::string usage_member(std::int64_t said) const {
    if (call_.steering.usage_missing) return {};
    return concat(fixed_usage(), R"(,"candidatesTokenCount":)", said, R"(,"totalTokenCount":)",
                  prompt_ + said + thoughts_, "}");
  }

  void tell_text(EventList& events, const Speech& speech, const std::string& end,
                 std::int64_t said) const {
    if (!speech.has_text()) return;
    EventList::Told told{.before = start() + R"({"text":")",
                         .after = R"("})" + end,
                         .end = tail(),
                         .tokens_each = tokens_each};
    // Steps are tokens only of words; JSON is reported with the last chunk.
    if (!call_.steering.usage_missing && !demand_.json) {
      told.after += fixed_usage();
      told.counters = {{R"(,"candidatesTokenCount":)", said},
                       {R"(,"totalTokenCount":)", prompt_ + thoughts_ + said}};
      told.end = "}" + told.end;
    }
    events.tell(std::move(told), speech.text);
  }

  const Call& call_;
  Demand demand_;
  std::vector<Speech> choices_;
  std::int64_t said_ = 0;
  std::int64_t thoughts_ = 0;
  std::int64_t prompt_ = 0;
};

constexpr std::int64_t dimensions_usual = 768;
constexpr std::int64_t dimensions_max = 4096;
constexpr std::size_t inputs_max = 250;  // Vertex AI's limit

std::int64_t dimensions_of(const json::object& request) {
  const auto asked = integer_at(request, "outputDimensionality");
  return std::clamp<std::int64_t>(asked.value_or(dimensions_usual), 1, dimensions_max);
}

// Vertex AI: {"instances":[{"content":"…"}]}.
Answer predicted(const Call& call) {
  const json::array* instances = array_at(call.body, "instances");
  if (!instances || instances->empty() || instances->size() > inputs_max) {
    return bad_request(call, "instances must hold 1 to 250 inputs.");
  }
  const json::object* parameters = object_at(call.body, "parameters");
  const std::int64_t dimensions = parameters ? dimensions_of(*parameters) : dimensions_usual;
  std::string body = R"({"predictions":[)";
  for (std::size_t i = 0; i < instances->size(); ++i) {
    const std::int64_t tokens = said_tokens(encoding_for(call.model), &(*instances)[i]);
    append(body, i > 0 ? "," : "", R"({"embeddings":{"values":)");
    append_vector(body, call.seed + i, dimensions);
    if (!call.steering.usage_missing) {
      append(body, R"(,"statistics":{"truncated":false,"token_count":)", tokens, "}");
    }
    body += "}}";
  }
  return whole_answer(call, body + "]}");
}

}  // namespace

Answer gemini_content(const Call& call) {
  const json::array* contents = array_at(call.body, "contents");
  if (!contents || contents->empty()) {
    return bad_request(call, "* GenerateContentRequest.contents: contents is not specified");
  }
  const std::int64_t candidates = candidates_of(call);
  if (candidates < 1 || candidates > 8) {
    return bad_request(
        call, "* GenerateContentRequest.generation_config.candidate_count: must be in [1, 8]");
  }
  if (demand_of(call).ceiling.value_or(1) < 1) {
    return bad_request(
        call, "* GenerateContentRequest.generation_config.max_output_tokens: must be positive");
  }
  const Reply reply(call);
  return call.verb == "streamGenerateContent" ? reply.streamed() : reply.whole();
}

Answer gemini_count(const Call& call) {
  const json::object* inner = object_at(call.body, "generateContentRequest");
  const std::int64_t tokens = prompt_of(call, inner ? *inner : call.body);
  return whole_answer(
      call, concat(R"({"totalTokens":)", tokens,
                   R"(,"promptTokensDetails":[{"modality":"TEXT","tokenCount":)", tokens, "}]}"));
}

Answer gemini_embedding(const Call& call) {
  if (call.verb == "predict") return predicted(call);
  if (call.verb == "embedContent") {
    if (!member(call.body, "content")) return bad_request(call, "content is required.");
    std::string body = R"({"embedding":{"values":)";
    append_vector(body, call.seed, dimensions_of(call.body));
    return whole_answer(call, body + "}}");
  }
  const json::array* requests = array_at(call.body, "requests");
  if (!requests || requests->empty() || requests->size() > inputs_max) {
    return bad_request(call, "requests must hold 1 to 250 requests.");
  }
  std::string body = R"({"embeddings":[)";
  for (std::size_t i = 0; i < requests->size(); ++i) {
    const json::object* request = (*requests)[i].if_object();
    append(body, i > 0 ? "," : "", R"({"values":)");
    append_vector(body, call.seed + i, request ? dimensions_of(*request) : dimensions_usual);
    body += '}';
  }
  return whole_answer(call, body + "]}");
}

}  // namespace budget::simulated
