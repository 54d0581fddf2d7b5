#include "proxy/wire/openai_input.h"

#include <algorithm>
#include <array>

#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"

namespace budget::wire {
namespace {

// Room for what a provider's chat template says by itself around the messages.
constexpr std::int64_t template_tokens = 16;

constexpr std::string_view text_parts[] = {
    "text",     "input_text", "output_text",   "refusal",   "summary_text",    "reasoning_text",
    "thinking", "message",    "function_call", "reasoning", "custom_tool_call"};

bool is_text_part(std::string_view type) {
  return std::ranges::find(text_parts, type) != std::end(text_parts);
}

// The link of a picture, in either of the two shapes: a string, or {url, detail}.
struct Picture {
  std::string_view url;
  bool low_detail = false;
};

Picture picture_of(JsonElement part) {
  Picture picture;
  picture.low_detail = reported_string(part, "detail") == "low";
  if (const auto image = member(part, "image_url")) {
    if (image->is_object()) {
      picture.url = reported_string(*image, "url");
      picture.low_detail = picture.low_detail || reported_string(*image, "detail") == "low";
    } else if (image->is_string()) {
      picture.url = std::string_view(*image);
    }
  }
  return picture;
}

void add_part(JsonElement part, std::string_view model, MediaBound& bound) {
  if (!part.is_object()) return;
  const std::string_view type = reported_string(part, "type");
  if (!says_each_thing_once(part)) {
    bound.unbounded = true;
    return;
  }
  if (is_text_part(type)) return;
  if (type == "image_url" || type == "input_image" || type == "computer_screenshot") {
    const Picture picture = picture_of(part);
    const auto inner = member(part, "image_url");
    if (inner && inner->is_object() && !says_each_thing_once(*inner)) bound.unbounded = true;
    // The encoded string is at least as long as the decoded one.
    if (picture.url.starts_with("data:")) bound.bytes += picture.url.size();
    // Gemini's endpoint takes documents and films here as well.
    if (picture.url.starts_with("data:") && !picture.url.starts_with("data:image/")) {
      bound.unbounded = true;
    }
    bound.tokens += image_tokens_max(model, picture.low_detail);
  } else if (type == "input_audio") {
    const auto audio = member(part, "input_audio");
    const std::string_view data = audio ? reported_string(*audio, "data") : std::string_view();
    bound.bytes += data.size();
    const std::int64_t milliseconds =
        static_cast<std::int64_t>(data.size()) * audio_milliseconds_per_byte_max;
    bound.audio_milliseconds += milliseconds;
    bound.tokens += milliseconds / milliseconds_per_audio_token_min + 1;
  } else {
    // A document, a video, or a kind not known here.
    bound.unbounded = true;
  }
}

void add_parts(JsonElement content, std::string_view model, MediaBound& bound) {
  simdjson::dom::array parts;
  if (content.get(parts) == simdjson::SUCCESS) {
    for (const JsonElement part : parts) add_part(part, model, bound);
  } else if (content.is_object()) {
    add_part(content, model, bound);
  }
}

// Items of the Responses API that are not messages.
void add_item(std::string_view type, JsonElement item, std::string_view model, MediaBound& bound) {
  if (type.empty() || is_text_part(type)) return;
  if (type == "function_call_output" || type == "custom_tool_call_output" ||
      type == "computer_call_output") {
    if (const auto output = member(item, "output")) add_parts(*output, model, bound);
  } else if (type.starts_with("input_") || type.ends_with("_url") || type == "file") {
    add_part(item, model, bound);
  } else {
    // item_reference, image_generation_call, …: what they stand for is elsewhere.
    bound.unbounded = true;
  }
}

bool begins(std::string_view model, std::string_view family) {
  // "openai/gpt-4o" at a reseller.
  const std::size_t slash = model.rfind('/');
  if (slash != std::string_view::npos) model.remove_prefix(slash + 1);
  return model.starts_with(family);
}

void append_texts(JsonElement content, pricing::InputParts::Message& message,
                  pricing::InputParts& parts);

void append_text(JsonElement part, pricing::InputParts::Message& message,
                 pricing::InputParts& parts) {
  const std::string_view type = reported_string(part, "type");
  if (type == "image_url" || type == "input_image" || type == "computer_screenshot") {
    const Picture picture = picture_of(part);
    pricing::ImagePart image;
    const std::size_t comma = picture.url.find(',');
    if (picture.url.starts_with("data:") && comma != std::string_view::npos) {
      image = picture_in(picture.url.substr(comma + 1));
    }
    image.low_detail = picture.low_detail;
    parts.images.push_back(image);
  } else if (type == "input_audio") {
    const auto audio = member(part, "input_audio");
    const auto bytes = audio ? reported_string(*audio, "data").size() : 0;
    parts.audio_milliseconds += static_cast<std::int64_t>(bytes) * audio_milliseconds_per_byte_max;
  } else if (is_text_part(type)) {
    for (const std::string_view name : {"text", "refusal", "thinking"}) {
      if (const auto text = reported_string(part, name); !text.empty()) {
        message.texts.emplace_back(text);
      }
    }
    for (const std::string_view name : {"content", "summary"}) {
      if (const auto inner = member(part, name)) append_texts(*inner, message, parts);
    }
  } else {
    parts.file_bytes += static_cast<std::int64_t>(simdjson::minify(part).size());
  }
}

void append_texts(JsonElement content, pricing::InputParts::Message& message,
                  pricing::InputParts& parts) {
  std::string_view text;
  simdjson::dom::array array;
  if (content.get(text) == simdjson::SUCCESS) {
    message.texts.emplace_back(text);
  } else if (content.get(array) == simdjson::SUCCESS) {
    for (const JsonElement part : array) append_text(part, message, parts);
  } else if (content.is_object()) {
    append_text(content, message, parts);
  }
}

void append_function(JsonElement function, pricing::InputParts::Message& message) {
  for (const std::string_view name : {"name", "arguments", "input"}) {
    if (const auto text = reported_string(function, name); !text.empty()) {
      message.texts.emplace_back(text);
    }
  }
}

void append_message(JsonElement item, pricing::InputParts& parts) {
  pricing::InputParts::Message message;
  message.role = reported_string(item, "role");
  message.name = reported_string(item, "name");
  for (const std::string_view name : {"content", "output", "summary", "refusal"}) {
    if (const auto content = member(item, name)) append_texts(*content, message, parts);
  }
  const std::string_view type = reported_string(item, "type");
  if (type == "function_call" || type == "custom_tool_call") append_function(item, message);
  for (const std::string_view name : {"reasoning_content", "tool_call_id", "call_id"}) {
    if (const auto text = reported_string(item, name); !text.empty()) {
      message.texts.emplace_back(text);
    }
  }
  if (const auto call = member(item, "function_call")) append_function(*call, message);
  simdjson::dom::array calls;
  if (const auto found = member(item, "tool_calls");
      found && found->get(calls) == simdjson::SUCCESS) {
    for (const JsonElement call : calls) {
      for (const std::string_view kind : {"function", "custom"}) {
        if (const auto function = member(call, kind)) append_function(*function, message);
      }
      message.texts.emplace_back(reported_string(call, "id"));
    }
  }
  parts.messages.push_back(std::move(message));
}

void append_user_message(JsonElement text, pricing::InputParts& parts) {
  pricing::InputParts::Message message;
  message.role = "user";
  append_texts(text, message, parts);
  parts.messages.push_back(std::move(message));
}

// Prompts and embeddings: a text, texts, token ids, or lists of token ids.
void append_prompt(JsonElement prompt, pricing::InputParts& parts) {
  std::string_view text;
  simdjson::dom::array array;
  if (prompt.get(text) == simdjson::SUCCESS) {
    parts.texts.emplace_back(text);
  } else if (prompt.is_number()) {
    ++parts.token_ids;
  } else if (prompt.get(array) == simdjson::SUCCESS) {
    for (const JsonElement element : array) append_prompt(element, parts);
  } else if (prompt.is_object()) {
    append_message(prompt, parts);
  }
}

void append_schemas(JsonElement tools, pricing::InputParts& parts) {
  simdjson::dom::array array;
  if (tools.get(array) == simdjson::SUCCESS) {
    for (const JsonElement tool : array) parts.tool_schemas.push_back(simdjson::minify(tool));
  } else {
    parts.tool_schemas.push_back(simdjson::minify(tools));
  }
}

std::uint32_t little_endian(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[offset + i - 1]);
  }
  return value;
}

}  // namespace

std::int64_t image_tokens_max(std::string_view model, bool low_detail) {
  // Pictures in tiles: a base, and up to eight tiles of 512 pixels once the
  // shorter side is 768 and the longer 2048 at most.
  constexpr std::int64_t tiles = 8;
  if (begins(model, "gpt-4o-mini")) return low_detail ? 2833 : 2833 + tiles * 5667;
  const bool small = model.find("-mini") != std::string_view::npos ||
                     model.find("-nano") != std::string_view::npos;
  if (!small && (begins(model, "gpt-4o") || begins(model, "gpt-4.1") || begins(model, "gpt-4-") ||
                 begins(model, "gpt-4.5") || begins(model, "o1") || begins(model, "o3") ||
                 begins(model, "gpt-5-") || model.ends_with("gpt-5"))) {
    return low_detail ? 85 : 85 + tiles * 170;
  }
  // Pictures in patches of 32 pixels, at most 1536 of them, times at most 2.46.
  if (small && (begins(model, "gpt-4.1") || begins(model, "gpt-5-") || begins(model, "o4"))) {
    return 3779;
  }
  // Others' rules differ; the largest known are 10,000 patches with a factor.
  return 12'288;
}

void add_media(JsonElement messages, std::string_view model, MediaBound& bound) {
  simdjson::dom::array items;
  if (messages.get(items) != simdjson::SUCCESS) return;
  for (const JsonElement item : items) {
    simdjson::dom::object members;
    if (item.get(members) != simdjson::SUCCESS) continue;
    for (const auto [key, value] : members) {
      if (key == "content") {
        if (!value.is_string()) add_parts(value, model, bound);
      } else if (key == "type") {
        std::string_view type;
        if (value.get(type) == simdjson::SUCCESS) add_item(type, item, model, bound);
      } else if (key == "audio" && value.is_object()) {
        bound.unbounded = true;  // an earlier answer's sound, kept by the provider
      }
    }
  }
}

std::int64_t input_bound_of(std::size_t body_bytes, const MediaBound& media) {
  const std::size_t text = body_bytes - std::min(body_bytes, media.bytes);
  return std::min(static_cast<std::int64_t>(text) + media.tokens + template_tokens, tokens_max);
}

std::int64_t audio_milliseconds_max(std::string_view bytes) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  // RIFF/WAVE with its fmt chunk first: bytes 28 to 31 are the bytes a second.
  if (bytes.size() >= 44 && bytes.starts_with("RIFF") && bytes.substr(8, 8) == "WAVEfmt ") {
    const std::int64_t rate = little_endian(bytes, 28);
    if (rate >= 500) return size * 1000 / rate + 1;
  }
  return size * audio_milliseconds_per_byte_max;
}

pricing::InputParts openai_input_parts(const JsonValue& body, Operation operation) {
  pricing::InputParts parts;
  simdjson::dom::object members;
  if (!body.present() || body.element().get(members) != simdjson::SUCCESS) return parts;
  for (const auto [key, value] : members) {
    if (value.is_null()) continue;
    if (key == "messages") {
      simdjson::dom::array messages;
      if (value.get(messages) != simdjson::SUCCESS) continue;
      for (const JsonElement message : messages) append_message(message, parts);
    } else if (key == "input" && operation == Operation::responses && value.is_string()) {
      append_user_message(value, parts);
    } else if (key == "prompt" || key == "input" || key == "suffix" || key == "instructions") {
      append_prompt(value, parts);
    } else if (key == "tools" || key == "functions") {
      append_schemas(value, parts);
    } else if (key == "response_format" || key == "text" || key == "prediction") {
      if (value.is_object()) parts.tool_schemas.push_back(simdjson::minify(value));
    }
  }
  return parts;
}

}  // namespace budget::wire
