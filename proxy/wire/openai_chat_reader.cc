#include <algorithm>
#include <string>
#include <vector>

#include "proxy/wire/event_stream_reader.h"
#include "proxy/wire/json.h"
#include "proxy/wire/openai_common.h"
#include "proxy/wire/openai_readers.h"
#include "proxy/wire/openai_usage.h"

namespace budget::wire {

bool is_event_stream(const ReaderOptions& options) {
  const std::string_view type = options.response.content_type;
  if (is_content_type(type, "text/event-stream")) return true;
  // Some servers label their streams as plain text, or not at all.
  return options.stream && options.response.status < 300 &&
         (type.empty() || is_content_type(type, "text/plain") ||
          is_content_type(type, "application/octet-stream"));
}

namespace {

// Choices that are watched for their ending; more of them are only read.
constexpr std::size_t watched_choices_max = 1024;

class OpenAiChatReader final : public EventStreamReader {
 public:
  explicit OpenAiChatReader(const ReaderOptions& options)
      : EventStreamReader(is_event_stream(options) ? make_sse_splitter() : make_plain_collector()),
        dialect_(options.dialect),
        streamed_(is_event_stream(options)),
        chat_(options.route.operation == Operation::chat),
        usage_asked_(options.usage_asked),
        strip_usage_(options.strip_usage) {}

  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const override;

 private:
  struct Choice {
    std::int64_t index;
    bool finished;
  };

  Verdict on_event(const Event& event) override;
  void on_end() override;
  void read_choice(JsonElement choice);
  void read_text(JsonElement message);
  void read_calls(JsonElement calls);
  void append_chunk_head(std::string& out) const;

  const Dialect* const dialect_;
  const bool streamed_;
  const bool chat_;
  const bool usage_asked_;
  const bool strip_usage_;
  bool done_ = false;  // [DONE] was seen
  std::int64_t created_ = 0;
  std::vector<Choice> choices_;
};

Verdict OpenAiChatReader::on_event(const Event& event) {
  if (streamed_ && event.data == "[DONE]") {
    done_ = true;
    reading_.finished = true;
    return Verdict::keep;
  }
  if (streamed_ && !event.data.starts_with('{')) return Verdict::unread;
  const auto body = parse_json(event.data, event.readable_behind);
  simdjson::dom::object members;
  if (!body || body->element().get(members) != simdjson::SUCCESS) {
    if (!streamed_) reading_.malformed = true;
    return Verdict::unread;
  }
  bool has_choices = false;
  bool has_usage = false;
  for (const auto [key, value] : members) {
    if (key == "choices") {
      simdjson::dom::array choices;
      if (value.get(choices) != simdjson::SUCCESS) continue;
      for (const JsonElement choice : choices) {
        has_choices = true;
        read_choice(choice);
      }
    } else if (key == "usage") {
      has_usage = value.is_object();
      read_openai_usage(value, *dialect_, reading_);
    } else if (key == "model" && reading_.model.empty()) {
      if (value.is_string()) reading_.model = std::string_view(value);
    } else if (key == "id" && reading_.upstream_id.empty()) {
      if (value.is_string()) reading_.upstream_id = std::string_view(value);
    } else if (key == "created" && created_ == 0) {
      created_ = reported_count(value).value_or(0);
    } else if (key == "service_tier" && value.is_string()) {
      if (const auto tier = reported_tier(std::string_view(value))) reading_.tier = tier;
    } else if (key == "x_groq" && !has_usage) {
      if (const auto usage = member(value, "usage")) read_openai_usage(*usage, *dialect_, reading_);
    } else if (key == "error" && !value.is_null()) {
      reading_.error = openai_error_message(value);
    }
  }
  if (!streamed_) reading_.finished = true;
  // Azure's first event has no choices either, but no usage.
  return streamed_ && strip_usage_ && has_usage && !has_choices ? Verdict::drop : Verdict::keep;
}

void OpenAiChatReader::read_choice(JsonElement choice) {
  simdjson::dom::object members;
  if (choice.get(members) != simdjson::SUCCESS) return;
  std::int64_t index = 0;
  bool finished = false;
  for (const auto [key, value] : members) {
    if (key == "delta" || key == "message") {
      read_text(value);
    } else if (key == "text") {
      if (value.is_string()) add_output_text(std::string_view(value));
    } else if (key == "index") {
      index = reported_count(value).value_or(0);
    } else if (key == "finish_reason") {
      finished = !value.is_null();
    } else if (key == "usage") {  // Moonshot's place for it
      read_openai_usage(value, *dialect_, reading_);
    }
  }
  const auto known = std::ranges::find(choices_, index, &Choice::index);
  if (known != choices_.end()) {
    known->finished = known->finished || finished;
  } else if (choices_.size() < watched_choices_max) {
    choices_.push_back({index, finished});
  }
}

void OpenAiChatReader::read_text(JsonElement message) {
  simdjson::dom::object members;
  if (message.get(members) != simdjson::SUCCESS) return;
  for (const auto [key, value] : members) {
    if (key == "content" || key == "reasoning_content" || key == "reasoning" || key == "refusal") {
      simdjson::dom::array parts;
      if (value.is_string()) {
        add_output_text(std::string_view(value));
      } else if (value.get(parts) == simdjson::SUCCESS) {  // Mistral's
        for (const JsonElement part : parts) add_output_text(reported_string(part, "text"));
      }
    } else if (key == "tool_calls") {
      read_calls(value);
    } else if (key == "function_call") {
      add_output_text(reported_string(value, "name"));
      add_output_text(reported_string(value, "arguments"));
    } else if (key == "audio") {
      add_output_text(reported_string(value, "transcript"));
    }
  }
}

void OpenAiChatReader::read_calls(JsonElement calls) {
  simdjson::dom::array array;
  if (calls.get(array) != simdjson::SUCCESS) return;
  for (const JsonElement call : array) {
    for (const std::string_view kind : {"function", "custom"}) {
      const auto function = member(call, kind);
      if (!function) continue;
      for (const std::string_view name : {"name", "arguments", "input"}) {
        add_output_text(reported_string(*function, name));
      }
    }
  }
}

void OpenAiChatReader::on_end() {
  // Not every vendor ends its streams with [DONE].
  if (streamed_ && !choices_.empty() && std::ranges::all_of(choices_, &Choice::finished)) {
    reading_.finished = true;
  }
}

void OpenAiChatReader::append_chunk_head(std::string& out) const {
  out += "data: {\"id\":";
  append_json_string(out, reading_.upstream_id);
  out += chat_ ? ",\"object\":\"chat.completion.chunk\",\"created\":"
               : ",\"object\":\"text_completion\",\"created\":";
  out += std::to_string(created_);
  out += ",\"model\":";
  append_json_string(out, reading_.model);
  out += ",\"choices\":[";
}

std::string OpenAiChatReader::cut_ending(const pricing::Usage& usage) const {
  if (!streamed_ || done_) return {};
  std::vector<Choice> open = choices_;
  if (open.empty()) open.push_back({0, false});
  std::string out(separator());
  for (const Choice& choice : open) {
    if (choice.finished) continue;
    append_chunk_head(out);
    out += chat_ ? "{\"index\":" : "{\"text\":\"\",\"index\":";
    out += std::to_string(choice.index);
    if (chat_) out += ",\"delta\":{}";
    out += ",\"logprobs\":null,\"finish_reason\":\"length\"}]";
    if (usage_asked_) out += ",\"usage\":null";
    out += "}\n\n";
  }
  if (usage_asked_) {
    append_chunk_head(out);
    out += "],\"usage\":";
    append_chat_usage(out, usage);
    out += "}\n\n";
  }
  out += "data: [DONE]\n\n";
  return out;
}

}  // namespace

std::unique_ptr<ResponseReader> make_openai_chat_reader(const ReaderOptions& options) {
  return std::make_unique<OpenAiChatReader>(options);
}

}  // namespace budget::wire
