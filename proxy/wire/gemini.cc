// Google's Gemini, at AI Studio and on Vertex.
// Source: Google's API references of both.
#include <utility>

#include "proxy/wire/formats.h"
#include "proxy/wire/gemini_body.h"
#include "proxy/wire/gemini_reader.h"
#include "proxy/wire/google_paths.h"
#include "proxy/wire/paths.h"
#include "proxy/wire/refusal.h"

namespace budget::wire {
namespace {

std::string_view status_name(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::budget_exceeded:
      return "RESOURCE_EXHAUSTED";
    case ProblemKind::key_missing:
    case ProblemKind::key_invalid:
      return "UNAUTHENTICATED";
    case ProblemKind::not_allowed:
    case ProblemKind::unpriced_model:
    case ProblemKind::unmetered_path:
      return "PERMISSION_DENIED";
    case ProblemKind::invalid_request:
    case ProblemKind::request_too_large:
    case ProblemKind::header_too_large:
      return "INVALID_ARGUMENT";
    case ProblemKind::unknown_provider:
      return "NOT_FOUND";
    case ProblemKind::request_timeout:
    case ProblemKind::upstream_timeout:
      return "DEADLINE_EXCEEDED";
    case ProblemKind::upstream_unreachable:
    case ProblemKind::store_unavailable:
    case ProblemKind::overloaded:
      return "UNAVAILABLE";
    case ProblemKind::internal:
      break;
  }
  return "INTERNAL";
}

void append_details(std::string& out, const Problem& problem) {
  out += R"([{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":)";
  append_json_string(out, code_of(problem.kind));
  out += R"(,"domain":"budget")";
  if (problem.budget) {
    out += R"(,"metadata":)";
    append_budget_fields(out, problem);
  }
  out += '}';
  if (problem.retry_after_s) {
    out += R"(,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")";
    out += std::to_string(*problem.retry_after_s) + "s\"}";
  }
  if (!problem.request_id.empty()) {
    out += R"(,{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":)";
    append_json_string(out, problem.request_id);
    out += '}';
  }
  out += ']';
}

// What a verb asks of Google's own models.
std::optional<Route> route_of(const GooglePath& path) {
  Route route;
  route.model = path.model;
  route.billing = Billing::metered;
  if (path.verb == "generateContent" || path.verb == "streamGenerateContent") {
    route.operation = Operation::generate_content;
    route.variant = static_cast<std::uint8_t>(GeminiCall::generate);
    route.stream = path.verb == "streamGenerateContent";
    return route;
  }
  if (path.verb == "countTokens" || path.verb == "computeTokens") {
    route.operation = Operation::count_tokens;
    route.billing = Billing::free;
    return route;
  }
  route.operation = Operation::embeddings;
  if (path.verb == "embedContent") {
    route.variant = static_cast<std::uint8_t>(GeminiCall::embed);
    return route;
  }
  if (path.verb == "batchEmbedContents") {
    route.variant = static_cast<std::uint8_t>(GeminiCall::batch_embed);
    return route;
  }
  // Pictures, video and speech have the same verb, and no usage in tokens.
  const bool embeds = path.model.find("embedding") != std::string::npos ||
                      path.model.find("gecko") != std::string::npos;
  if (path.verb == "predict" && embeds) {
    route.variant = static_cast<std::uint8_t>(GeminiCall::predict);
    return route;
  }
  return std::nullopt;
}

class GeminiFormat final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "gemini"; }

  [[nodiscard]] std::optional<Route> route(std::string_view method, std::string_view path,
                                           std::string_view) const override {
    if (method != "POST") return std::nullopt;
    const auto google = google_path(path);
    if (!google || google->publisher != "google") return std::nullopt;
    auto route = route_of(*google);
    if (route) route->format = this;
    return route;
  }

  [[nodiscard]] std::expected<RequestFacts, std::string> facts(
      const Route& route, const RequestView& request) const override {
    return gemini_facts(route, request);
  }

  [[nodiscard]] pricing::InputParts parts(const Route&, const RequestView& request) const override {
    return gemini_parts(request);
  }

  [[nodiscard]] std::string rewrite(const Route& route, const RequestView& request,
                                    const RequestFacts& facts,
                                    const Rewrite& rewrite) const override {
    return rewrite_gemini(route, request, facts, rewrite);
  }

  [[nodiscard]] std::optional<std::string> path_with_model(const Route&, std::string_view path,
                                                           std::string_view model) const override {
    return google_path_with_model(path, model);
  }

  [[nodiscard]] std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const override {
    return std::make_unique<GeminiReader>(framing_of(options, Framing::json_array));
  }

  [[nodiscard]] ErrorAnswer refusal(const Problem& problem) const override {
    ErrorAnswer answer{status_of(problem), "application/json; charset=UTF-8",
                       retry_headers(problem), ""};
    answer.body = R"({"error":{"code":)" + std::to_string(answer.status) + R"(,"message":)";
    append_json_string(answer.body, problem.message);
    answer.body.append(R"(,"status":")").append(status_name(problem.kind));
    answer.body += R"(","details":)";
    append_details(answer.body, problem);
    answer.body += "}}";
    return answer;
  }
};

}  // namespace

const Format& gemini_format() {
  static const GeminiFormat format;
  return format;
}

}  // namespace budget::wire
