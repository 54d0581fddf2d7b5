#include "proxy/simulated/paths.h"

#include "proxy/simulated/form.h"
#include "proxy/simulated/formats.h"

namespace budget::simulated {
namespace {

struct Row {
  std::string_view end;  // of the path
  Speaker speaker;
  Answer (*make)(const Call&);
  std::string_view verb;
};

// The first row whose end fits is taken.
constexpr Row posts[] = {
    {"/fim/completions", Speaker::openai, openai_chat, "fim"},
    {"/chat/completions", Speaker::openai, openai_chat, ""},
    {"/completions", Speaker::openai, openai_completion, ""},
    {"/responses", Speaker::openai, openai_response, ""},
    {"/api/embeddings", Speaker::ollama, ollama_embed, "embeddings"},
    {"/embeddings", Speaker::openai, openai_embeddings, ""},
    {"/images/generations", Speaker::openai, openai_image, "generations"},
    {"/images/edits", Speaker::openai, openai_image, "edits"},
    {"/audio/transcriptions", Speaker::openai, openai_audio_text, "transcriptions"},
    {"/audio/translations", Speaker::openai, openai_audio_text, "translations"},
    {"/audio/speech", Speaker::openai, openai_speech, ""},
    {"/moderations", Speaker::openai, openai_moderation, ""},
    {"/messages/count_tokens", Speaker::anthropic, anthropic_count, ""},
    {"/messages", Speaker::anthropic, anthropic_message, ""},
    {"/v2/chat", Speaker::cohere, cohere_chat, ""},
    {"/v1/embed", Speaker::cohere, cohere_embed, "v1"},
    {"/v2/embed", Speaker::cohere, cohere_embed, "v2"},
    {"/v1/rerank", Speaker::cohere, cohere_rerank, "v1"},
    {"/v2/rerank", Speaker::cohere, cohere_rerank, "v2"},
    {"/api/chat", Speaker::ollama, ollama_talk, "chat"},
    {"/api/generate", Speaker::ollama, ollama_talk, "generate"},
    {"/api/embed", Speaker::ollama, ollama_embed, "embed"},
    {"/api/show", Speaker::ollama, ollama_state, "show"},
};

constexpr Row gets[] = {
    {"/api/tags", Speaker::ollama, ollama_state, "tags"},
    {"/api/ps", Speaker::ollama, ollama_state, "ps"},
    {"/api/version", Speaker::ollama, ollama_state, "version"},
};

// Behind a model in Gemini's and Vertex AI's paths.
constexpr Row google_verbs[] = {
    {":generateContent", Speaker::gemini, gemini_content, "generateContent"},
    {":streamGenerateContent", Speaker::gemini, gemini_content, "streamGenerateContent"},
    {":countTokens", Speaker::gemini, gemini_count, "countTokens"},
    {":embedContent", Speaker::gemini, gemini_embedding, "embedContent"},
    {":batchEmbedContents", Speaker::gemini, gemini_embedding, "batchEmbedContents"},
    {":predict", Speaker::gemini, gemini_embedding, "predict"},
    {":rawPredict", Speaker::anthropic, anthropic_message, "rawPredict"},
    {":streamRawPredict", Speaker::anthropic, anthropic_message, "streamRawPredict"},
};

// Behind a model in Bedrock's paths.
constexpr Row bedrock_verbs[] = {
    {"/converse", Speaker::bedrock, bedrock_converse, "converse"},
    {"/converse-stream", Speaker::bedrock, bedrock_converse, "converse-stream"},
    {"/invoke", Speaker::bedrock, bedrock_invoke, "invoke"},
    {"/invoke-with-response-stream", Speaker::bedrock, bedrock_invoke,
     "invoke-with-response-stream"},
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// What stands between `marker` and `end` characters before the path's end.
std::string between(std::string_view path, std::string_view marker, std::size_t end) {
  const std::size_t at = path.rfind(marker, path.size() - end);
  if (at == std::string_view::npos) return {};
  const std::size_t start = at + marker.size();
  if (start > path.size() - end) return {};
  return percent_decoded(path.substr(start, path.size() - end - start));
}

Target target_from(const Row& row, std::string model, bool has_body = true) {
  return {.speaker = row.speaker,
          .make = row.make,
          .model = std::move(model),
          .verb = row.verb,
          .has_body = has_body};
}

// Vertex AI counts for Anthropic with a model called count-tokens.
Target google_target(const Row& row, std::string_view path) {
  Target target = target_from(row, between(path, "/models/", row.end.size()));
  if (row.make == anthropic_message && target.model == "count-tokens") {
    target.make = anthropic_count;
    target.model.clear();
  }
  return target;
}

std::optional<Target> post_target(std::string_view path) {
  if (path.find("/models/") != std::string_view::npos) {
    for (const Row& row : google_verbs) {
      if (path.ends_with(row.end)) return google_target(row, path);
    }
  }
  if (path.starts_with("/model/")) {
    for (const Row& row : bedrock_verbs) {
      if (path.ends_with(row.end) && path.size() > row.end.size() + 7) {
        return target_from(row, percent_decoded(path.substr(7, path.size() - 7 - row.end.size())));
      }
    }
  }
  for (const Row& row : posts) {
    if (!path.ends_with(row.end)) continue;
    // Azure: /openai/deployments/{deployment}/…
    return target_from(row, between(path, "/deployments/", row.end.size()));
  }
  return std::nullopt;
}

std::optional<Target> get_target(const Request& request) {
  const std::string_view path = request.path;
  for (const Row& row : gets) {
    if (path.ends_with(row.end)) return target_from(row, "", false);
  }
  const bool list = path.ends_with("/models");
  if (!list && path.find("/models/") == std::string_view::npos) return std::nullopt;
  std::string model = list ? "" : between(path, "/models/", 0);
  if (path.starts_with("/v1beta") && path.find("/openai/") == std::string_view::npos) {
    return target_from({"", Speaker::gemini, gemini_models, ""}, std::move(model), false);
  }
  if (!header_of(request, "anthropic-version").empty()) {
    return target_from({"", Speaker::anthropic, anthropic_models, ""}, std::move(model), false);
  }
  return target_from({"", Speaker::openai, openai_models, ""}, std::move(model), false);
}

// In whose words an unknown path is refused.
Speaker speaker_for(const Request& request) {
  const std::string_view path = request.path;
  if (path.starts_with("/model/")) return Speaker::bedrock;
  if (path.starts_with("/api/")) return Speaker::ollama;
  if (path.starts_with("/v1beta") || path.find("/publishers/") != std::string_view::npos)
    return Speaker::gemini;
  if (path.starts_with("/v2/")) return Speaker::cohere;
  return header_of(request, "anthropic-version").empty() ? Speaker::openai : Speaker::anthropic;
}

}  // namespace

Target target_of(const Request& request) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  const std::optional<Target> target = reading                    ? get_target(request)
                                       : request.method == "POST" ? post_target(request.path)
                                                                  : std::nullopt;
  if (target) return *target;
  const auto by_post = post_target(request.path);
  if (by_post) {
    return {.speaker = by_post->speaker,
            .problem_status = 405,
            .problem = "Not allowed to use this method on this path."};
  }
  return {
      .speaker = speaker_for(request), .problem_status = 404, .problem = "There is no such path."};
}

}  // namespace budget::simulated
