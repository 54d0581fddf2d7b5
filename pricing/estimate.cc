#include "pricing/estimate.h"

#include <algorithm>

#include "pricing/image_tokens.h"
#include "pricing/tokens/count.h"
#include "pricing/tool_tokens.h"

namespace budget::pricing {
namespace {

// OpenAI's chat overhead: openai-cookbook, How_to_count_tokens_with_tiktoken.
// Its own words: an estimate, not a timeless guarantee.
struct ChatOverhead {
  std::int64_t per_message = 3;
  std::int64_t per_name = 1;
};
constexpr std::int64_t reply_priming = 3;

ChatOverhead chat_overhead(std::string_view model) {
  if (model.starts_with("openai/")) model.remove_prefix(7);
  // There a name takes the place of the role, which is one token.
  if (model == "gpt-3.5-turbo-0301") return {.per_message = 4, .per_name = -1};
  return {};
}

// What is allowed for text that a provider without published rules writes
// around ours, in tokens. The most that was seen reported is 549 for the
// presence of tools (the system prompt that Anthropic adds for them), 53 a tool
// and 4 a message.
constexpr std::int64_t allowance_request = 32;
constexpr std::int64_t allowance_message = 16;
constexpr std::int64_t allowance_tools = 640;
constexpr std::int64_t allowance_tool = 96;

std::int64_t audio_tokens_per_second(Vendor vendor) {
  switch (vendor) {
    case Vendor::openai:
      return 10;  // one per 100 ms of input: "Realtime conversations", cost section
    case Vendor::google:
      return 32;  // "Understand and count tokens"
    case Vendor::anthropic:
    case Vendor::other:
      break;
  }
  return 50;  // the frame rate of Whisper-like encoders, before any pooling
}

std::int64_t bytes(std::string_view text) {
  return static_cast<std::int64_t>(text.size());
}

// Pictures, sound, files and token ids: alike in every count.
Tokens other_than_text(const InputParts& parts, Vendor vendor, std::string_view model) {
  Tokens tokens(std::max<std::int64_t>(parts.token_ids, 0));
  for (const auto& image : parts.images) tokens += Tokens(image_tokens(image, vendor, model));
  const std::int64_t milliseconds = std::max<std::int64_t>(parts.audio_milliseconds, 0);
  tokens += Tokens((milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0)) *
                   audio_tokens_per_second(vendor));
  return tokens + Tokens(std::max<std::int64_t>(parts.file_bytes, 0));
}

Tokens texts_by_formula(const InputParts& parts, Encoding encoding, std::string_view model) {
  const ChatOverhead overhead = chat_overhead(model);
  Tokens tokens;
  for (const auto& message : parts.messages) {
    tokens += Tokens(overhead.per_message);
    for (const auto& text : message.texts) tokens += count_tokens(encoding, text);
    if (!message.name.empty()) {
      tokens += count_tokens(encoding, message.name) + Tokens(overhead.per_name);
    }
    tokens += count_tokens(encoding, message.role);
  }
  for (const auto& text : parts.texts) {
    tokens += count_tokens(encoding, text);
    // A text beside messages (Responses `instructions`) becomes a message; its
    // role is one token.
    if (!parts.messages.empty()) tokens += Tokens(overhead.per_message + 1);
  }
  if (!parts.messages.empty()) tokens += Tokens(reply_priming);
  return tokens;
}

// The published estimate omits some of what a schema can say; its JSON does not.
Tokens tools_by_formula(const InputParts& parts, Encoding encoding) {
  std::int64_t json = 0;
  for (const auto& schema : parts.tool_schemas) json += count_tokens(encoding, schema).value();
  return Tokens(std::max(json, tool_tokens(parts.tool_schemas, encoding)));
}

Tokens texts_and_tools_by_bytes(const InputParts& parts) {
  Tokens tokens(allowance_request);
  for (const auto& message : parts.messages) {
    tokens += Tokens(allowance_message + bytes(message.role) + bytes(message.name));
    for (const auto& text : message.texts) tokens += Tokens(bytes(text));
  }
  for (const auto& text : parts.texts) tokens += Tokens(allowance_message + bytes(text));
  if (!parts.tool_schemas.empty()) tokens += Tokens(allowance_tools);
  for (const auto& schema : parts.tool_schemas) tokens += Tokens(allowance_tool + bytes(schema));
  return tokens;
}

}  // namespace

InputCount count_input(const InputParts& parts, Vendor vendor, std::string_view model) {
  const auto known = vendor == Vendor::openai ? encoding_of(model) : std::nullopt;
  const Encoding encoding = known.value_or(Encoding::o200k_base);
  const Tokens rest = other_than_text(parts, vendor, model);
  const Tokens local =
      texts_by_formula(parts, encoding, model) + tools_by_formula(parts, encoding) + rest;
  if (!known) {
    return {.tokens = texts_and_tools_by_bytes(parts) + rest, .exact = false, .local = local};
  }
  const bool only_text = parts.tool_schemas.empty() && parts.images.empty() &&
                         parts.audio_milliseconds <= 0 && parts.file_bytes <= 0;
  return {.tokens = local, .exact = only_text, .local = local};
}

}  // namespace budget::pricing
