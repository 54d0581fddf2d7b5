#include "proxy/wire/openai_paths.h"

#include "proxy/wire/paths.h"

namespace budget::wire {
namespace {

struct Endpoint {
  std::string_view path;  // behind the prefix
  Operation operation;
  Billing billing;
  OpenAiCall call;
};

constexpr Endpoint endpoints[] = {
    {"/chat/completions", Operation::chat, Billing::metered, OpenAiCall::chat},
    {"/completions", Operation::text_completion, Billing::metered, OpenAiCall::completion},
    {"/fim/completions", Operation::text_completion, Billing::metered, OpenAiCall::completion},
    {"/responses", Operation::responses, Billing::metered, OpenAiCall::responses},
    {"/embeddings", Operation::embeddings, Billing::metered, OpenAiCall::embeddings},
    {"/images/generations", Operation::image_generation, Billing::metered,
     OpenAiCall::image_generation},
    {"/images/edits", Operation::image_generation, Billing::metered, OpenAiCall::image_edit},
    {"/images/variations", Operation::image_generation, Billing::metered,
     OpenAiCall::image_variation},
    {"/audio/transcriptions", Operation::transcription, Billing::metered,
     OpenAiCall::transcription},
    {"/audio/translations", Operation::translation, Billing::metered, OpenAiCall::translation},
    {"/audio/speech", Operation::speech, Billing::metered, OpenAiCall::speech},
    {"/moderations", Operation::moderation, Billing::free, OpenAiCall::none},
    {"/responses/input_tokens", Operation::count_tokens, Billing::free, OpenAiCall::none},
    {"/tokenize", Operation::count_tokens, Billing::free, OpenAiCall::none},
};

// What vendors put in front of OpenAI's paths, and their clients' base URLs
// with it. Perplexity, and DeepSeek's clients, put nothing.
constexpr std::string_view prefixes[] = {
    "/v1",
    "",
    "/openai/v1",           // Azure, Groq
    "/openai",              // Azure's dated versions of what is not in a deployment
    "/api/v1",              // OpenRouter
    "/compatible-mode/v1",  // DashScope
    "/inference/v1",        // Fireworks
    "/v1beta/openai",       // Gemini
    "/beta",                // DeepSeek
    "/api/v3",              // Ark
    "/api/paas/v4",         // Z.ai
    "/compatibility/v1",    // Cohere
};

constexpr std::string_view deployments = "/openai/deployments/";

// The deployment's segment of an Azure path, and what stands behind it.
std::optional<std::pair<std::string_view, std::string_view>> deployment_of(std::string_view path) {
  if (!path.starts_with(deployments)) return std::nullopt;
  std::string_view rest = path.substr(deployments.size() - 1);
  const std::string_view deployment = take_segment(rest);
  return std::pair(deployment, rest);
}

const Endpoint* endpoint_at(std::string_view path) {
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.path == path) return &endpoint;
  }
  return nullptr;
}

Route route_to(const Format& format, const Endpoint& endpoint) {
  return {.format = &format,
          .operation = endpoint.operation,
          .billing = endpoint.billing,
          .variant = static_cast<std::uint8_t>(endpoint.call)};
}

}  // namespace

std::optional<Route> openai_route(const Format& format, std::string_view method,
                                  std::string_view path) {
  if (method != "POST" || !is_plain_path(path)) return std::nullopt;
  if (const auto azure = deployment_of(path)) {
    const Endpoint* endpoint = endpoint_at(azure->second);
    auto model = decode_segment(azure->first);
    if (endpoint == nullptr || !model) return std::nullopt;
    Route route = route_to(format, *endpoint);
    route.model = *std::move(model);
    return route;
  }
  for (const std::string_view prefix : prefixes) {
    if (!path.starts_with(prefix)) continue;
    if (const Endpoint* endpoint = endpoint_at(path.substr(prefix.size()))) {
      return route_to(format, *endpoint);
    }
  }
  return std::nullopt;
}

std::optional<std::string> openai_path_with_model(std::string_view path, std::string_view model) {
  const auto azure = deployment_of(path);
  if (!azure) return std::nullopt;
  return std::string(deployments) + encode_segment(model) + std::string(azure->second);
}

}  // namespace budget::wire
