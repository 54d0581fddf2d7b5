#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/wire/limits.h"
#include "proxy/wire/multipart.h"
#include "proxy/wire/openai_common.h"
#include "proxy/wire/openai_facts.h"
#include "proxy/wire/openai_input.h"
#include "proxy/wire/openai_paths.h"

namespace budget::wire {
namespace {

// A picture sent to be edited, at the highest fidelity.
constexpr std::int64_t edited_image_tokens_max = 12'288;
// What a picture model may say and think beside the picture.
constexpr std::int64_t image_text_tokens_max = 1024;
// Speech: at a quarter of the speed, about 15 characters are 4 s, each 20 tokens.
constexpr std::int64_t speech_tokens_per_character_max = 8;
constexpr std::int64_t speech_tokens_min = 256;

std::int64_t code_points(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

// Settles what images cost, whether the body is JSON or a form.
void set_images(std::int64_t n, std::string_view size, std::string_view quality,
                RequestFacts& facts) {
  facts.choices = std::max<std::int64_t>(n, 1);
  facts.max_output = generated_image_tokens_max(size, quality) + image_text_tokens_max;
  facts.ceiling_settable = false;
  facts.extras.images = facts.choices;
}

std::expected<std::int64_t, std::string> form_number(std::string_view text, std::string_view name) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 ||
      number > choices_max) {
    return std::unexpected("'" + std::string(name) + "' must be a whole number.");
  }
  return number;
}

}  // namespace

std::int64_t generated_image_tokens_max(std::string_view size, std::string_view quality) {
  // Tokens of a picture of 1024 x 1024, the largest of the standard sizes being
  // half as much again.
  std::int64_t square = 4160;
  if (quality == "low") square = 272;
  if (quality == "medium") square = 1056;
  if (size == "1024x1024") return square;

  constexpr std::int64_t area = std::int64_t{1024} * 1024;
  std::int64_t width = 0;
  std::int64_t height = 0;
  const std::size_t x = size.find('x');
  if (x != std::string_view::npos) {
    const char* const begin = &size.front();
    std::from_chars(begin, begin + x, width);
    std::from_chars(begin + x + 1, begin + size.size(), height);
  }
  const std::int64_t oblong = square * 3 / 2;
  if (width <= 0 || height <= 0 || width > 16'384 || height > 16'384) return oblong;
  return std::max(oblong, square * width / area * height + square);
}

Facts openai_embeddings_facts(const Route& route, const JsonValue& body, std::size_t body_bytes) {
  constexpr std::array<std::string_view, 2> names = {"model", "user"};
  std::array<JsonValue, 2> fields;
  if (auto picked = pick(body, names, fields); !picked) return std::unexpected(picked.error());
  RequestFacts facts;
  if (auto read = read_model(route, fields[0], facts); !read) return std::unexpected(read.error());
  facts.end_user = fields[1].string();
  facts.has_output = false;
  facts.max_output = 0;
  facts.ceiling_settable = false;
  facts.input_bound = input_bound_of(body_bytes, {});
  return facts;
}

Facts openai_images_facts(const Route& route, const JsonValue& body, std::size_t body_bytes) {
  enum Field : std::size_t { f_model, f_n, f_size, f_quality, f_stream, f_user, f_images, f_count };
  constexpr std::array<std::string_view, f_count> names = {"model",  "n",    "size",  "quality",
                                                           "stream", "user", "images"};
  std::array<JsonValue, f_count> fields;
  if (auto picked = pick(body, names, fields); !picked) return std::unexpected(picked.error());
  RequestFacts facts;
  if (auto read = read_model(route, fields[f_model], facts); !read) {
    return std::unexpected(read.error());
  }
  const auto n = requested_count(fields[f_n], "n", choices_max);
  if (!n) return std::unexpected(n.error());
  const auto stream = requested_flag(fields[f_stream], "stream");
  if (!stream) return std::unexpected(stream.error());
  facts.stream = stream->value_or(false);
  facts.end_user = fields[f_user].string();
  set_images(n->value_or(1), fields[f_size].string(), fields[f_quality].string(), facts);
  MediaBound media;
  simdjson::dom::array images;
  if (fields[f_images].present() && fields[f_images].element().get(images) == simdjson::SUCCESS) {
    for (const JsonElement image : images) {
      media.bytes += reported_string(image, "image_url").size();
      media.tokens += edited_image_tokens_max;
    }
  }
  facts.input_bound = input_bound_of(body_bytes, media);
  return facts;
}

Facts openai_speech_facts(const Route& route, const JsonValue& body, std::size_t body_bytes) {
  constexpr std::array<std::string_view, 3> names = {"model", "input", "stream_format"};
  std::array<JsonValue, 3> fields;
  if (auto picked = pick(body, names, fields); !picked) return std::unexpected(picked.error());
  RequestFacts facts;
  if (auto read = read_model(route, fields[0], facts); !read) return std::unexpected(read.error());
  facts.stream = fields[2].string() == "sse";
  facts.extras.characters = code_points(fields[1].string());
  facts.max_output = facts.extras.characters * speech_tokens_per_character_max + speech_tokens_min;
  facts.ceiling_settable = false;
  facts.input_bound = input_bound_of(body_bytes, {});
  return facts;
}

Facts openai_form_facts(const Route& route, const RequestView& request) {
  const auto form = parse_multipart(request.content_type, request.body);
  if (!form) return std::unexpected(form.error());
  RequestFacts facts;
  std::int64_t n = 1;
  std::string_view size;
  std::string_view quality;
  MediaBound media;
  facts.model = route.model;
  for (const FormPart& part : *form) {
    if (part.name == "model") {
      if (!route.model.empty()) continue;
      facts.model = part.content;
      facts.model_value = Span{part.offset, part.content.size()};
    } else if (part.name == "stream") {
      if (part.content != "true" && part.content != "false") {
        return std::unexpected("'stream' must be true or false.");
      }
      facts.stream = part.content == "true";
    } else if (part.name == "n") {
      const auto number = form_number(part.content, "n");
      if (!number) return std::unexpected(number.error());
      n = *number;
    } else if (part.name == "size") {
      size = part.content;
    } else if (part.name == "quality") {
      quality = part.content;
    } else if (part.name == "user") {
      facts.end_user = part.content;
    } else if (part.name == "file") {
      const std::int64_t milliseconds = audio_milliseconds_max(part.content);
      media.bytes += part.content.size();
      media.audio_milliseconds += milliseconds;
      media.tokens += milliseconds / milliseconds_per_audio_token_min + 1;
    } else if (part.is_file) {
      media.bytes += part.content.size();
      media.tokens += edited_image_tokens_max;
    }
  }
  if (facts.model.empty()) return std::unexpected("The request names no 'model'.");
  facts.input_bound = input_bound_of(request.body.size(), media);
  facts.ceiling_settable = false;
  if (route.operation == Operation::image_generation) {
    set_images(n, size, quality, facts);
  } else {
    facts.extras.audio_milliseconds = media.audio_milliseconds;
  }
  return facts;
}

}  // namespace budget::wire
