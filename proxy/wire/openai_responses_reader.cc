#include "proxy/wire/event_stream_reader.h"
#include "proxy/wire/json.h"
#include "proxy/wire/openai_common.h"
#include "proxy/wire/openai_readers.h"
#include "proxy/wire/openai_responses_output.h"
#include "proxy/wire/openai_usage.h"

namespace budget::wire {
namespace {

class OpenAiResponsesReader final : public EventStreamReader {
 public:
  explicit OpenAiResponsesReader(const ReaderOptions& options)
      : EventStreamReader(is_event_stream(options) ? make_sse_splitter() : make_plain_collector()),
        dialect_(options.dialect),
        streamed_(is_event_stream(options)) {}

  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const override {
    if (!streamed_ || reading_.finished) return {};
    return std::string(separator()) + output_.ending(reading_.model, usage);
  }

 private:
  Verdict on_event(const Event& event) override;
  void read_stream_event(const JsonValue& event);
  void read_response(JsonElement response);
  void read_output(JsonElement output);
  void count_search(JsonElement item);

  const Dialect* const dialect_;
  const bool streamed_;
  ResponsesOutput output_;
};

Verdict OpenAiResponsesReader::on_event(const Event& event) {
  if (streamed_ && event.data == "[DONE]") return Verdict::keep;
  if (streamed_ && !event.data.starts_with('{')) return Verdict::unread;
  const auto body = parse_json(event.data, event.readable_behind);
  if (!body || !body->is_object()) {
    if (!streamed_) reading_.malformed = true;
    return Verdict::unread;
  }
  if (streamed_) {
    read_stream_event(*body);
    return Verdict::keep;
  }
  read_response(body->element());
  if (const auto output = member(body->element(), "output")) read_output(*output);
  // A call that goes on in the background has not said what it costs.
  const std::string_view status = reported_string(body->element(), "status");
  reading_.finished = status != "queued" && status != "in_progress";
  return Verdict::keep;
}

void OpenAiResponsesReader::read_stream_event(const JsonValue& event) {
  const std::string_view type = reported_string(event.element(), "type");
  output_.on_event(type, event);
  if (type == "response.output_item.done") {
    if (const auto item = member(event.element(), "item")) count_search(*item);
  }
  if (type.ends_with(".delta")) {
    add_output_text(reported_string(event.element(), "delta"));
  } else if (type == "error") {
    const auto error = member(event.element(), "error");
    reading_.error = openai_error_message(error ? *error : event.element());
  } else if (const auto error = member(event.element(), "error")) {
    reading_.error = openai_error_message(*error);
  }
  if (const auto response = member(event.element(), "response")) {
    read_response(*response);
    reading_.finished = reading_.finished || type == "response.completed" ||
                        type == "response.incomplete" || type == "response.failed" ||
                        type == "response.cancelled";
  }
}

void OpenAiResponsesReader::count_search(JsonElement item) {
  if (reported_string(item, "type") == "web_search_call") ++reading_.usage.search_units;
}

void OpenAiResponsesReader::read_response(JsonElement response) {
  if (const auto usage = member(response, "usage")) read_openai_usage(*usage, *dialect_, reading_);
  if (const auto model = reported_string(response, "model"); !model.empty()) {
    reading_.model = model;
  }
  if (const auto id = reported_string(response, "id"); !id.empty()) reading_.upstream_id = id;
  if (const auto tier = reported_tier(reported_string(response, "service_tier"))) {
    reading_.tier = tier;
  }
  if (const auto error = member(response, "error")) reading_.error = openai_error_message(*error);
}

void OpenAiResponsesReader::read_output(JsonElement output) {
  simdjson::dom::array items;
  if (output.get(items) != simdjson::SUCCESS) return;
  for (const JsonElement item : items) {
    count_search(item);
    add_output_text(reported_string(item, "arguments"));
    add_output_text(reported_string(item, "input"));
    for (const std::string_view name : {"content", "summary"}) {
      simdjson::dom::array parts;
      const auto content = member(item, name);
      if (!content || content->get(parts) != simdjson::SUCCESS) continue;
      for (const JsonElement part : parts) {
        add_output_text(reported_string(part, "text"));
        add_output_text(reported_string(part, "refusal"));
      }
    }
  }
}

}  // namespace

std::unique_ptr<ResponseReader> make_openai_responses_reader(const ReaderOptions& options) {
  return std::make_unique<OpenAiResponsesReader>(options);
}

}  // namespace budget::wire
