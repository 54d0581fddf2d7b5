#include "proxy/wire/event_stream_reader.h"
#include "proxy/wire/json.h"
#include "proxy/wire/openai_common.h"
#include "proxy/wire/openai_readers.h"
#include "proxy/wire/openai_usage.h"

namespace budget::wire {
namespace {

// Sound, subtitles: nothing to read, and nothing is kept.
class UnreadSplitter final : public Splitter {
 public:
  void feed(std::string_view bytes, EventSink&, std::string* out) override {
    if (out != nullptr) out->append(bytes);
  }
  void finish(EventSink&, std::string*) override {}
};

enum class Body : std::uint8_t { events, json, unread };

Body body_of(const ReaderOptions& options) {
  if (is_event_stream(options)) return Body::events;
  return is_content_type(options.response.content_type, "application/json") ? Body::json
                                                                            : Body::unread;
}

std::unique_ptr<Splitter> splitter_for(Body body) {
  switch (body) {
    case Body::events:
      return make_sse_splitter();
    case Body::json:
      return make_plain_collector();
    case Body::unread:
      break;
  }
  return std::make_unique<UnreadSplitter>();
}

void add_tokens(pricing::Usage& usage, const pricing::Usage& other) {
  usage.input += other.input;
  usage.cache_read += other.cache_read;
  usage.cache_write_5m += other.cache_write_5m;
  usage.audio_input += other.audio_input;
  usage.image_input += other.image_input;
  usage.output += other.output;
  usage.reasoning += other.reasoning;
  usage.audio_output += other.audio_output;
  usage.image_output += other.image_output;
}

class OpenAiMediaReader final : public EventStreamReader {
 public:
  OpenAiMediaReader(const ReaderOptions& options, Body body)
      : EventStreamReader(splitter_for(body)),
        dialect_(options.dialect),
        operation_(options.route.operation),
        body_(body) {}

  // None of these has an ending for a cut.
  [[nodiscard]] std::string cut_ending(const pricing::Usage&) const override { return {}; }

 private:
  Verdict on_event(const Event& event) override;
  void on_end() override {
    if (body_ == Body::unread) reading_.finished = true;
  }
  void read_body(JsonElement body);
  void read_typed_event(JsonElement event);

  const Dialect* const dialect_;
  const Operation operation_;
  const Body body_;
};

Verdict OpenAiMediaReader::on_event(const Event& event) {
  if (body_ == Body::events && event.data == "[DONE]") {
    reading_.finished = true;
    return Verdict::keep;
  }
  const auto body = parse_json(event.data, event.readable_behind);
  if (!body || !body->is_object()) {
    if (body_ == Body::json) reading_.malformed = true;
    return Verdict::unread;
  }
  if (const auto error = member(body->element(), "error")) {
    reading_.error = openai_error_message(*error);
  }
  if (body_ == Body::json) {
    read_body(body->element());
  } else {
    read_typed_event(body->element());
  }
  return Verdict::keep;
}

void OpenAiMediaReader::read_body(JsonElement body) {
  reading_.finished = true;
  reading_.model = reported_string(body, "model");
  reading_.upstream_id = reported_string(body, "id");
  if (const auto usage = member(body, "usage")) read_openai_usage(*usage, *dialect_, reading_);
  if (operation_ == Operation::embeddings) {
    reading_.output_reported = reading_.input_reported;  // there is no output
  }
  simdjson::dom::array data;
  if (operation_ == Operation::image_generation) {
    const auto images = member(body, "data");
    if (images && images->get(data) == simdjson::SUCCESS) {
      reading_.usage.images = static_cast<std::int64_t>(data.size());
    }
  } else if (operation_ == Operation::transcription || operation_ == Operation::translation) {
    add_output_text(reported_string(body, "text"));
  }
}

void OpenAiMediaReader::read_typed_event(JsonElement event) {
  const std::string_view type = reported_string(event, "type");
  const pricing::Usage before = reading_.usage;
  const bool picture = type == "image_generation.completed" || type == "image_edit.completed";
  if (picture) ++reading_.usage.images;
  if (type == "transcript.text.delta") add_output_text(reported_string(event, "delta"));
  if (picture || type == "transcript.text.done" || type == "speech.audio.done") {
    if (const auto usage = member(event, "usage")) {
      read_openai_usage(*usage, *dialect_, reading_);
      // Each picture tells its own.
      if (picture) add_tokens(reading_.usage, before);
    }
    reading_.finished = true;
  }
}

}  // namespace

std::unique_ptr<ResponseReader> make_openai_media_reader(const ReaderOptions& options) {
  return std::make_unique<OpenAiMediaReader>(options, body_of(options));
}

}  // namespace budget::wire
