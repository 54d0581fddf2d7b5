// Anthropic's Messages, at Anthropic and on Google's Vertex.
// Source: Anthropic's API reference; Google's "Anthropic Claude models".
#include <algorithm>
#include <utility>

#include "proxy/wire/anthropic_body.h"
#include "proxy/wire/anthropic_progress.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/google_paths.h"
#include "proxy/wire/json_event_reader.h"
#include "proxy/wire/paths.h"
#include "proxy/wire/refusal.h"

namespace budget::wire {
namespace {

class AnthropicReader final : public JsonEventReader {
 public:
  explicit AnthropicReader(Framing framing) : JsonEventReader(framing) {}

  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const override {
    if (framing() != Framing::sse) return {};
    const auto events = progress_.ending(usage, reading_);
    std::string out(events.empty() ? std::string_view() : separator());
    for (const auto& [name, json] : events) {
      out.append("event: ").append(name).append("\ndata: ").append(json).append("\n\n");
    }
    return out;
  }

 private:
  void on_json(std::string_view, JsonElement event) override {
    std::string text;
    progress_.on_event(event, reading_, text);
    add_output_text(text);
  }

  AnthropicProgress progress_;
};

std::string_view error_type(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::budget_exceeded:
      return "rate_limit_error";
    case ProblemKind::key_missing:
    case ProblemKind::key_invalid:
      return "authentication_error";
    case ProblemKind::not_allowed:
    case ProblemKind::unpriced_model:
    case ProblemKind::unmetered_path:
      return "permission_error";
    case ProblemKind::invalid_request:
    case ProblemKind::request_timeout:
      return "invalid_request_error";
    case ProblemKind::request_too_large:
    case ProblemKind::header_too_large:
      return "request_too_large";
    case ProblemKind::unknown_provider:
      return "not_found_error";
    case ProblemKind::store_unavailable:
    case ProblemKind::overloaded:
      return "overloaded_error";
    case ProblemKind::upstream_unreachable:
    case ProblemKind::upstream_timeout:
    case ProblemKind::internal:
      break;
  }
  return "api_error";
}

class AnthropicFormat final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "anthropic"; }

  [[nodiscard]] std::optional<Route> route(std::string_view method, std::string_view path,
                                           std::string_view) const override {
    if (method != "POST") return std::nullopt;
    Route route;
    route.format = this;
    if (path == "/v1/messages") {
      route.operation = Operation::chat;
      route.billing = Billing::metered;
      return route;
    }
    if (path == "/v1/messages/count_tokens") return free_count(route);
    const auto google = google_path(path);
    if (!google || google->publisher != "anthropic") return std::nullopt;
    if (google->verb != "rawPredict" && google->verb != "streamRawPredict") return std::nullopt;
    // A model that only counts; the one to count for is in the body.
    if (google->model == "count-tokens") return free_count(route);
    route.operation = Operation::chat;
    route.billing = Billing::metered;
    route.model = google->model;
    route.stream = google->verb == "streamRawPredict";
    return route;
  }

  [[nodiscard]] std::expected<RequestFacts, std::string> facts(
      const Route& route, const RequestView& request) const override {
    return anthropic_facts(route, request);
  }

  [[nodiscard]] pricing::InputParts parts(const Route&, const RequestView& request) const override {
    return anthropic_parts(request);
  }

  [[nodiscard]] std::string rewrite(const Route&, const RequestView& request,
                                    const RequestFacts& facts,
                                    const Rewrite& rewrite) const override {
    return rewrite_anthropic(request, facts, rewrite);
  }

  [[nodiscard]] std::optional<std::string> path_with_model(const Route& route,
                                                           std::string_view path,
                                                           std::string_view model) const override {
    if (route.model.empty()) return std::nullopt;
    return google_path_with_model(path, model);
  }

  [[nodiscard]] std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const override {
    return std::make_unique<AnthropicReader>(framing_of(options, Framing::sse));
  }

  [[nodiscard]] ErrorAnswer refusal(const Problem& problem) const override {
    ErrorAnswer answer{status_of(problem), "application/json", retry_headers(problem), ""};
    if (!problem.request_id.empty()) {
      answer.headers.emplace_back("request-id", problem.request_id);
    }
    answer.body = R"({"type":"error","error":{"type":")";
    answer.body.append(error_type(problem.kind)).append(R"(","message":)");
    append_json_string(answer.body, problem.message);
    if (problem.budget) {
      answer.body += R"(,"budget":)";
      append_budget_fields(answer.body, problem);
    }
    answer.body += R"(},"request_id":)";
    append_json_string(answer.body, problem.request_id);
    answer.body += '}';
    return answer;
  }

 private:
  [[nodiscard]] static Route free_count(Route route) {
    route.operation = Operation::count_tokens;
    route.billing = Billing::free;
    return route;
  }
};

}  // namespace

const Format& anthropic_format() {
  static const AnthropicFormat format;
  return format;
}

}  // namespace budget::wire
