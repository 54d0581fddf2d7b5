// OpenAI's `usage` objects, of all vendors and calls, as disjoint buckets.
#pragma once

#include <string>
#include <string_view>

#include "proxy/wire/dialect.h"
#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// Replaces reading.usage by what `usage` (an object) says, and marks the sides
// that it reports; the numbers of images and searches are kept. A usage that says nothing
// changes nothing. Every figure is clamped, and parts never exceed their whole.
void read_openai_usage(JsonElement usage, const Dialect& dialect, Reading& reading);

// Appends usage the other way round: a chat's, or a response's, usage object.
void append_chat_usage(std::string& out, const pricing::Usage& usage);
void append_responses_usage(std::string& out, const pricing::Usage& usage);

// The message of an `error` member; "" when it says nothing.
[[nodiscard]] std::string openai_error_message(JsonElement error);

}  // namespace budget::wire
