#include "proxy/wire/bedrock_progress.h"

#include <algorithm>
#include <charconv>

#include "proxy/wire/aws_event_stream.h"
#include "proxy/wire/aws_frame.h"
#include "proxy/wire/json_event_reader.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"

namespace budget::wire {
namespace {

using pricing::Tokens;

constexpr std::size_t open_blocks_max = 256;
constexpr std::string_view metrics_name = "amazon-bedrock-invocationMetrics";

void replace(std::optional<std::int64_t>& figure, JsonElement object, std::string_view name) {
  if (const auto count = reported_count(object, name)) figure = count;
}

// Usage under any of the names that Converse, its vendors and the metrics of
// InvokeModel give it.
ExclusiveUsage read_usage(JsonElement usage) {
  ExclusiveUsage figures;
  for (const std::string_view name : {"inputTokens", "inputTokenCount", "prompt_tokens"}) {
    replace(figures.input, usage, name);
  }
  for (const std::string_view name : {"outputTokens", "outputTokenCount", "completion_tokens"}) {
    replace(figures.output, usage, name);
  }
  for (const std::string_view name : {"cacheReadInputTokens", "cacheReadInputTokenCount"}) {
    replace(figures.cache_read, usage, name);
  }
  for (const std::string_view name : {"cacheWriteInputTokens", "cacheWriteInputTokenCount"}) {
    replace(figures.cache_write, usage, name);
  }
  simdjson::dom::array details;
  const auto list = member(usage, "cacheDetails");
  if (list && list->get(details) == simdjson::SUCCESS) {
    for (const JsonElement detail : details) {
      if (reported_string(detail, "ttl") == "1h") {
        replace(figures.cache_write_1h, detail, "inputTokens");
      }
    }
  }
  return figures;
}

// Figures that some vendors write beside their text.
ExclusiveUsage read_beside(JsonElement answer) {
  ExclusiveUsage figures;
  for (const std::string_view name : {"prompt_token_count", "inputTextTokenCount"}) {
    replace(figures.input, answer, name);
  }
  for (const std::string_view name : {"generation_token_count", "totalOutputTextTokenCount"}) {
    replace(figures.output, answer, name);
  }
  simdjson::dom::array results;
  const auto list = member(answer, "results");
  if (list && list->get(results) == simdjson::SUCCESS) {
    std::int64_t sum = 0;
    for (const JsonElement result : results) {
      sum += reported_count(result, "tokenCount").value_or(0);
      sum = std::min(sum, tokens_max);
    }
    figures.output = sum;
  }
  return figures;
}

void append_converse_block(JsonElement block, std::string& text) {
  text += reported_string(block, "text");
  if (const auto reasoning = member(block, "reasoningContent")) {
    text += reported_string(*reasoning, "text");
    if (const auto inner = member(*reasoning, "reasoningText")) {
      text += reported_string(*inner, "text");
    }
  }
  if (const auto tool = member(block, "toolUse")) {
    text += reported_string(*tool, "name");
    if (const auto input = member(*tool, "input")) {
      text += input->is_string() ? std::string(reported_string(*tool, "input"))
                                 : simdjson::minify(*input);
    }
  }
}

void append_converse_message(JsonElement answer, std::string& text) {
  const auto output = member(answer, "output");
  const auto message = output ? member(*output, "message") : std::nullopt;
  const auto content = message ? member(*message, "content") : std::nullopt;
  simdjson::dom::array blocks;
  if (!content || content->get(blocks) != simdjson::SUCCESS) return;
  for (const JsonElement block : blocks) append_converse_block(block, text);
}

// The text of a vendor's own answer or chunk.
void append_vendor_text(JsonElement answer, std::string& text) {
  for (const std::string_view name : {"generation", "outputText", "text", "completion"}) {
    text += reported_string(answer, name);
  }
  simdjson::dom::array list;
  for (const std::string_view name :
       {"results", "outputs", "generations", "choices", "completions"}) {
    const auto found = member(answer, name);
    if (!found || found->get(list) != simdjson::SUCCESS) continue;
    for (const JsonElement one : list) {
      text += reported_string(one, "text");
      text += reported_string(one, "outputText");
      for (const std::string_view inner : {"message", "delta", "data"}) {
        const auto part = member(one, inner);
        if (!part) continue;
        for (const std::string_view kind : {"content", "reasoning_content", "text"}) {
          text += reported_string(*part, kind);
        }
        if (const auto calls = member(*part, "tool_calls")) text += simdjson::minify(*calls);
      }
    }
  }
  append_converse_message(answer, text);
  if (const auto event = member(answer, "contentBlockDelta")) {
    if (const auto delta = member(*event, "delta")) append_converse_block(*delta, text);
  }
}

std::optional<std::int64_t> header_count(std::string_view value) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (value.empty() || error != std::errc{} || end != value.data() + value.size()) {
    return std::nullopt;
  }
  return std::clamp<std::int64_t>(count, 0, tokens_max);
}

std::string count_text(Tokens tokens) {
  return std::to_string(tokens.value());
}

Tokens plain_input(const pricing::Usage& usage) {
  return usage.input + usage.audio_input + usage.image_input;
}

std::string converse_usage(const pricing::Usage& usage) {
  return R"({"inputTokens":)" + count_text(plain_input(usage)) + R"(,"outputTokens":)" +
         count_text(usage.output_total()) + R"(,"totalTokens":)" + count_text(usage.total()) +
         R"(,"cacheReadInputTokens":)" + count_text(usage.cache_read) +
         R"(,"cacheWriteInputTokens":)" + count_text(usage.cache_write_5m + usage.cache_write_1h) +
         "}";
}

// As a further member of a chunk.
std::string metrics_member(const pricing::Usage& usage) {
  return ",\"" + std::string(metrics_name) + R"(":{"inputTokenCount":)" +
         count_text(plain_input(usage)) + R"(,"outputTokenCount":)" +
         count_text(usage.output_total()) +
         R"(,"invocationLatency":0,"firstByteLatency":0,"cacheReadInputTokenCount":)" +
         count_text(usage.cache_read) + R"(,"cacheWriteInputTokenCount":)" +
         count_text(usage.cache_write_5m + usage.cache_write_1h) + "}";
}

std::string chunk_frame(std::string_view json) {
  return encode_event("chunk", R"({"bytes":")" + encode_base64(json) + "\"}");
}

}  // namespace

BedrockProgress::BedrockProgress(const Route& route, const ResponseView& response, Reading& reading)
    : call_(static_cast<BedrockCall>(route.variant)), shape_(bedrock_vendor_of(route.model).shape) {
  ExclusiveUsage figures;
  figures.input = header_count(response.bedrock_input_tokens);
  figures.output = header_count(response.bedrock_output_tokens);
  settle(figures, reading);
}

void BedrockProgress::settle(const ExclusiveUsage& figures, Reading& reading) {
  if (call_ == BedrockCall::invoke && shape_ == BedrockShape::anthropic) {
    anthropic_.on_figures(figures, reading);
    return;
  }
  usage_.replace_by(figures);
  reading.input_reported = usage_.input.has_value();
  reading.output_reported = usage_.output.has_value();
  reading.usage = usage_.buckets();
  // What the total has beyond its parts was billed as well: as output.
  if (Tokens(total_) > reading.usage.total()) {
    reading.usage.output += Tokens(total_) - reading.usage.total();
  }
}

void BedrockProgress::on_usage(JsonElement usage, Reading& reading) {
  if (const auto total = reported_count(usage, "totalTokens")) total_ = *total;
  settle(read_usage(usage), reading);
}

void BedrockProgress::on_answer(JsonElement answer, Reading& reading, std::string& text) {
  if (call_ == BedrockCall::invoke) {
    on_chunk(answer, reading, text);
    return;
  }
  if (const auto usage = member(answer, "usage")) on_usage(*usage, reading);
  if (const auto tier = member(answer, "serviceTier")) {
    reading.tier = tier_named(reported_string(*tier, "type"));
  }
  append_converse_message(answer, text);
}

void BedrockProgress::on_converse_event(std::string_view type, JsonElement event, Reading& reading,
                                        std::string& text) {
  const std::int64_t index = reported_count(event, "contentBlockIndex").value_or(0);
  const auto open = [&] {
    if (std::ranges::find(open_blocks_, index) == open_blocks_.end() &&
        open_blocks_.size() < open_blocks_max) {
      open_blocks_.push_back(index);
    }
  };
  if (type == "messageStart") {
    started_ = true;
  } else if (type == "contentBlockStart") {
    open();
    if (const auto start = member(event, "start")) append_converse_block(*start, text);
  } else if (type == "contentBlockDelta") {
    open();  // text blocks have no start
    if (const auto delta = member(event, "delta")) append_converse_block(*delta, text);
  } else if (type == "contentBlockStop") {
    std::erase(open_blocks_, index);
  } else if (type == "messageStop") {
    told_stop_reason_ = true;
  } else if (type == "metadata") {
    if (const auto usage = member(event, "usage")) on_usage(*usage, reading);
    if (const auto tier = member(event, "serviceTier")) {
      reading.tier = tier_named(reported_string(*tier, "type"));
    }
    reading.finished = true;
  }
}

void BedrockProgress::on_chunk(JsonElement chunk, Reading& reading, std::string& text) {
  if (shape_ == BedrockShape::anthropic) {
    anthropic_.on_event(chunk, reading, text);
  } else {
    append_vendor_text(chunk, text);
    settle(read_beside(chunk), reading);
    if (const auto usage = member(chunk, "usage")) on_usage(*usage, reading);
    if (const auto metadata = member(chunk, "metadata")) {
      if (const auto usage = member(*metadata, "usage")) on_usage(*usage, reading);
    }
    // Nova streams Converse's events, each as a member of its own name.
    for (const std::string_view type : {"messageStart", "contentBlockStart", "contentBlockDelta",
                                        "contentBlockStop", "messageStop"}) {
      std::string counted;  // the text was taken above
      if (const auto event = member(chunk, type)) {
        on_converse_event(type, *event, reading, counted);
      }
    }
  }
  if (const auto metrics = member(chunk, metrics_name)) {
    settle(read_usage(*metrics), reading);
    reading.finished = true;
  }
}

std::string BedrockProgress::ending(const pricing::Usage& usage, const Reading& reading) const {
  if (reading.finished) return {};
  return call_ == BedrockCall::converse ? converse_ending(usage) : invoke_ending(usage, reading);
}

std::string BedrockProgress::converse_ending(const pricing::Usage& usage) const {
  std::string frames;
  if (!started_) frames += encode_event("messageStart", R"({"role":"assistant"})");
  for (const std::int64_t index : open_blocks_) {
    frames +=
        encode_event("contentBlockStop", R"({"contentBlockIndex":)" + std::to_string(index) + "}");
  }
  if (!told_stop_reason_) {
    frames += encode_event("messageStop", R"({"stopReason":"max_tokens"})");
  }
  return frames + encode_event("metadata", R"({"usage":)" + converse_usage(usage) +
                                               R"(,"metrics":{"latencyMs":0}})");
}

std::string BedrockProgress::invoke_ending(const pricing::Usage& usage,
                                           const Reading& reading) const {
  const std::string metrics = metrics_member(usage) + "}";
  switch (shape_) {
    case BedrockShape::anthropic: {
      std::string frames;
      for (auto& [name, json] : anthropic_.ending(usage, reading)) {
        const bool last = name == "message_stop";
        frames += chunk_frame(last ? json.substr(0, json.size() - 1) + metrics : json);
      }
      return frames;
    }
    case BedrockShape::nova: {
      std::string frames;
      if (!started_) frames += chunk_frame(R"({"messageStart":{"role":"assistant"}})");
      for (const std::int64_t index : open_blocks_) {
        frames += chunk_frame(R"({"contentBlockStop":{"contentBlockIndex":)" +
                              std::to_string(index) + "}}");
      }
      if (!told_stop_reason_) {
        frames += chunk_frame(R"({"messageStop":{"stopReason":"max_tokens"}})");
      }
      return frames +
             chunk_frame(R"({"metadata":{"usage":)" + converse_usage(usage) + "}" + metrics);
    }
    case BedrockShape::titan:
      return chunk_frame(R"({"outputText":"","index":0,"completionReason":"LENGTH")" + metrics);
    case BedrockShape::llama:
      return chunk_frame(R"({"generation":"","stop_reason":"length")" + metrics);
    case BedrockShape::mistral:
      return chunk_frame(R"({"outputs":[{"text":"","stop_reason":"length"}])" + metrics);
    case BedrockShape::cohere:
      return chunk_frame(R"({"is_finished":true,"finish_reason":"MAX_TOKENS","text":"")" + metrics);
    case BedrockShape::chat_completions:
      return chunk_frame(R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}])" +
                         metrics);
    case BedrockShape::embedding:
    case BedrockShape::opaque:
    case BedrockShape::unmeterable:
      break;
  }
  return {};
}

}  // namespace budget::wire
