// POST /v1/images/generations and /v1/images/edits.
#include "proxy/simulated/form.h"
#include "proxy/simulated/formats.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

// One grey pixel: a whole PNG in base64.
constexpr std::string_view picture =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

// OpenAI's published table of output tokens for gpt-image-1
// (platform.openai.com/docs/guides/image-generation, "Cost and latency").
std::int64_t picture_tokens(const Call& call) {
  const std::string_view quality = parameter(call, "quality");
  const std::string_view size = parameter(call, "size");
  const int row = quality == "low" ? 0 : quality == "medium" ? 1 : 2;
  static constexpr std::int64_t square[] = {272, 1056, 4160};
  static constexpr std::int64_t upright[] = {408, 1584, 6240};
  static constexpr std::int64_t across[] = {400, 1568, 6208};
  if (size == "1024x1536") return upright[row];
  if (size == "1536x1024") return across[row];
  return square[row];
}

std::string picture_usage(const Call& call, std::int64_t pictures) {
  const std::int64_t text = tokens_of(encoding_for(call.model), parameter(call, "prompt"));
  const std::int64_t image_input = call.verb == "edits" ? 194 : 0;
  const std::int64_t output = picture_tokens(call) * pictures;
  return concat(R"({"input_tokens":)", text + image_input,
                R"(,"input_tokens_details":{"text_tokens":)", text, R"(,"image_tokens":)",
                image_input, R"(},"output_tokens":)", output,
                R"(,"output_tokens_details":{"text_tokens":0,"image_tokens":)", output,
                R"(},"total_tokens":)", text + image_input + output, "}");
}

}  // namespace

Answer openai_image(const Call& call) {
  if (parameter(call, "prompt").empty()) {
    return bad_request(call, "Missing required parameter: 'prompt'.", "prompt");
  }
  const std::int64_t count = number(call, "n", 1);
  if (count < 1 || count > 10) return bad_request(call, "Invalid 'n': expected 1 to 10.", "n");
  const bool reports_usage =
      call.model.find("gpt-image") != std::string_view::npos && !call.steering.usage_missing;

  if (flag(call, "stream")) {
    const std::string type =
        concat(call.verb == "edits" ? "image_edit" : "image_generation", ".completed");
    auto events = std::make_unique<EventList>(Framing::sse_named);
    std::string payload = concat(
        R"({"type":")", type, R"(","b64_json":")", picture, R"(","created_at":)", created_at,
        R"(,"size":"1024x1024","quality":"high","background":"opaque","output_format":"png")");
    if (reports_usage) append(payload, R"(,"usage":)", picture_usage(call, 1));
    events->add(type, payload + "}");
    return streamed_answer(call, std::move(events));
  }

  const bool by_url = !reports_usage && parameter(call, "response_format") != "b64_json" &&
                      call.model.find("gpt-image") == std::string_view::npos;
  std::string body = concat(R"({"created":)", created_at, R"(,"data":[)");
  for (std::int64_t i = 0; i < count; ++i) {
    append(body, i > 0 ? "," : "",
           by_url ? R"({"url":"data:image/png;base64,)" : R"({"b64_json":")", picture, R"("})");
  }
  body += ']';
  if (reports_usage) append(body, R"(,"usage":)", picture_usage(call, count));
  return whole_answer(call, body + "}");
}

}  // namespace budget::simulated
