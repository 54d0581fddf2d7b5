#include "tests/simulated/played.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace budget::simulated {
namespace {

namespace json = boost::json;

json::value parsed(std::string_view text) {
  json::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error);
  EXPECT_FALSE(error) << error.message() << ": " << text;
  return value;
}

std::vector<json::value> lines_of(std::string_view body, std::string_view prefix) {
  std::vector<json::value> events;
  while (!body.empty()) {
    std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(prefix)) continue;
    line.remove_prefix(prefix.size());
    if (!line.empty() && line != "[DONE]") events.push_back(parsed(line));
  }
  return events;
}

std::uint32_t u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

std::uint32_t crc(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::string base64_decoded(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(c));
    count += 6;
    if (count >= 8) bytes += static_cast<char>((bits >> (count -= 8)) & 0xff);
  }
  return bytes;
}

std::vector<json::value> frames_of(std::string_view body) {
  std::vector<json::value> events;
  while (!body.empty()) {
    if (body.size() < 16 || u32(body, 0) > body.size()) {
      ADD_FAILURE() << "half a frame";
      break;
    }
    const std::string_view frame = body.substr(0, u32(body, 0));
    body.remove_prefix(frame.size());
    const std::size_t headers = u32(frame, 4);
    EXPECT_EQ(u32(frame, 8), crc(frame.substr(0, 8)));
    EXPECT_EQ(u32(frame, frame.size() - 4), crc(frame.substr(0, frame.size() - 4)));
    EXPECT_NE(frame.substr(12, headers).find(":event-type"), std::string_view::npos);
    json::value event = parsed(frame.substr(12 + headers, frame.size() - 16 - headers));
    const json::value* chunk = event.as_object().if_contains("bytes");
    events.push_back(chunk ? parsed(base64_decoded(at(event, "/bytes"))) : std::move(event));
  }
  return events;
}

}  // namespace

std::string_view Played::header(std::string_view name) const {
  for (const auto& [key, value] : answer.headers) {
    if (key == name) return value;
  }
  return {};
}

json::value Played::json() const {
  return parsed(body);
}

std::vector<json::value> Played::events() const {
  const std::string_view type = header("content-type");
  if (type.starts_with("application/vnd.amazon.eventstream")) return frames_of(body);
  if (type.starts_with("application/x-ndjson")) return lines_of(body, "");
  if (type.starts_with("text/event-stream")) return lines_of(body, "data: ");
  std::vector<json::value> events;
  const json::value array = parsed(body);
  if (const json::array* elements = array.if_array())
    events.assign(elements->begin(), elements->end());
  return events;
}

Played play(std::string_view method, std::string_view target, std::string body, Headers headers) {
  Request request{
      .method = std::string(method), .headers = std::move(headers), .body = std::move(body)};
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);

  Played played;
  played.answer = answer(request, steering_of(request, {}));
  while (const auto piece = played.answer.body.next()) {
    EXPECT_FALSE(piece->bytes.empty());
    played.body += piece->bytes;
    played.piece_sizes.push_back(piece->bytes.size());
    played.paused += piece->after;
  }
  played.ending = played.answer.body.ending();
  if (!played.answer.streamed && played.ending == Ending::complete) {
    EXPECT_EQ(played.answer.content_length, played.body.size());
  }
  return played;
}

std::string at(const json::value& value, std::string_view pointer) {
  json::error_code error;
  const json::value* found = value.find_pointer({pointer.data(), pointer.size()}, error);
  if (!found) return {};
  if (const json::string* text = found->if_string()) return {text->data(), text->size()};
  return json::serialize(*found);
}

}  // namespace budget::simulated
