#include "proxy/wire/anthropic_progress.h"

#include <algorithm>
#include <utility>

#include "proxy/wire/json_event_reader.h"

namespace budget::wire {
namespace {

using pricing::Tokens;

// More blocks than this are not closed one by one when a stream is cut.
constexpr std::size_t open_blocks_max = 256;

void replace(std::optional<std::int64_t>& figure, JsonElement object, std::string_view name) {
  if (const auto count = reported_count(object, name)) figure = count;
}

void read_usage(JsonElement usage, ExclusiveUsage& into) {
  replace(into.input, usage, "input_tokens");
  replace(into.output, usage, "output_tokens");
  replace(into.cache_read, usage, "cache_read_input_tokens");
  replace(into.cache_write, usage, "cache_creation_input_tokens");
  if (const auto parts = member(usage, "cache_creation")) {
    replace(into.cache_write_5m, *parts, "ephemeral_5m_input_tokens");
    replace(into.cache_write_1h, *parts, "ephemeral_1h_input_tokens");
  }
  if (const auto details = member(usage, "output_tokens_details")) {
    replace(into.reasoning, *details, "thinking_tokens");
  }
  if (const auto tools = member(usage, "server_tool_use")) {
    replace(into.searches, *tools, "web_search_requests");
  }
}

void add(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& more) {
  if (more) sum = std::min(sum.value_or(0) + *more, INT64_MAX / 4);
}

// Iterations of other kinds than "message" (a compaction of the context) are
// billed, and are not in the top level's figures.
ExclusiveUsage beside_top_level(JsonElement iterations) {
  ExclusiveUsage sum;
  simdjson::dom::array array;
  if (iterations.get(array) != simdjson::SUCCESS) return sum;
  for (const JsonElement iteration : array) {
    if (reported_string(iteration, "type") == "message") continue;
    ExclusiveUsage one;
    read_usage(iteration, one);
    add(sum.input, one.input);
    add(sum.output, one.output);
    add(sum.cache_read, one.cache_read);
    add(sum.cache_write, one.cache_write);
    add(sum.cache_write_1h, one.cache_write_1h);
  }
  return sum;
}

void append_figure(std::string& out, std::string_view name, Tokens tokens) {
  append_json_string(out, name);
  out += ':' + std::to_string(tokens.value());
}

std::string usage_json(const pricing::Usage& usage) {
  std::string out = "{";
  append_figure(out, "input_tokens", usage.input + usage.audio_input + usage.image_input);
  out += ',';
  append_figure(out, "cache_creation_input_tokens", usage.cache_write_5m + usage.cache_write_1h);
  out += ',';
  append_figure(out, "cache_read_input_tokens", usage.cache_read);
  out += ',';
  append_figure(out, "output_tokens", usage.output_total());
  return out + '}';
}

void append_block_text(JsonElement block, std::string& text) {
  for (const std::string_view name : {"text", "thinking", "partial_json"}) {
    text += reported_string(block, name);
  }
  const std::string_view type = reported_string(block, "type");
  if (!type.ends_with("tool_use")) return;
  text += reported_string(block, "name");
  simdjson::dom::object input;
  const auto found = member(block, "input");
  if (found && found->get(input) == simdjson::SUCCESS && input.begin() != input.end()) {
    text += simdjson::minify(*found);
  }
}

}  // namespace

void append_anthropic_text(JsonElement content, std::string& text) {
  simdjson::dom::array blocks;
  if (content.get(blocks) != simdjson::SUCCESS) return;
  for (const JsonElement block : blocks) append_block_text(block, text);
}

void AnthropicProgress::on_event(JsonElement event, Reading& reading, std::string& text) {
  const std::string_view type = reported_string(event, "type");
  if (type == "message_start") {
    started_ = true;
    if (const auto message = member(event, "message")) on_message(*message, reading, text);
    // The output figure is a seed: what is said comes after it.
    reading.output_reported = false;
  } else if (type == "message_delta") {
    if (const auto delta = member(event, "delta")) {
      told_stop_reason_ = told_stop_reason_ || member(*delta, "stop_reason").has_value();
    }
    if (const auto usage = member(event, "usage")) on_usage(*usage, reading);
  } else if (type == "message_stop") {
    stopped_ = true;
    reading.finished = true;
  } else if (type == "error" || type.empty()) {
    // Servers that imitate the format leave the type out.
    if (const auto error = member(event, "error")) {
      reading.error = error_message(*error);
    } else {
      on_message(event, reading, text);
    }
  } else if (type == "message") {
    on_message(event, reading, text);
  } else {
    on_block(type, event, text);
  }
}

void AnthropicProgress::on_message(JsonElement message, Reading& reading, std::string& text) {
  reading.model = reported_string(message, "model");
  reading.upstream_id = reported_string(message, "id");
  if (const auto usage = member(message, "usage")) on_usage(*usage, reading);
  if (const auto content = member(message, "content")) append_anthropic_text(*content, text);
}

void AnthropicProgress::on_usage(JsonElement usage, Reading& reading) {
  read_usage(usage, usage_);
  if (const auto iterations = member(usage, "iterations")) beside_ = beside_top_level(*iterations);
  reading.input_reported = reading.input_reported || usage_.input.has_value();
  if (reported_count(usage, "output_tokens")) reading.output_reported = true;
  if (const std::string_view tier = reported_string(usage, "service_tier"); !tier.empty()) {
    reading.tier = tier_named(tier);
  }
  if (reported_string(usage, "speed") == "fast") reading.tier = pricing::ServiceTier::priority;
  settle(reading);
}

void AnthropicProgress::on_figures(const ExclusiveUsage& figures, Reading& reading) {
  usage_.replace_by(figures);
  reading.input_reported = reading.input_reported || usage_.input.has_value();
  reading.output_reported = reading.output_reported || figures.output.has_value();
  settle(reading);
}

void AnthropicProgress::settle(Reading& reading) const {
  reading.usage = usage_.buckets();
  const pricing::Usage more = beside_.buckets();
  reading.usage.input += more.input;
  reading.usage.cache_read += more.cache_read;
  reading.usage.cache_write_5m += more.cache_write_5m;
  reading.usage.cache_write_1h += more.cache_write_1h;
  reading.usage.output += more.output;
}

void AnthropicProgress::on_block(std::string_view type, JsonElement event, std::string& text) {
  const std::int64_t index = reported_count(event, "index").value_or(0);
  if (type == "content_block_start") {
    if (const auto block = member(event, "content_block")) append_block_text(*block, text);
    if (open_blocks_.size() < open_blocks_max) open_blocks_.push_back(index);
  } else if (type == "content_block_delta") {
    if (const auto delta = member(event, "delta")) append_block_text(*delta, text);
  } else if (type == "content_block_stop") {
    std::erase(open_blocks_, index);
  }
}

std::vector<std::pair<std::string_view, std::string>> AnthropicProgress::ending(
    const pricing::Usage& usage, const Reading& reading) const {
  std::vector<std::pair<std::string_view, std::string>> events;
  if (stopped_) return events;
  if (!started_) {
    // A client cannot read an end without a beginning.
    std::string start =
        R"({"type":"message_start","message":{"id":"msg_cut","type":"message","role":"assistant","model":)";
    append_json_string(start, reading.model);
    start += R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":)";
    events.emplace_back("message_start", start + usage_json(usage) + "}}");
  }
  for (const std::int64_t index : open_blocks_) {
    events.emplace_back("content_block_stop",
                        R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}");
  }
  if (!told_stop_reason_) {
    events.emplace_back(
        "message_delta",
        R"({"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":)" +
            usage_json(usage) + "}");
  }
  events.emplace_back("message_stop", R"({"type":"message_stop"})");
  return events;
}

}  // namespace budget::wire
