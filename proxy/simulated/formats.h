// One function an API. Each reads its own request, and answers it whole or as
// a stream in its own events, or refuses it as the provider would.
#pragma once

#include "proxy/simulated/call.h"

namespace budget::simulated {

[[nodiscard]] Answer openai_chat(const Call& call);
[[nodiscard]] Answer openai_completion(const Call& call);
[[nodiscard]] Answer openai_response(const Call& call);
[[nodiscard]] Answer openai_embeddings(const Call& call);
[[nodiscard]] Answer openai_image(const Call& call);       // generations and edits
[[nodiscard]] Answer openai_audio_text(const Call& call);  // transcriptions and translations
[[nodiscard]] Answer openai_speech(const Call& call);
[[nodiscard]] Answer openai_moderation(const Call& call);

// Also Vertex AI's rawPredict and streamRawPredict (verb), and Bedrock's
// InvokeModel when the speaker is Bedrock.
[[nodiscard]] Answer anthropic_message(const Call& call);
[[nodiscard]] Answer anthropic_count(const Call& call);

[[nodiscard]] Answer gemini_content(const Call& call);  // generateContent, streamGenerateContent
[[nodiscard]] Answer gemini_count(const Call& call);
[[nodiscard]] Answer gemini_embedding(
    const Call& call);  // embedContent, batchEmbedContents, predict

[[nodiscard]] Answer bedrock_converse(const Call& call);  // converse, converse-stream
[[nodiscard]] Answer bedrock_invoke(const Call& call);    // by the model's vendor

[[nodiscard]] Answer cohere_chat(const Call& call);
[[nodiscard]] Answer cohere_embed(const Call& call);
[[nodiscard]] Answer cohere_rerank(const Call& call);

[[nodiscard]] Answer ollama_talk(const Call& call);   // chat and generate
[[nodiscard]] Answer ollama_embed(const Call& call);  // embed and the older embeddings

// What costs nothing: lists of models, versions. Cheap to ask, never streamed.
[[nodiscard]] Answer openai_models(const Call& call);  // a list, or the one that call.model names
[[nodiscard]] Answer anthropic_models(const Call& call);
[[nodiscard]] Answer gemini_models(const Call& call);
[[nodiscard]] Answer ollama_state(const Call& call);  // tags, ps, show, version, by verb

// A unit vector of `dimensions` numbers as "[0.1,-0.2,…]", from a seed.
void append_vector(std::string& out, std::uint64_t seed, std::int64_t dimensions);

}  // namespace budget::simulated
