#include "proxy/wire/registry.h"

#include <array>
#include <span>

#include "proxy/wire/formats.h"
#include "proxy/wire/paths.h"

namespace budget::wire {
namespace {

using Accessor = const Format& (*)();

// The formats that a provider answers; the first is its main one.
std::span<const Accessor> formats_of(ProviderFormat format) {
  static constexpr std::array openai = {&openai_format};
  // Anthropic has an OpenAI-compatible endpoint under its own host.
  static constexpr std::array anthropic = {&anthropic_format, &openai_format};
  // Vertex serves Anthropic's models under paths of its own; Gemini has an
  // OpenAI-compatible endpoint.
  static constexpr std::array gemini = {&gemini_format, &anthropic_format, &openai_format};
  // Bedrock serves OpenAI's format under /openai/v1.
  static constexpr std::array bedrock = {&bedrock_format, &openai_format};
  static constexpr std::array cohere = {&cohere_format, &openai_format};
  // Ollama's /v1 is OpenAI's and, since 0.14, Anthropic's.
  static constexpr std::array ollama = {&ollama_format, &anthropic_format, &openai_format};
  static constexpr std::array any = {&openai_format,  &anthropic_format, &gemini_format,
                                     &bedrock_format, &cohere_format,    &ollama_format};
  switch (format) {
    case ProviderFormat::openai:
      return openai;
    case ProviderFormat::anthropic:
      return anthropic;
    case ProviderFormat::gemini:
      return gemini;
    case ProviderFormat::bedrock:
      return bedrock;
    case ProviderFormat::cohere:
      return cohere;
    case ProviderFormat::ollama:
      return ollama;
    case ProviderFormat::any:
      break;
  }
  return any;
}

// A GET that opens a WebSocket on which money is spent.
bool opens_realtime(std::string_view path) {
  while (!path.empty()) {
    const std::string_view segment = take_segment(path);
    if (segment == "realtime" || segment == "ws" || segment.ends_with(".LlmBidiService") ||
        segment.ends_with("BidiGenerateContent")) {
      return true;
    }
  }
  return false;
}

}  // namespace

Route route(ProviderFormat format, std::string_view method, std::string_view path,
            std::string_view query) {
  const auto formats = formats_of(format);
  if (is_plain_path(path)) {
    for (const Accessor accessor : formats) {
      if (auto found = accessor().route(method, path, query)) return *std::move(found);
    }
  }
  Route route{.format = &formats.front()()};
  if (format == ProviderFormat::any) route.format = &format_for_errors(path);
  const bool reads = method == "GET" || method == "HEAD" || method == "DELETE";
  // Lists may be asked for at "/", or with a slash at the end.
  if (reads && !opens_realtime(path)) {
    std::string_view plain = path;
    if (plain.size() > 1 && plain.ends_with('/')) plain.remove_suffix(1);
    if (plain == "/" || is_plain_path(plain)) route.billing = Billing::free;
  }
  return route;
}

const Format& format_for_errors(std::string_view path) {
  const auto holds = [&](std::string_view part) { return path.find(part) != path.npos; };
  if (holds("/v1/messages") || holds("/publishers/anthropic/") || holds("/v1/complete")) {
    return anthropic_format();
  }
  if (holds("/v1beta/") || holds("/publishers/google/") || holds(":generateContent") ||
      holds(":streamGenerateContent")) {
    return holds("/openai/") ? openai_format() : gemini_format();
  }
  if (holds("/model/")) return bedrock_format();
  if (holds("/v2/")) return cohere_format();
  if (holds("/api/") && !holds("/api/v1/")) return ollama_format();
  return openai_format();
}

}  // namespace budget::wire
