// POST /v1/completions.
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/openai_usage.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

constexpr std::int64_t default_ceiling = 16;  // OpenAI's, for this API alone
constexpr std::int64_t choices_max = 2048;

// One text, several texts, one list of token ids or several.
std::int64_t prompts_in(const json::value* prompt) {
  const json::array* array = prompt ? prompt->if_array() : nullptr;
  if (!array || array->empty() || array->front().is_number()) return 1;
  return static_cast<std::int64_t>(array->size());
}

std::string usage_of(const Call& call, const std::vector<Speech>& choices) {
  OpenaiUsage usage;
  usage.prompt = said_tokens(encoding_for(call.model), member(call.body, "prompt"));
  usage.cached = cached_of(call, usage.prompt);
  for (const Speech& speech : choices) {
    usage.completion += speech.output_tokens();
    usage.reasoning += speech.reasoning_tokens;
  }
  return chat_usage(usage);
}

std::string head_of(const Call& call) {
  return concat(R"({"id":")", make_id("cmpl-", call.seed, 29),
                R"(","object":"text_completion","created":)", created_at, R"(,"model":)",
                Quoted{call.model}, R"(,"choices":[)");
}

std::string choice_end(std::size_t index, std::string_view finish_reason) {
  return concat(R"(","index":)", index, R"(,"logprobs":null,"finish_reason":)", finish_reason, "}");
}

std::string_view finish_reason_of(const Speech& speech) {
  return speech.cut ? R"("length")" : R"("stop")";
}

Answer whole(const Call& call, const std::vector<Speech>& choices) {
  std::string body = head_of(call);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    append(body, i > 0 ? "," : "", R"({"text":")");
    choices[i].text.append_all(body);
    body += choice_end(i, finish_reason_of(choices[i]));
  }
  body += ']';
  if (!call.steering.usage_missing) append(body, R"(,"usage":)", usage_of(call, choices));
  body += '}';
  return whole_answer(call, std::move(body));
}

Answer streamed(const Call& call, const std::vector<Speech>& choices) {
  const std::string head = head_of(call);
  const std::string_view end = usage_asked(call) ? R"(],"usage":null})" : "]}";
  auto events = std::make_unique<EventList>(Framing::sse);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    events->tell({.before = head + R"({"text":")", .after = concat(choice_end(i, "null"), end)},
                 choices[i].text);
    events->add("", concat(head, R"({"text":")", choice_end(i, finish_reason_of(choices[i])), end));
  }
  if (usage_asked(call) && !call.steering.usage_missing) {
    events->add("", concat(head, R"(],"usage":)", usage_of(call, choices), "}"));
  }
  events->raw("data: [DONE]\n\n");
  return streamed_answer(call, std::move(events));
}

}  // namespace

Answer openai_completion(const Call& call) {
  if (auto problem = model_problem(call)) return std::move(*problem);
  if (auto problem = missing_problem(call, "prompt")) return std::move(*problem);
  std::optional<Answer> problem;
  Demand demand;
  demand.ceiling = ceiling_at(call, "max_tokens", problem).value_or(default_ceiling);
  const std::int64_t count = choices_of(call, problem) * prompts_in(member(call.body, "prompt"));
  if (problem) return std::move(*problem);
  if (count > choices_max) return bad_request(call, "Too many prompts.", "prompt");
  demand.choices = count;
  std::vector<Speech> choices;
  for (std::int64_t i = 0; i < count; ++i) {
    choices.push_back(say(call, demand, static_cast<std::uint64_t>(i)));
  }
  return true_at(call.body, "stream") ? streamed(call, choices) : whole(call, choices);
}

}  // namespace budget::simulated
