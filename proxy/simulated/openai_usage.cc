#include "proxy/simulated/openai_usage.h"

#include "proxy/simulated/text.h"

namespace budget::simulated {

std::string chat_usage(const OpenaiUsage& usage) {
  return concat(
      R"({"prompt_tokens":)", usage.prompt, R"(,"completion_tokens":)", usage.completion,
      R"(,"total_tokens":)", usage.prompt + usage.completion,
      R"(,"prompt_tokens_details":{"cached_tokens":)", usage.cached,
      R"(,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":)", usage.reasoning,
      R"(,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}})");
}

std::string_view service_tier_of(const Call& call) {
  const std::string_view tier = string_at(call.body, "service_tier");
  return tier == "flex" || tier == "priority" ? tier : "default";
}

std::optional<std::int64_t> ceiling_at(const Call& call, std::string_view key,
                                       std::optional<Answer>& problem) {
  const boost::json::value* value = member(call.body, key);
  if (!value || value->is_null()) return std::nullopt;
  const std::optional<std::int64_t> ceiling = integer_at(call.body, key);
  if (ceiling && *ceiling >= 1) return ceiling;
  problem =
      bad_request(call, concat("Invalid '", key, "': expected an integer of at least 1."), key);
  return std::nullopt;
}

std::optional<Answer> model_problem(const Call& call) {
  if (!call.model.empty()) return std::nullopt;
  return bad_request(call, "you must provide a model parameter");
}

std::optional<Answer> missing_problem(const Call& call, std::string_view key) {
  const boost::json::value* value = member(call.body, key);
  if (value && !value->is_null()) return std::nullopt;
  return bad_request(call, concat("Missing required parameter: '", key, "'."), key);
}

std::int64_t choices_of(const Call& call, std::optional<Answer>& problem) {
  const boost::json::value* value = member(call.body, "n");
  if (!value || value->is_null()) return 1;
  const std::int64_t choices = integer_at(call.body, "n").value_or(0);
  if (choices >= 1 && choices <= 128) return choices;
  problem = bad_request(call, "Invalid 'n': expected an integer from 1 to 128.", "n");
  return 1;
}

bool usage_asked(const Call& call) {
  const boost::json::object* options = object_at(call.body, "stream_options");
  return options && true_at(*options, "include_usage");
}

}  // namespace budget::simulated
