// Ollama's own API: /api/chat, /api/generate, /api/embed, and what tells of
// the models.
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

constexpr std::int64_t dimensions = 768;  // nomic-embed-text's
constexpr std::size_t inputs_max = 2048;  // ours: an answer has to stay small

Demand demand_of(const Call& call) {
  Demand demand;
  const json::object* options = object_at(call.body, "options");
  const auto ceiling = options ? integer_at(*options, "num_predict") : std::nullopt;
  // -1 is without end, -2 fills the context; 0 counts as not given.
  if (ceiling && *ceiling > 0) demand.ceiling = ceiling;
  demand.thinking = true_at(call.body, "think");
  const json::value* format = member(call.body, "format");
  if (format && format->is_object()) demand.schema = format;
  demand.json = demand.schema || string_at(call.body, "format") == "json";
  return demand;
}

bool is_chat(const Call& call) {
  return call.verb == "chat";
}

std::int64_t prompt_of(const Call& call) {
  const auto encoding = encoding_for(call.model);
  if (is_chat(call)) {
    return message_tokens(encoding, member(call.body, "messages")) +
           json_tokens(encoding, member(call.body, "tools"));
  }
  return said_tokens(encoding, member(call.body, "prompt")) +
         said_tokens(encoding, member(call.body, "system"));
}

std::string start_of(const Call& call) {
  return concat(R"({"model":)", Quoted{call.model}, R"(,"created_at":")", created_at_text, "\"");
}

// `"message":{"role":"assistant","content":"` and what closes it again.
std::string_view before_text(const Call& call) {
  return is_chat(call) ? R"(,"message":{"role":"assistant","content":")" : R"(,"response":")";
}
std::string_view after_text(const Call& call) {
  return is_chat(call) ? R"("})" : "\"";
}

// Durations are in nanoseconds: 20 ms a token, after 100 ms of loading.
std::string end_of(const Call& call, const Speech& speech) {
  constexpr std::int64_t per_token = 20'000'000;
  constexpr std::int64_t load = 100'000'000;
  const std::int64_t prompt = prompt_of(call);
  const std::int64_t output = speech.output_tokens();
  std::string text = concat(R"(,"done":true,"done_reason":")", speech.cut ? "length" : "stop",
                            R"(","total_duration":)", load + (prompt + output) * per_token,
                            R"(,"load_duration":)", load);
  if (!call.steering.usage_missing) {
    append(text, R"(,"prompt_eval_count":)", prompt, R"(,"prompt_eval_duration":)",
           prompt * per_token, R"(,"eval_count":)", output, R"(,"eval_duration":)",
           output * per_token);
  }
  if (!is_chat(call)) text += R"(,"context":[])";
  return text + "}";
}

Answer whole(const Call& call, const Speech& speech) {
  std::string body = start_of(call);
  std::string thought;
  if (speech.reasoning_tokens > 0) {
    thought = R"(,"thinking":")";
    thought_of(call, speech).append_all(thought);
    thought += '"';
  }
  body += before_text(call);
  speech.text.append_all(body);
  body += '"';
  body += thought;
  if (is_chat(call)) body += '}';
  return whole_answer(call, body + end_of(call, speech), "application/json; charset=utf-8");
}

Answer streamed(const Call& call, const Speech& speech) {
  auto events = std::make_unique<EventList>(Framing::ndjson);
  const std::string start = start_of(call);
  if (speech.reasoning_tokens > 0) {
    events->tell({.before = concat(start, before_text(call), R"(","thinking":")"),
                  .after = concat(after_text(call), R"(,"done":false})")},
                 thought_of(call, speech));
  }
  events->tell({.before = concat(start, before_text(call)),
                .after = concat(after_text(call), R"(,"done":false})")},
               speech.text);
  events->add("", concat(start, before_text(call), after_text(call), end_of(call, speech)));
  return streamed_answer(call, std::move(events), "application/x-ndjson");
}

}  // namespace

Answer ollama_talk(const Call& call) {
  if (call.model.empty()) return bad_request(call, "model is required");
  const json::value* stream = member(call.body, "stream");
  const bool streams = !stream || !stream->is_bool() || stream->get_bool();  // the default is true
  const Speech speech = say(call, demand_of(call));
  return streams ? streamed(call, speech) : whole(call, speech);
}

Answer ollama_embed(const Call& call) {
  if (call.model.empty()) return bad_request(call, "model is required");
  if (call.verb == "embeddings") {
    std::string body = R"({"embedding":)";
    append_vector(body, call.seed, dimensions);
    return whole_answer(call, body + "}");
  }
  const json::value* input = member(call.body, "input");
  if (!input) return bad_request(call, "input is required");
  const json::array* inputs = input->if_array();
  if (inputs && inputs->size() > inputs_max) return bad_request(call, "too many inputs");
  std::string body = concat(R"({"model":)", Quoted{call.model}, R"(,"embeddings":[)");
  for (std::size_t i = 0; i < (inputs ? inputs->size() : 1); ++i) {
    if (i > 0) body += ',';
    append_vector(body, call.seed + i, dimensions);
  }
  body += R"(],"total_duration":100000000,"load_duration":1000000)";
  if (!call.steering.usage_missing) {
    append(body, R"(,"prompt_eval_count":)", said_tokens(encoding_for(call.model), input));
  }
  return whole_answer(call, body + "}", "application/json; charset=utf-8");
}

Answer ollama_state(const Call& call) {
  if (call.verb == "version") return whole_answer(call, R"({"version":"0.12.0"})");
  constexpr std::string_view details =
      R"("details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"3.2B","quantization_level":"Q4_K_M"})";
  if (call.verb == "show") {
    if (call.model.empty()) return bad_request(call, "model is required");
    return whole_answer(
        call,
        concat(
            R"({"license":"","modelfile":"","parameters":"","template":"{{ .Prompt }}",)", details,
            R"(,"model_info":{"general.architecture":"llama","llama.context_length":131072},"capabilities":["completion","tools"],"modified_at":")",
            created_at_text, R"("})"));
  }
  std::string body = R"({"models":[)";
  std::string_view comma;
  for (const std::string_view name :
       {"llama3.2:latest", "qwen3:latest", "nomic-embed-text:latest"}) {
    append(body, comma, R"({"name":")", name, R"(","model":")", name, R"(","modified_at":")",
           created_at_text, R"(","size":2019393189,"digest":")", make_id("", call.seed, 64),
           R"(",)", details, "}");
    comma = ",";
  }
  return whole_answer(call, body + "]}");
}

}  // namespace budget::simulated
