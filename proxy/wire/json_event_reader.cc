#include "proxy/wire/json_event_reader.h"

#include <memory>

namespace budget::wire {
namespace {

std::unique_ptr<Splitter> splitter_for(Framing framing) {
  switch (framing) {
    case Framing::sse:
      return make_sse_splitter();
    case Framing::ndjson:
      return make_ndjson_splitter();
    case Framing::json_array:
      return make_json_array_splitter();
    case Framing::plain:
      break;
  }
  return make_plain_collector();
}

}  // namespace

Framing framing_of(const ReaderOptions& options, Framing streamed) {
  const std::string_view type = options.response.content_type;
  if (is_content_type(type, "text/event-stream")) return Framing::sse;
  if (is_content_type(type, "application/x-ndjson")) return Framing::ndjson;
  if (!options.stream) return Framing::plain;
  if (is_content_type(type, "application/json") && streamed != Framing::json_array) {
    return Framing::plain;
  }
  return streamed;
}

JsonEventReader::JsonEventReader(Framing framing)
    : EventStreamReader(splitter_for(framing)), framing_(framing) {}

Verdict JsonEventReader::on_event(const Event& event) {
  const auto parsed = parse_json(event.data, event.readable_behind);
  if (!parsed || !parsed->is_object()) return Verdict::unread;
  understood_ = true;
  on_json(event.name, parsed->element());
  return Verdict::keep;
}

void JsonEventReader::on_end() {
  if (!understood_) {
    reading_.malformed = true;
  } else if (framing_ == Framing::plain && reading_.error.empty()) {
    reading_.finished = true;
  }
}

pricing::ServiceTier tier_named(std::string_view name) {
  if (name == "batch") return pricing::ServiceTier::batch;
  if (name == "flex") return pricing::ServiceTier::flex;
  if (name == "priority" || name == "fast") return pricing::ServiceTier::priority;
  return pricing::ServiceTier::standard;
}

std::string error_message(JsonElement error) {
  std::string_view text;
  if (error.get(text) == simdjson::SUCCESS) return std::string(text);
  const std::string_view message = reported_string(error, "message");
  return message.empty() ? "an error without a message" : std::string(message);
}

}  // namespace budget::wire
