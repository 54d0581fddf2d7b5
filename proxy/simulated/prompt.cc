#include "proxy/simulated/prompt.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "proxy/simulated/call.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

constexpr std::int64_t picture_tokens = 64;

bool is_label(std::string_view key) {
  static constexpr std::string_view labels[] = {
      "type",      "role",    "id",         "tool_use_id",      "tool_call_id",
      "toolUseId", "call_id", "media_type", "mimeType",         "signature",
      "data",      "url",     "bytes",      "format",           "fileUri",
      "file_id",   "detail",  "status",     "thoughtSignature", "cache_control"};
  return std::ranges::find(labels, key) != std::end(labels);
}

bool is_picture(std::string_view key) {
  return key == "image_url" || key == "inlineData" || key == "image" || key == "images";
}

std::int64_t said_in_object(pricing::Encoding encoding, const json::object& object) {
  const std::string_view type = string_at(object, "type");
  if (type == "image" || type == "input_image" || type == "image_url") return picture_tokens;
  std::int64_t tokens = 0;
  for (const auto& [key_text, value] : object) {
    const std::string_view key(key_text.data(), key_text.size());
    if (is_label(key)) continue;
    tokens += is_picture(key) ? picture_tokens : said_tokens(encoding, &value);
  }
  return tokens;
}

}  // namespace

pricing::Encoding encoding_for(std::string_view model) {
  return pricing::encoding_of(model).value_or(pricing::Encoding::o200k_base);
}

std::int64_t tokens_of(pricing::Encoding encoding, std::string_view text) {
  return text.empty() ? 0 : pricing::count_tokens(encoding, text).value();
}

std::int64_t said_tokens(pricing::Encoding encoding, const json::value* value) {
  if (!value) return 0;
  if (const json::string* string = value->if_string()) return tokens_of(encoding, view(*string));
  if (const json::object* object = value->if_object()) return said_in_object(encoding, *object);
  if (value->is_number()) return 1;
  const json::array* array = value->if_array();
  if (!array) return 0;
  std::int64_t tokens = 0;
  for (const json::value& element : *array) tokens += said_tokens(encoding, &element);
  return tokens;
}

std::int64_t message_tokens(pricing::Encoding encoding, const json::value* messages) {
  constexpr std::int64_t for_reply = 3;
  constexpr std::int64_t for_message = 3;
  constexpr std::int64_t for_name = 1;
  const json::array* array = messages ? messages->if_array() : nullptr;
  std::int64_t tokens = for_reply;
  if (!array) return tokens + for_message + 1 + said_tokens(encoding, messages);
  for (const json::value& element : *array) {
    tokens += for_message + said_tokens(encoding, &element);
    const json::object* message = element.if_object();
    if (!message) continue;
    tokens += tokens_of(encoding, string_at(*message, "role"));
    if (!string_at(*message, "name").empty()) tokens += for_name;
  }
  return tokens;
}

std::int64_t json_tokens(pricing::Encoding encoding, const json::value* value) {
  if (!value) return 0;
  const json::array* array = value->if_array();
  if (!array) return tokens_of(encoding, json::serialize(*value));
  std::int64_t tokens = 0;
  for (const json::value& each : *array) tokens += json_tokens(encoding, &each);
  return tokens;
}

}  // namespace budget::simulated
