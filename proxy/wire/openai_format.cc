#include "proxy/wire/formats.h"
#include "proxy/wire/framing.h"
#include "proxy/wire/json.h"
#include "proxy/wire/multipart.h"
#include "proxy/wire/openai_facts.h"
#include "proxy/wire/openai_input.h"
#include "proxy/wire/openai_paths.h"
#include "proxy/wire/openai_readers.h"
#include "proxy/wire/refusal.h"

namespace budget::wire {
namespace {

OpenAiCall call_of(const Route& route) {
  return static_cast<OpenAiCall>(route.variant);
}

bool is_form(const Route& route, const RequestView& request) {
  switch (call_of(route)) {
    case OpenAiCall::transcription:
    case OpenAiCall::translation:
      return true;
    case OpenAiCall::image_edit:
    case OpenAiCall::image_variation:
      return is_content_type(request.content_type, "multipart/form-data");
    default:
      return false;
  }
}

class OpenAiFormat final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai"; }

  [[nodiscard]] std::optional<Route> route(std::string_view method, std::string_view path,
                                           std::string_view) const override {
    return openai_route(*this, method, path);
  }

  [[nodiscard]] Facts facts(const Route& route, const RequestView& request) const override;
  [[nodiscard]] pricing::InputParts parts(const Route& route,
                                          const RequestView& request) const override;
  [[nodiscard]] std::string rewrite(const Route& route, const RequestView& request,
                                    const RequestFacts& facts,
                                    const Rewrite& rewrite) const override;

  [[nodiscard]] bool can_ask_for_usage(const Route& route, const RequestFacts& facts,
                                       const Dialect& dialect) const override {
    return facts.stream && !facts.usage_asked && dialect.ask_for_usage &&
           (route.operation == Operation::chat || route.operation == Operation::text_completion);
  }

  [[nodiscard]] std::optional<std::string> path_with_model(const Route& route,
                                                           std::string_view path,
                                                           std::string_view model) const override {
    if (route.model.empty()) return std::nullopt;
    return openai_path_with_model(path, model);
  }

  [[nodiscard]] std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const override {
    switch (options.route.operation) {
      case Operation::chat:
      case Operation::text_completion:
        return make_openai_chat_reader(options);
      case Operation::responses:
        return make_openai_responses_reader(options);
      default:
        return make_openai_media_reader(options);
    }
  }

  [[nodiscard]] ErrorAnswer refusal(const Problem& problem) const override;
};

Facts OpenAiFormat::facts(const Route& route, const RequestView& request) const {
  if (is_form(route, request)) return openai_form_facts(route, request);
  const auto body = parse_json(request.body, request.readable_behind);
  if (!body) return std::unexpected(body.error());
  if (!body->is_object()) return std::unexpected("The body must be a JSON object.");
  const std::size_t bytes = request.body.size();
  switch (call_of(route)) {
    case OpenAiCall::chat:
    case OpenAiCall::completion:
      return openai_chat_facts(route, *body, bytes);
    case OpenAiCall::responses:
      return openai_responses_facts(route, *body, bytes);
    case OpenAiCall::embeddings:
      return openai_embeddings_facts(route, *body, bytes);
    case OpenAiCall::speech:
      return openai_speech_facts(route, *body, bytes);
    default:
      return openai_images_facts(route, *body, bytes);
  }
}

pricing::InputParts OpenAiFormat::parts(const Route& route, const RequestView& request) const {
  pricing::InputParts parts;
  if (is_form(route, request)) {
    const auto form = parse_multipart(request.content_type, request.body);
    if (!form) return parts;
    for (const FormPart& part : *form) {
      if (part.name == "prompt") {
        parts.texts.emplace_back(part.content);
      } else if (part.name == "file") {
        parts.audio_milliseconds += audio_milliseconds_max(part.content);
      } else if (part.is_file) {
        parts.images.emplace_back();
      }
    }
    return parts;
  }
  const auto body = parse_json(request.body, request.readable_behind);
  return body ? openai_input_parts(*body, route.operation) : parts;
}

// What an added ceiling is called.
std::string_view ceiling_name(const Route& route, const Rewrite& rewrite) {
  switch (route.operation) {
    case Operation::responses:
      return "max_output_tokens";
    case Operation::chat:
      return rewrite.dialect != nullptr && rewrite.dialect->max_completion_tokens
                 ? "max_completion_tokens"
                 : "max_tokens";
    default:
      return "max_tokens";
  }
}

std::string OpenAiFormat::rewrite(const Route& route, const RequestView& request,
                                  const RequestFacts& facts, const Rewrite& rewrite) const {
  std::vector<Edit> edits;
  std::string added;
  if (rewrite.model && facts.model_value) {
    std::string text;
    if (is_form(route, request)) {
      text = *rewrite.model;
    } else {
      append_json_string(text, *rewrite.model);
    }
    edits.push_back({*facts.model_value, std::move(text)});
  }
  if (rewrite.max_output && facts.ceiling_settable) {
    const std::string number = std::to_string(*rewrite.max_output);
    if (facts.ceiling_value) {
      edits.push_back({*facts.ceiling_value, number});
    } else {
      added += '"' + std::string(ceiling_name(route, rewrite)) + "\":" + number + ',';
    }
    if (facts.also_ceiling_value) edits.push_back({*facts.also_ceiling_value, number});
  }
  if (rewrite.ask_for_usage) {
    if (facts.include_usage_value) {
      edits.push_back({*facts.include_usage_value, "true"});
    } else if (facts.stream_options_value) {
      const Span options = *facts.stream_options_value;
      const std::string_view inner = request.body.substr(options.offset, options.length);
      const std::size_t first = inner.starts_with('{') ? inner.find_first_not_of(" \t\r\n", 1) : 0;
      if (!inner.starts_with('{')) {  // null
        edits.push_back({options, "{\"include_usage\":true}"});
      } else {
        edits.push_back({Span{options.offset + 1, 0}, inner[first] == '}'
                                                          ? "\"include_usage\":true"
                                                          : "\"include_usage\":true,"});
      }
    } else {
      added += "\"stream_options\":{\"include_usage\":true},";
    }
  }
  if (!added.empty()) {
    if (!facts.insert_comma) added.pop_back();
    edits.push_back({Span{facts.insert_at, 0}, std::move(added)});
  }
  return splice(request.body, std::move(edits));
}

std::string_view type_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::budget_exceeded:
      return "insufficient_quota";
    case ProblemKind::upstream_unreachable:
    case ProblemKind::upstream_timeout:
    case ProblemKind::store_unavailable:
    case ProblemKind::overloaded:
    case ProblemKind::internal:
      return "api_error";
    default:
      return "invalid_request_error";
  }
}

ErrorAnswer OpenAiFormat::refusal(const Problem& problem) const {
  ErrorAnswer answer{.status = status_of(problem),
                     .content_type = "application/json",
                     .headers = retry_headers(problem)};
  answer.body = "{\"error\":{\"message\":";
  append_json_string(answer.body, problem.message);
  answer.body += ",\"type\":\"";
  answer.body += type_of(problem.kind);
  answer.body += "\",\"param\":null,\"code\":\"";
  answer.body += code_of(problem.kind);
  answer.body += '"';
  if (problem.budget) {
    answer.body += ",\"budget\":";
    append_budget_fields(answer.body, problem);
  }
  answer.body += "}}";
  return answer;
}

}  // namespace

const Format& openai_format() {
  static const OpenAiFormat format;
  return format;
}

}  // namespace budget::wire
