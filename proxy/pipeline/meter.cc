#include "proxy/pipeline/meter.h"

#include <utility>

#include "proxy/net/http_rules.h"

namespace budget::pipeline {

namespace {

// A stream's text is counted on the way once there is this much of it, so that
// a long one is not kept in memory.
constexpr std::size_t uncounted_max = 4UZ * 1024;

}  // namespace

bool is_event_stream(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return net::equal_ignoring_case(type, "text/event-stream") ||
         net::equal_ignoring_case(type, "application/x-ndjson") ||
         net::equal_ignoring_case(type, "application/vnd.amazon.eventstream");
}

Meter::Meter(const Call& call, const net::Head& response)
    : encoding_(pricing::encoding_of(call.model).value_or(pricing::Encoding::o200k_base)) {
  const wire::ResponseView view{
      .status = response.status,
      .content_type = response.field("content-type"),
      .bedrock_input_tokens = response.field("x-amzn-bedrock-input-token-count"),
      .bedrock_output_tokens = response.field("x-amzn-bedrock-output-token-count")};
  const wire::ReaderOptions options{.route = call.route,
                                    .dialect = call.provider->dialect,
                                    .response = view,
                                    .stream = call.facts.stream,
                                    .usage_asked = call.facts.usage_asked,
                                    .strip_usage = call.rewrite.ask_for_usage};
  reader_ = call.route.format->reader(options);
  const std::string_view coding = response.field("content-encoding");
  encoded_ = !coding.empty() && !net::equal_ignoring_case(coding, "identity");
  if (call.incremental && !encoded_) shown_ = call.route.format->reader(options);
  decoder_ = wire::make_content_decoder(coding);
}

void Meter::feed(std::string_view bytes, std::string* out) {
  if (!encoded_) {
    read(bytes, out);
    return;
  }
  const auto status =
      decoder_ ? decoder_->feed(bytes, [this](std::string_view decoded) { read(decoded, nullptr); })
               : wire::DecodeStatus::malformed;
  if (status == wire::DecodeStatus::malformed) undecoded_ = true;
}

void Meter::relayed(std::string_view bytes) {
  if (!shown_) return;
  // With `out`, for what stands between the last event and one more is known
  // only so.
  shown_->feed(bytes, &discarded_);
  static_cast<void>(shown_->take_output_text());
  discarded_.clear();
}

void Meter::finish(std::string* out) {
  reader_->finish(out);
  keep_output_text();
}

void Meter::read(std::string_view bytes, std::string* out) {
  reader_->feed(bytes, out);
  keep_output_text();
  if (uncounted_.size() > uncounted_max) count();
}

void Meter::keep_output_text() {
  uncounted_ += reader_->take_output_text();
}

pricing::Tokens Meter::counted_output() {
  count();
  return counted_output_;
}

void Meter::count() {
  counted_output_ += pricing::count_tokens(encoding_, uncounted_);
  uncounted_.clear();
}

}  // namespace budget::pipeline
