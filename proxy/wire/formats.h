// Where each wire format's one instance is. Adding a format is adding a line
// here, one in registry.cc, and its files.
#pragma once

#include "proxy/wire/format.h"

namespace budget::wire {

[[nodiscard]] const Format& openai_format();
[[nodiscard]] const Format& anthropic_format();
[[nodiscard]] const Format& gemini_format();
[[nodiscard]] const Format& bedrock_format();
[[nodiscard]] const Format& cohere_format();
[[nodiscard]] const Format& ollama_format();

}  // namespace budget::wire
