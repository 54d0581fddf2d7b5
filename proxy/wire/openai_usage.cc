#include "proxy/wire/openai_usage.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

using pricing::Tokens;

std::optional<std::int64_t> count_of(JsonElement object,
                                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto count = reported_count(object, name)) return count;
  }
  return std::nullopt;
}

std::optional<JsonElement> member_of(JsonElement object,
                                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto found = member(object, name); found && found->is_object()) return found;
  }
  return std::nullopt;
}

// Takes `part` out of what is left of a whole.
Tokens take(std::int64_t& left, std::optional<std::int64_t> part) {
  const std::int64_t taken = std::min(left, part.value_or(0));
  left -= taken;
  return Tokens(taken);
}

void read_input(JsonElement usage, std::int64_t prompt, pricing::Usage& result) {
  const auto details =
      member_of(usage, {"prompt_tokens_details", "input_tokens_details", "input_token_details"});
  std::optional<std::int64_t> cached;
  std::optional<std::int64_t> written;
  std::optional<std::int64_t> audio;
  std::optional<std::int64_t> image;
  if (details) {
    cached = reported_count(*details, "cached_tokens");
    written = count_of(*details, {"cache_write_tokens", "cache_creation_tokens"});
    audio = reported_count(*details, "audio_tokens");
    image = reported_count(*details, "image_tokens");
  }
  // DeepSeek's and Moonshot's names.
  if (!cached) cached = count_of(usage, {"prompt_cache_hit_tokens", "cached_tokens"});
  std::int64_t left = prompt;
  result.cache_read = take(left, cached);
  result.cache_write_5m = take(left, written);
  result.audio_input = take(left, audio);
  result.image_input = take(left, image);
  result.input = Tokens(left);
}

void read_output(JsonElement usage, std::int64_t prompt, std::int64_t completion,
                 const Dialect& dialect, pricing::Usage& result) {
  const auto details = member_of(
      usage, {"completion_tokens_details", "output_tokens_details", "output_token_details"});
  std::optional<std::int64_t> reasoning;
  std::optional<std::int64_t> audio;
  std::optional<std::int64_t> image;
  if (details) {
    reasoning = reported_count(*details, "reasoning_tokens");
    audio = reported_count(*details, "audio_tokens");
    image = reported_count(*details, "image_tokens");
  }
  if (!reasoning) reasoning = reported_count(usage, "reasoning_tokens");
  const auto total = reported_count(usage, "total_tokens");
  // Reasoning that is not inside: xAI's by its habit, unless the total says
  // otherwise.
  std::int64_t outside = 0;
  if (dialect.reasoning_outside_output && total != prompt + completion) {
    outside = reasoning.value_or(0);
  }
  // A total above its parts is output that is not itemised (Gemini's hidden
  // thinking): somebody pays for it.
  if (total) outside = std::max(outside, *total - prompt - completion);
  outside = std::max<std::int64_t>(outside, 0);

  std::int64_t left = completion;
  // Figures that were outside are not inside too.
  const std::int64_t inside =
      outside > 0 && reasoning.value_or(0) <= outside ? 0 : reasoning.value_or(0);
  result.reasoning = take(left, inside);
  result.reasoning += Tokens(outside);
  result.audio_output = take(left, audio);
  result.image_output = take(left, image);
  result.output = Tokens(left);
}

// What a usage object does not tell: it is counted from the answer itself.
pricing::Usage kept_of(const pricing::Usage& usage) {
  return {.images = usage.images, .search_units = usage.search_units};
}

void append_member(std::string& out, std::string_view name, std::int64_t value) {
  out += '"';
  out += name;
  out += "\":";
  out += std::to_string(value);
}

}  // namespace

void read_openai_usage(JsonElement usage, const Dialect& dialect, Reading& reading) {
  if (!usage.is_object()) return;
  if (reported_string(usage, "type") == "duration") {
    const auto seconds = member(usage, "seconds");
    double value = 0;
    if (!seconds || seconds->get(value) != simdjson::SUCCESS) return;
    reading.usage = kept_of(reading.usage);
    value = std::clamp(value, 0.0, 1e9);
    reading.usage.audio_milliseconds = static_cast<std::int64_t>(std::ceil(value * 1000));
    reading.input_reported = true;
    reading.output_reported = true;
    return;
  }
  const auto prompt = count_of(usage, {"prompt_tokens", "input_tokens"});
  const auto completion = count_of(usage, {"completion_tokens", "output_tokens"});
  if (!prompt && !completion) return;
  pricing::Usage result = kept_of(reading.usage);
  if (prompt) read_input(usage, *prompt, result);
  if (completion) read_output(usage, prompt.value_or(0), *completion, dialect, result);
  reading.usage = result;
  reading.input_reported = prompt.has_value();
  reading.output_reported = completion.has_value();
}

void append_chat_usage(std::string& out, const pricing::Usage& usage) {
  out += '{';
  append_member(out, "prompt_tokens", usage.input_total().value());
  out += ',';
  append_member(out, "completion_tokens", usage.output_total().value());
  out += ',';
  append_member(out, "total_tokens", usage.total().value());
  out += ",\"prompt_tokens_details\":{";
  append_member(out, "cached_tokens", usage.cache_read.value());
  out += ',';
  append_member(out, "audio_tokens", usage.audio_input.value());
  out += "},\"completion_tokens_details\":{";
  append_member(out, "reasoning_tokens", usage.reasoning.value());
  out += ',';
  append_member(out, "audio_tokens", usage.audio_output.value());
  out += ",\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}";
}

void append_responses_usage(std::string& out, const pricing::Usage& usage) {
  out += '{';
  append_member(out, "input_tokens", usage.input_total().value());
  out += ",\"input_tokens_details\":{";
  append_member(out, "cached_tokens", usage.cache_read.value());
  out += "},";
  append_member(out, "output_tokens", usage.output_total().value());
  out += ",\"output_tokens_details\":{";
  append_member(out, "reasoning_tokens", usage.reasoning.value());
  out += "},";
  append_member(out, "total_tokens", usage.total().value());
  out += '}';
}

std::string openai_error_message(JsonElement error) {
  std::string_view text;
  if (error.get(text) == simdjson::SUCCESS) return std::string(text);
  text = reported_string(error, "message");
  return text.empty() ? simdjson::minify(error).substr(0, 500) : std::string(text);
}

}  // namespace budget::wire
