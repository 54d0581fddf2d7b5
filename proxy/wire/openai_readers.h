// The response readers of OpenAI's calls.
#pragma once

#include <memory>

#include "proxy/wire/format.h"

namespace budget::wire {

// Chat and completions; streamed or plain.
[[nodiscard]] std::unique_ptr<ResponseReader> make_openai_chat_reader(const ReaderOptions& options);
[[nodiscard]] std::unique_ptr<ResponseReader> make_openai_responses_reader(
    const ReaderOptions& options);
// Embeddings, images, transcriptions and speech.
[[nodiscard]] std::unique_ptr<ResponseReader> make_openai_media_reader(
    const ReaderOptions& options);

// Whether the answer is a stream of events.
[[nodiscard]] bool is_event_stream(const ReaderOptions& options);

}  // namespace budget::wire
