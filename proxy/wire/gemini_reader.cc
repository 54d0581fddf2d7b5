#include "proxy/wire/gemini_reader.h"

#include <algorithm>

namespace budget::wire {
namespace {

using pricing::Tokens;

constexpr std::int64_t candidates_max = 128;

// The tokens of one modality in a list of [{modality, tokenCount}].
std::int64_t of_modality(JsonElement usage, std::string_view list, std::string_view modality) {
  simdjson::dom::array details;
  const auto found = member(usage, list);
  if (!found || found->get(details) != simdjson::SUCCESS) return 0;
  for (const JsonElement detail : details) {
    if (reported_string(detail, "modality") == modality) {
      return reported_count(detail, "tokenCount").value_or(0);
    }
  }
  return 0;
}

// Takes `part` out of `whole`, no more than there is.
Tokens take(std::int64_t& whole, std::int64_t part) {
  const std::int64_t taken = std::clamp<std::int64_t>(part, 0, whole);
  whole -= taken;
  return Tokens(taken);
}

pricing::ServiceTier tier_of(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  // Vertex's trafficType is ON_DEMAND_PRIORITY, ON_DEMAND_FLEX, …
  const std::size_t underscore = lower.rfind('_');
  return tier_named(underscore == std::string::npos
                        ? std::string_view(lower)
                        : std::string_view(lower).substr(underscore + 1));
}

void append_texts(JsonElement candidate, std::string& text) {
  const auto content = member(candidate, "content");
  const auto parts = content ? member(*content, "parts") : std::nullopt;
  simdjson::dom::array array;
  if (!parts || parts->get(array) != simdjson::SUCCESS) return;
  for (const JsonElement part : array) {
    text += reported_string(part, "text");
    for (const std::string_view name : {"functionCall", "executableCode"}) {
      if (const auto call = member(part, name)) text += simdjson::minify(*call);
    }
  }
}

void append_count(std::string& out, std::string_view name, Tokens tokens) {
  if (!out.ends_with('{')) out += ',';
  append_json_string(out, name);
  out += ':' + std::to_string(tokens.value());
}

std::string usage_json(const pricing::Usage& usage) {
  std::string out = "{";
  append_count(out, "promptTokenCount", usage.input_total());
  append_count(out, "candidatesTokenCount", usage.output_total() - usage.reasoning);
  if (usage.reasoning.value() > 0) append_count(out, "thoughtsTokenCount", usage.reasoning);
  if (usage.cache_read.value() > 0) append_count(out, "cachedContentTokenCount", usage.cache_read);
  append_count(out, "totalTokenCount", usage.total());
  return out + '}';
}

}  // namespace

void GeminiReader::on_json(std::string_view, JsonElement event) {
  if (const auto inner = member(event, "response"); inner && inner->is_object()) {
    wrapped_ = true;
    on_answer(*inner);
  } else {
    on_answer(event);
  }
}

void GeminiReader::on_answer(JsonElement answer) {
  if (const auto error = member(answer, "error")) reading_.error = error_message(*error);
  if (const auto name = reported_string(answer, "modelVersion"); !name.empty()) {
    reading_.model = name;
  }
  if (const auto id = reported_string(answer, "responseId"); !id.empty()) {
    reading_.upstream_id = id;
  }
  simdjson::dom::array array;
  if (const auto list = member(answer, "candidates");
      list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement candidate : array) on_candidate(candidate);
  }
  if (const auto feedback = member(answer, "promptFeedback")) {
    blocked_ = blocked_ || member(*feedback, "blockReason").has_value();
  }
  if (const auto list = member(answer, "predictions");
      list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement prediction : array) on_prediction(prediction);
  }
  const bool all_ended = !ended_.empty() && std::ranges::all_of(ended_, [](bool e) { return e; });
  if (framing() != Framing::plain) reading_.finished = blocked_ || all_ended;
  if (const auto usage = member(answer, "usageMetadata")) on_usage(*usage);
}

void GeminiReader::on_candidate(JsonElement candidate) {
  const auto index = static_cast<std::size_t>(
      std::min(reported_count(candidate, "index").value_or(0), candidates_max - 1));
  if (ended_.size() <= index) ended_.resize(index + 1);
  if (member(candidate, "finishReason")) ended_[index] = true;
  std::string text;
  append_texts(candidate, text);
  // What is said after the last figure is not in it.
  if (!text.empty()) reading_.output_reported = false;
  add_output_text(text);
  if (const auto grounding = member(candidate, "groundingMetadata")) {
    simdjson::dom::array queries;
    if (const auto list = member(*grounding, "webSearchQueries");
        list && list->get(queries) == simdjson::SUCCESS) {
      reading_.usage.search_units =
          std::max(reading_.usage.search_units, static_cast<std::int64_t>(queries.size()));
    }
  }
}

void GeminiReader::on_prediction(JsonElement prediction) {
  const auto embeddings = member(prediction, "embeddings");
  const auto statistics = embeddings ? member(*embeddings, "statistics") : std::nullopt;
  if (!statistics) return;
  if (const auto count = reported_count(*statistics, "token_count")) {
    reading_.usage.input += Tokens(*count);
    reading_.input_reported = true;
  }
}

void GeminiReader::on_usage(JsonElement figures) {
  const auto prompt = reported_count(figures, "promptTokenCount");
  const auto candidates = reported_count(figures, "candidatesTokenCount");
  const auto thoughts = reported_count(figures, "thoughtsTokenCount");
  const auto total = reported_count(figures, "totalTokenCount");
  auto tier = reported_string(figures, "serviceTier");
  if (tier.empty()) tier = reported_string(figures, "trafficType");
  if (!tier.empty()) reading_.tier = tier_of(tier);
  if (!prompt && !candidates && !total) return;

  pricing::Usage usage;
  usage.search_units = reading_.usage.search_units;
  std::int64_t fresh = prompt.value_or(0);
  std::int64_t cached =
      std::min(reported_count(figures, "cachedContentTokenCount").value_or(0), fresh);
  // Cached sound and pictures are billed as cached, the rest as what they are.
  const std::int64_t sound = of_modality(figures, "promptTokensDetails", "AUDIO") -
                             of_modality(figures, "cacheTokensDetails", "AUDIO");
  const std::int64_t pictures = of_modality(figures, "promptTokensDetails", "IMAGE") -
                                of_modality(figures, "cacheTokensDetails", "IMAGE");
  usage.cache_read = take(fresh, cached);
  usage.audio_input = take(fresh, sound);
  usage.image_input = take(fresh, pictures);
  usage.input = Tokens(fresh + reported_count(figures, "toolUsePromptTokenCount").value_or(0));

  std::int64_t visible = candidates.value_or(0);
  usage.audio_output = take(visible, of_modality(figures, "candidatesTokensDetails", "AUDIO"));
  usage.image_output = take(visible, of_modality(figures, "candidatesTokensDetails", "IMAGE"));
  usage.output = Tokens(visible);
  usage.reasoning = Tokens(thoughts.value_or(0));
  // What the total has beyond its parts was billed as well: as output.
  if (total && Tokens(*total) > usage.total()) usage.output += Tokens(*total) - usage.total();

  reading_.usage = usage;
  reading_.input_reported = prompt.has_value();
  // No candidates' tokens in the middle of a stream means "not told yet".
  const bool at_the_end = framing() == Framing::plain || reading_.finished;
  reading_.output_reported = candidates.has_value() || (at_the_end && total.has_value());
}

std::string GeminiReader::cut_ending(const pricing::Usage& usage) const {
  if (framing() == Framing::plain || framing() == Framing::ndjson || reading_.finished) return {};
  std::string answer = R"({"candidates":[)";
  for (std::size_t i = 0; i < std::max<std::size_t>(ended_.size(), 1); ++i) {
    if (i < ended_.size() && ended_[i]) continue;
    if (!answer.ends_with('[')) answer += ',';
    answer +=
        R"({"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"MAX_TOKENS","index":)";
    answer += std::to_string(i) + '}';
  }
  answer += R"(],"usageMetadata":)" + usage_json(usage);
  if (!reading_.model.empty()) {
    answer += R"(,"modelVersion":)";
    append_json_string(answer, reading_.model);
  }
  answer += '}';
  if (wrapped_) answer = R"({"response":)" + answer + '}';
  std::string out(separator());
  if (framing() == Framing::json_array) return out + answer + "]\r\n";
  return out + "data: " + answer + "\r\n\r\n";
}

}  // namespace budget::wire
