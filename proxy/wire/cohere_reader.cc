#include "proxy/wire/cohere_reader.h"

#include <algorithm>
#include <utility>

namespace budget::wire {
namespace {

using pricing::Tokens;

constexpr std::size_t open_items_max = 256;

// Text wherever chat's messages and deltas keep it.
void append_message_text(JsonElement message, std::string& text) {
  text += reported_string(message, "tool_plan");
  const auto append_part = [&](JsonElement part) {
    text += reported_string(part, "text");
    text += reported_string(part, "thinking");
  };
  const auto append_call = [&](JsonElement call) {
    if (const auto function = member(call, "function")) {
      text += reported_string(*function, "name");
      text += reported_string(*function, "arguments");
    }
  };
  simdjson::dom::array array;
  if (const auto content = member(message, "content")) {
    if (content->get(array) == simdjson::SUCCESS) {
      for (const JsonElement part : array) append_part(part);
    } else {
      append_part(*content);
    }
  }
  if (const auto calls = member(message, "tool_calls")) {
    if (calls->get(array) == simdjson::SUCCESS) {
      for (const JsonElement call : array) append_call(call);
    } else {
      append_call(*calls);
    }
  }
}

std::string counts_json(const pricing::Usage& usage) {
  return R"({"input_tokens":)" + std::to_string(usage.input_total().value()) +
         R"(,"output_tokens":)" + std::to_string(usage.output_total().value()) + "}";
}

}  // namespace

void CohereReader::on_json(std::string_view name, JsonElement event) {
  if (framing() == Framing::plain) {
    on_answer(event);
    return;
  }
  std::string_view type = reported_string(event, "type");
  if (type.empty()) type = name;
  track(type, event);
  const auto delta = member(event, "delta");
  if (type == "message-start") reading_.upstream_id = reported_string(event, "id");
  if (delta) {
    std::string text;
    if (const auto message = member(*delta, "message")) append_message_text(*message, text);
    add_output_text(text);
  }
  if (type == "message-end") {
    reading_.finished = true;
    if (!delta) return;
    if (const auto usage = member(*delta, "usage")) on_usage(*usage);
    if (const auto error = member(*delta, "error")) reading_.error = error_message(*error);
  } else if (type.empty() && member(event, "message")) {
    reading_.error = error_message(event);
  }
}

void CohereReader::track(std::string_view type, JsonElement event) {
  const std::int64_t index = reported_count(event, "index").value_or(0);
  if (type == "message-start") started_ = true;
  for (const auto& [opening, closing] :
       {std::pair{"content-start", "content-end"}, std::pair{"tool-call-start", "tool-call-end"},
        std::pair{"citation-start", "citation-end"}}) {
    if (type == opening && open_.size() < open_items_max) open_.push_back({index, closing});
    if (type == closing) {
      std::erase_if(open_, [&, end = std::string_view(closing)](const OpenItem& item) {
        return item.index == index && item.closing == end;
      });
    }
  }
}

void CohereReader::on_answer(JsonElement answer) {
  reading_.upstream_id = reported_string(answer, "id");
  if (const auto usage = member(answer, "usage")) on_usage(*usage);
  if (const auto meta = member(answer, "meta")) on_usage(*meta);
  const auto message = member(answer, "message");
  if (message && message->is_object()) {
    std::string text;
    append_message_text(*message, text);
    add_output_text(text);
  } else if (message && message->is_string() && !member(answer, "meta")) {
    reading_.error = error_message(answer);
  }
}

void CohereReader::on_usage(JsonElement usage) {
  const auto billed = member(usage, "billed_units");
  const auto tokens = member(usage, "tokens");
  const auto figure = [&](std::string_view name) {
    const auto units = billed ? reported_count(*billed, name) : std::nullopt;
    return units || !tokens ? units : reported_count(*tokens, name);
  };
  const auto input = figure("input_tokens");
  const auto output = figure("output_tokens");
  pricing::Usage read;
  const std::int64_t all = input.value_or(0);
  const std::int64_t cached = std::min(reported_count(usage, "cached_tokens").value_or(0), all);
  read.cache_read = Tokens(cached);
  read.input = Tokens(all - cached);
  read.output = Tokens(output.value_or(0));
  if (billed) {
    if (const auto pictures = reported_count(*billed, "image_tokens")) {
      read.image_input = Tokens(*pictures);
    }
    read.search_units = reported_count(*billed, "search_units").value_or(0);
  }
  reading_.usage = read;
  // A rerank is billed by the search alone; its tokens, where told, are not.
  const bool counted = input.has_value() || read.search_units > 0 || read.image_input.value() > 0;
  reading_.input_reported = reading_.input_reported || counted;
  reading_.output_reported = reading_.output_reported || output.has_value();
}

std::string CohereReader::cut_ending(const pricing::Usage& usage) const {
  if (framing() != Framing::sse || reading_.finished) return {};
  std::string out(separator());
  const auto append = [&](std::string_view type, std::string_view members) {
    out.append("event: ").append(type).append("\ndata: {\"type\":\"").append(type);
    out.append("\"").append(members).append("}\n\n");
  };
  if (!started_) append("message-start", R"(,"id":"cut","delta":{"message":{"role":"assistant"}})");
  for (const OpenItem& item : open_) {
    append(item.closing, ",\"index\":" + std::to_string(item.index));
  }
  const std::string counts = counts_json(usage);
  append("message-end", R"(,"delta":{"finish_reason":"MAX_TOKENS","usage":{"billed_units":)" +
                            counts + R"(,"tokens":)" + counts + "}}");
  return out;
}

}  // namespace budget::wire
