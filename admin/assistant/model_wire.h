// What is said to a model, and what it says, in its wire format. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "admin/answer.h"
#include "admin/http_client.h"

namespace budget::admin {

struct ToolCall {
  std::string id;
  std::string name;
  json::object arguments;
};

// What was said so far. A turn of the assistant may call tools; their results
// follow, each a turn of its own.
struct Turn {
  enum class Who : std::uint8_t { user, assistant, tool };
  Who who = Who::user;
  std::string text;
  std::vector<ToolCall> calls;  // assistant
  std::string call_id;          // tool
};

struct ModelReply {
  std::string text;
  std::vector<ToolCall> calls;
};

// Formats "openai" (chat completions) and "anthropic" (messages).
[[nodiscard]] bool assistant_speaks(std::string_view format);

// `base` is the provider's origin at the proxy: "http://127.0.0.1:8013/openai".
// REQUIRES: assistant_speaks(format).
[[nodiscard]] HttpRequest model_request(std::string_view format, const std::string& base,
                                        const std::string& key, const std::string& model,
                                        std::string_view instructions,
                                        const std::vector<Turn>& turns, bool with_tools);

// The error is a sentence: the provider's own where it says one.
[[nodiscard]] std::expected<ModelReply, std::string> model_reply(std::string_view format,
                                                                 const HttpAnswer& answer);

}  // namespace budget::admin
