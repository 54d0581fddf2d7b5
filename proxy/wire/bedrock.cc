// Amazon Bedrock's runtime: Converse and InvokeModel.
// Source: AWS's "Amazon Bedrock Runtime" API reference.
#include <utility>

#include "proxy/wire/aws_event_stream.h"
#include "proxy/wire/bedrock_body.h"
#include "proxy/wire/bedrock_progress.h"
#include "proxy/wire/bedrock_vendor.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/json_event_reader.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"
#include "proxy/wire/paths.h"
#include "proxy/wire/refusal.h"

namespace budget::wire {
namespace {

constexpr std::string_view event_stream_type = "application/vnd.amazon.eventstream";

class BedrockPlainReader final : public JsonEventReader {
 public:
  explicit BedrockPlainReader(const ReaderOptions& options)
      : JsonEventReader(Framing::plain), progress_(options.route, options.response, reading_) {}

  [[nodiscard]] std::string cut_ending(const pricing::Usage&) const override { return {}; }

 private:
  void on_json(std::string_view, JsonElement answer) override {
    std::string text;
    progress_.on_answer(answer, reading_, text);
    add_output_text(text);
  }

  BedrockProgress progress_;
};

// Reads frames; a damaged one ends the reading, never the forwarding.
class BedrockStreamReader final : public ResponseReader {
 public:
  explicit BedrockStreamReader(const ReaderOptions& options)
      : converse_(static_cast<BedrockCall>(options.route.variant) == BedrockCall::converse),
        progress_(options.route, options.response, reading_) {}

  void feed(std::string_view bytes, std::string* out) override {
    splitter_.feed(bytes);
    EventFrame frame;
    for (FrameStatus status = splitter_.next(&frame); status != FrameStatus::more;
         status = splitter_.next(&frame)) {
      if (status == FrameStatus::whole) on_frame(frame);
      if (status == FrameStatus::broken) reading_.malformed = true;
      if (out != nullptr) out->append(frame.bytes);
    }
  }

  void finish(std::string* out) override {
    const std::string rest = splitter_.take_rest();
    if (out != nullptr) out->append(rest);
    if (!understood_) reading_.malformed = true;
  }

  [[nodiscard]] const Reading& reading() const override { return reading_; }

  [[nodiscard]] std::string_view take_output_text() override {
    taken_.swap(text_);
    text_.clear();
    return taken_;
  }

  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const override {
    return reading_.malformed ? std::string() : progress_.ending(usage, reading_);
  }

 private:
  void on_frame(const EventFrame& frame) {
    const auto parsed = parse_json(frame.payload);
    const bool object = parsed && parsed->is_object();
    if (frame.message_type == "exception" || frame.message_type == "error") {
      understood_ = true;
      const std::string_view said =
          object ? reported_string(parsed->element(), "message") : frame.error_message;
      reading_.error = said.empty() ? frame.event_type : said;
      return;
    }
    if (!object) return;
    understood_ = true;
    std::string said;
    if (converse_) {
      progress_.on_converse_event(frame.event_type, parsed->element(), reading_, said);
    } else if (frame.event_type == "chunk") {
      on_chunk(decode_base64(reported_string(parsed->element(), "bytes")), said);
    }
    if (text_.size() + said.size() <= event_bytes_max) text_ += said;
  }

  void on_chunk(const std::optional<std::string>& json, std::string& said) {
    if (!json) return;
    const auto chunk = parse_json(*json, json->capacity() - json->size());
    if (chunk && chunk->is_object()) progress_.on_chunk(chunk->element(), reading_, said);
  }

  const bool converse_;
  bool understood_ = false;
  Reading reading_;
  BedrockProgress progress_;
  FrameSplitter splitter_;
  std::string text_;
  std::string taken_;
};

std::string_view error_type(const Problem& problem) {
  switch (problem.kind) {
    case ProblemKind::budget_exceeded:
      // AWS's SDKs go by the name, whatever the status, and repeat the first.
      return status_of(problem) == 429 ? "ThrottlingException" : "ServiceQuotaExceededException";
    case ProblemKind::key_missing:
    case ProblemKind::key_invalid:
      return "UnrecognizedClientException";
    case ProblemKind::not_allowed:
    case ProblemKind::unpriced_model:
    case ProblemKind::unmetered_path:
      return "AccessDeniedException";
    case ProblemKind::invalid_request:
    case ProblemKind::request_too_large:
    case ProblemKind::header_too_large:
    case ProblemKind::request_timeout:
      return "ValidationException";
    case ProblemKind::unknown_provider:
      return "ResourceNotFoundException";
    case ProblemKind::upstream_timeout:
      return "ModelTimeoutException";
    case ProblemKind::upstream_unreachable:
    case ProblemKind::store_unavailable:
    case ProblemKind::overloaded:
      return "ServiceUnavailableException";
    case ProblemKind::internal:
      break;
  }
  return "InternalServerException";
}

class BedrockFormat final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "bedrock"; }

  [[nodiscard]] std::optional<Route> route(std::string_view method, std::string_view path,
                                           std::string_view) const override {
    if (method != "POST" || !is_plain_path(path)) return std::nullopt;
    if (take_segment(path) != "model") return std::nullopt;
    const auto id = decode_segment(take_segment(path));
    const std::string_view verb = take_segment(path);
    if (!id || !path.empty()) return std::nullopt;
    Route route;
    route.format = this;
    route.model = bedrock_model_of(*id);
    route.billing = Billing::metered;
    route.operation = Operation::chat;
    if (verb == "count-tokens") {
      route.operation = Operation::count_tokens;
      route.billing = Billing::free;
    } else if (verb == "converse" || verb == "converse-stream") {
      route.variant = static_cast<std::uint8_t>(BedrockCall::converse);
      route.stream = verb == "converse-stream";
    } else if (verb == "invoke" || verb == "invoke-with-response-stream") {
      route.variant = static_cast<std::uint8_t>(BedrockCall::invoke);
      route.stream = verb == "invoke-with-response-stream";
      const BedrockShape shape = bedrock_vendor_of(route.model).shape;
      if (shape == BedrockShape::embedding) route.operation = Operation::embeddings;
      if (shape == BedrockShape::unmeterable) {
        route.operation = Operation::other;
        route.billing = Billing::unmetered;
      }
    } else {
      return std::nullopt;
    }
    return route;
  }

  [[nodiscard]] std::expected<RequestFacts, std::string> facts(
      const Route& route, const RequestView& request) const override {
    return bedrock_facts(route, request);
  }

  [[nodiscard]] pricing::InputParts parts(const Route& route,
                                          const RequestView& request) const override {
    return bedrock_parts(route, request);
  }

  [[nodiscard]] std::string rewrite(const Route& route, const RequestView& request,
                                    const RequestFacts& facts,
                                    const Rewrite& rewrite) const override {
    return rewrite_bedrock(route, request, facts, rewrite);
  }

  // InvokeModel's body is in the vendor's own shape, which another vendor's
  // model would not understand.
  [[nodiscard]] std::optional<std::string> path_with_model(const Route& route,
                                                           std::string_view path,
                                                           std::string_view model) const override {
    const BedrockShape shape = bedrock_vendor_of(route.model).shape;
    const bool invoke = static_cast<BedrockCall>(route.variant) == BedrockCall::invoke;
    if (invoke && (bedrock_vendor_of(model).shape != shape || shape == BedrockShape::opaque)) {
      return std::nullopt;
    }
    const std::size_t verb = path.rfind('/');
    return "/model/" + encode_segment(model) + std::string(path.substr(verb));
  }

  [[nodiscard]] std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const override {
    const std::string_view type = options.response.content_type;
    if (is_content_type(type, event_stream_type) || (type.empty() && options.stream)) {
      return std::make_unique<BedrockStreamReader>(options);
    }
    return std::make_unique<BedrockPlainReader>(options);
  }

  [[nodiscard]] ErrorAnswer refusal(const Problem& problem) const override {
    ErrorAnswer answer = message_answer(problem, "message");
    answer.headers.emplace_back("x-amzn-errortype", error_type(problem));
    if (!problem.request_id.empty()) {
      answer.headers.emplace_back("x-amzn-requestid", problem.request_id);
    }
    return answer;
  }
};

}  // namespace

const Format& bedrock_format() {
  static const BedrockFormat format;
  return format;
}

}  // namespace budget::wire
