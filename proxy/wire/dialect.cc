#include "proxy/wire/dialect.h"

#include <algorithm>

namespace budget::wire {
namespace {

using pricing::Vendor;

// A vendor with several host names has a row for each. Only vendors that are
// known to understand the option are asked for usage: Mistral and Perplexity
// report it unasked, and of others an unknown option may be refused.
constexpr Dialect dialects[] = {
    {.name = "openai",
     .host_suffix = "api.openai.com",
     .vendor = Vendor::openai,
     .ask_for_usage = true,
     .max_completion_tokens = true},
    {.name = "azure",
     .host_suffix = "openai.azure.com",
     .vendor = Vendor::openai,
     .ask_for_usage = true,
     .max_completion_tokens = true},
    {.name = "azure",
     .host_suffix = "cognitiveservices.azure.com",
     .vendor = Vendor::openai,
     .ask_for_usage = true,
     .max_completion_tokens = true},
    {.name = "azure",
     .host_suffix = "services.ai.azure.com",
     .vendor = Vendor::openai,
     .ask_for_usage = true,
     .max_completion_tokens = true},
    // The built-in provider counts with OpenAI's encodings.
    {.name = "simulated",
     .vendor = Vendor::openai,
     .ask_for_usage = true,
     .max_completion_tokens = true},
    {.name = "xai",
     .host_suffix = "api.x.ai",
     .ask_for_usage = true,
     .usage_without_asking = true,
     .reasoning_outside_output = true},
    {.name = "deepseek", .host_suffix = "api.deepseek.com", .ask_for_usage = true},
    {.name = "groq",
     .host_suffix = "api.groq.com",
     .ask_for_usage = true,
     .usage_without_asking = true},
    {.name = "mistral", .host_suffix = "api.mistral.ai", .usage_without_asking = true},
    {.name = "openrouter", .host_suffix = "openrouter.ai", .ask_for_usage = true},
    {.name = "together", .host_suffix = "api.together.xyz", .ask_for_usage = true},
    {.name = "together", .host_suffix = "api.together.ai", .ask_for_usage = true},
    {.name = "fireworks",
     .host_suffix = "api.fireworks.ai",
     .ask_for_usage = true,
     .usage_without_asking = true},
    {.name = "perplexity", .host_suffix = "api.perplexity.ai", .usage_without_asking = true},
    {.name = "vllm", .ask_for_usage = true},
    {.name = "ollama", .ask_for_usage = true},
    {.name = "gemini",
     .host_suffix = "generativelanguage.googleapis.com",
     .vendor = Vendor::google,
     .ask_for_usage = true},
    {.name = "google",
     .host_suffix = "aiplatform.googleapis.com",
     .vendor = Vendor::google,
     .ask_for_usage = true},
    {.name = "cerebras",
     .host_suffix = "api.cerebras.ai",
     .ask_for_usage = true,
     .usage_without_asking = true},
    {.name = "anthropic",
     .host_suffix = "api.anthropic.com",
     .vendor = Vendor::anthropic,
     .ask_for_usage = true},
    {.name = "cohere", .host_suffix = "api.cohere.com"},
    {.name = "cohere", .host_suffix = "api.cohere.ai"},
    {.name = "bedrock", .host_suffix = "amazonaws.com"},
    {.name = "generic"},
};

bool is_host_of(std::string_view host, std::string_view suffix) {
  if (suffix.empty() || !host.ends_with(suffix)) return false;
  return host.size() == suffix.size() || host[host.size() - suffix.size() - 1] == '.' ||
         // Vertex names its regions with a hyphen: us-central1-aiplatform.….
         host[host.size() - suffix.size() - 1] == '-';
}

}  // namespace

const Dialect* dialect_named(std::string_view name) {
  const auto* found = std::ranges::find(dialects, name, &Dialect::name);
  return found == std::end(dialects) ? nullptr : found;
}

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const Dialect& dialect : dialects) {
    // A vendor's rows stand together.
    if (names.empty() || names.back() != dialect.name) names.emplace_back(dialect.name);
  }
  return names;
}

const Dialect& dialect_of(std::string_view name, std::string_view url_host) {
  if (const Dialect* named = dialect_named(name)) return *named;
  for (const Dialect& dialect : dialects) {
    if (is_host_of(url_host, dialect.host_suffix)) return dialect;
  }
  return *dialect_named("generic");
}

}  // namespace budget::wire
