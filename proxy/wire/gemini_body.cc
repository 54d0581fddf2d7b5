#include "proxy/wire/gemini_body.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "proxy/wire/ceiling.h"
#include "proxy/wire/json.h"
#include "proxy/wire/json_event_reader.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"

namespace budget::wire {
namespace {

constexpr std::int64_t template_tokens = 64;
constexpr std::int64_t picture_tokens_max = 2240;
constexpr std::int64_t tile_tokens = 258;
constexpr std::int64_t choices_max = 128;
// A grounded answer may search several times; a request cannot say how often.
constexpr std::int64_t searches_assumed = 10;

// Google's servers read every member under its JSON name and under its
// protocol buffer name.
enum Member : std::size_t {
  contents,
  generation,
  generation_snake,
  cached,
  cached_snake,
  tools,
  instruction,
  instruction_snake,
  tier,
  tier_snake,
  member_count
};
constexpr std::array<std::string_view, member_count> names = {
    "contents", "generationConfig",  "generation_config",  "cachedContent", "cached_content",
    "tools",    "systemInstruction", "system_instruction", "serviceTier",   "service_tier"};
using Members = std::array<JsonValue, member_count>;

// A member under either of its names; for what only has to be counted.
std::optional<JsonElement> member_of(JsonElement object, std::string_view name,
                                     std::string_view snake) {
  const auto value = member(object, name);
  return value ? value : member(object, snake);
}

void add_blob(JsonElement blob, MediaCount& media) {
  // A type that stands twice, or under both its names, could make the data a text.
  if (!says_each_thing_once(blob) || (member(blob, "mimeType") && member(blob, "mime_type"))) {
    media.unbounded = true;
    return;
  }
  const std::string_view data = reported_string(blob, "data");
  std::string_view type = reported_string(blob, "mimeType");
  if (type.empty()) type = reported_string(blob, "mime_type");
  if (type.starts_with("image/")) {
    const pricing::ImagePart picture = picture_in(data);
    if (picture.width == 0) media.unbounded = true;
    media.bytes += data.size();
    media.tokens += gemini_picture_tokens(picture);
  } else if (!type.starts_with("audio/") && !type.starts_with("text/")) {
    media.unbounded = true;  // video, PDF
  }
  // Sound is 32 tokens a second, and no codec is so slow that its bytes,
  // written in base64, are fewer than that.
}

void add_part(JsonElement part, MediaCount& media) {
  simdjson::dom::object members;
  if (part.get(members) != simdjson::SUCCESS) return;
  for (const auto [key, value] : members) {
    if (key == "inlineData" || key == "inline_data") add_blob(value, media);
    if (key == "fileData" || key == "file_data") media.unbounded = true;
    if (key != "functionResponse" && key != "function_response") continue;
    simdjson::dom::array parts;
    if (!says_each_thing_once(value)) media.unbounded = true;
    const auto inner = member(value, "parts");
    if (inner && inner->get(parts) == simdjson::SUCCESS) {
      for (const JsonElement each : parts) add_part(each, media);
    }
  }
}

void add_content(JsonElement content, MediaCount& media) {
  simdjson::dom::array array;
  if (content.get(array) == simdjson::SUCCESS) {
    for (const JsonElement one : array) add_content(one, media);
    return;
  }
  if (!says_each_thing_once(content)) media.unbounded = true;
  const auto parts = member(content, "parts");
  if (!parts) return;
  if (parts->get(array) == simdjson::SUCCESS) {
    for (const JsonElement part : array) add_part(part, media);
  } else {
    add_part(*parts, media);
  }
}

// Only functions are run by the caller; every other tool feeds the model more
// input than the body holds.
void add_tools(JsonElement list, RequestFacts& facts) {
  simdjson::dom::array array;
  simdjson::dom::object members;
  if (list.get(array) == simdjson::SUCCESS) {
    for (const JsonElement tool : array) add_tools(tool, facts);
  } else if (list.get(members) == simdjson::SUCCESS) {
    for (const auto [key, value] : members) {
      if (value.is_null() || key == "functionDeclarations" || key == "function_declarations") {
        continue;
      }
      facts.input_unbounded = true;
      const bool searches = key.find("oogle") != std::string_view::npos ||
                            key.find("nterprise") != std::string_view::npos;
      if (searches) facts.extras.search_units = searches_assumed;
    }
  }
}

std::expected<void, std::string> read_generation(const JsonValue& config, RequestFacts& facts) {
  if (!config.is_object()) return {};
  constexpr std::array<std::string_view, 4> config_names = {
      "candidateCount", "candidate_count", "responseModalities", "response_modalities"};
  std::array<JsonValue, 4> found;
  if (auto picked = pick(config, config_names, found); !picked) return picked;
  const auto count = either(found[0], found[1], "candidateCount");
  if (!count) return std::unexpected(count.error());
  const auto choices = requested_count(*count, "candidateCount", choices_max);
  if (!choices) return std::unexpected(choices.error());
  facts.choices = std::max<std::int64_t>(choices->value_or(1), 1);
  const auto modalities = either(found[2], found[3], "responseModalities");
  if (!modalities) return std::unexpected(modalities.error());
  return {};
}

std::expected<std::pair<JsonValue, std::string_view>, std::string> generation_of(
    const Members& found) {
  const auto config = either(found[generation], found[generation_snake], "generationConfig");
  if (!config) return std::unexpected(config.error());
  return std::pair{*config,
                   found[generation_snake].present() ? names[generation_snake] : names[generation]};
}

std::expected<Ceiling, std::string> ceiling_of(const JsonValue& body, const Members& found) {
  const auto config = generation_of(found);
  if (!config) return std::unexpected(config.error());
  return ceiling_in_member(body, config->first, config->second,
                           {"maxOutputTokens", "max_output_tokens"});
}

std::expected<RequestFacts, std::string> generate_facts(const Route& route, const JsonValue& body,
                                                        std::size_t body_bytes) {
  Members found;
  if (auto picked = pick(body, names, found); !picked) return std::unexpected(picked.error());
  RequestFacts facts;
  facts.model = route.model;
  facts.stream = route.stream;
  const auto ceiling = ceiling_of(body, found);
  if (!ceiling) return std::unexpected(ceiling.error());
  state_ceiling(facts, *ceiling);
  if (auto read = read_generation(generation_of(found)->first, facts); !read) {
    return std::unexpected(read.error());
  }
  const auto kept = either(found[cached], found[cached_snake], "cachedContent");
  if (!kept) return std::unexpected(kept.error());
  const auto system = either(found[instruction], found[instruction_snake], "systemInstruction");
  if (!system) return std::unexpected(system.error());
  const auto service = either(found[tier], found[tier_snake], "serviceTier");
  if (!service) return std::unexpected(service.error());

  MediaCount media;
  if (found[contents].given()) add_content(found[contents].element(), media);
  if (system->given()) add_content(system->element(), media);
  facts.input_bound = media.input_bound(body_bytes, template_tokens);
  facts.input_unbounded = media.unbounded || kept->given();
  if (found[tools].given()) add_tools(found[tools].element(), facts);
  std::string asked(service->string());
  std::ranges::transform(asked, asked.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  facts.extras.tier = tier_named(asked);
  return facts;
}

// The body may repeat the path's model, as models/NAME.
std::expected<void, std::string> check_model(const Route& route, std::string_view stated) {
  if (stated.starts_with("models/")) stated.remove_prefix(7);
  if (stated != route.model) {
    return std::unexpected("The path and the body name different models.");
  }
  return {};
}

// The model and the content of one of a batch's requests.
std::expected<std::array<JsonValue, 2>, std::string> embedding_in(const JsonValue& request) {
  constexpr std::array<std::string_view, 2> request_names = {"model", "content"};
  std::array<JsonValue, 2> found;
  if (!request.is_object()) return found;
  if (auto picked = pick(request, request_names, found); !picked) {
    return std::unexpected(picked.error());
  }
  return found;
}

// The edits that make every request of a batch ask for `model`, which all of
// them have to name as the path does.
void set_models(const RequestView& request, std::string_view model, std::vector<Edit>& edits) {
  constexpr std::array<std::string_view, 1> batch_names = {"requests"};
  std::array<JsonValue, 1> found;
  const auto body = parse_object(request);
  if (!body || !pick(*body, batch_names, found)) return;
  for (const JsonValue& one : items_of(found[0])) {
    const auto parts = embedding_in(one);
    if (!parts || !parts->front().given()) continue;
    Edit edit{parts->front().span(), ""};
    append_json_string(edit.text, model);
    edits.push_back(std::move(edit));
  }
}

std::expected<RequestFacts, std::string> embed_facts(const Route& route, const JsonValue& body,
                                                     std::size_t body_bytes) {
  constexpr std::array<std::string_view, 4> embed_names = {"model", "content", "requests",
                                                           "instances"};
  std::array<JsonValue, 4> found;
  if (auto picked = pick(body, embed_names, found); !picked) {
    return std::unexpected(picked.error());
  }
  RequestFacts facts;
  facts.model = route.model;
  facts.has_output = false;
  MediaCount media;
  if (found[0].given()) {
    if (auto same = check_model(route, found[0].string()); !same) {
      return std::unexpected(same.error());
    }
    facts.model_value = found[0].span();
  }
  if (found[1].given()) add_content(found[1].element(), media);
  for (const JsonValue& request : items_of(found[2])) {
    const auto parts = embedding_in(request);
    if (!parts) return std::unexpected(parts.error());
    const auto& [model, content] = *parts;
    if (model.given()) {
      if (auto same = check_model(route, model.string()); !same) {
        return std::unexpected(same.error());
      }
    }
    if (content.given()) add_content(content.element(), media);
  }
  simdjson::dom::array requests;
  if (found[3].is_array() && found[3].element().get(requests) == simdjson::SUCCESS) {
    for (const JsonElement instance : requests) {
      // Multimodal embeddings: a picture or a video, here or in a bucket.
      if (!member(instance, "content")) media.unbounded = true;
    }
  }
  facts.input_bound = media.input_bound(body_bytes, template_tokens);
  facts.input_unbounded = media.unbounded;
  return facts;
}

void append_content(JsonElement content, std::string_view role, pricing::InputParts& parts);

void append_part(JsonElement part, pricing::InputParts::Message& message,
                 pricing::InputParts& parts) {
  simdjson::dom::object members;
  std::string_view text;
  if (part.get(members) != simdjson::SUCCESS) return;
  for (const auto [key, value] : members) {
    if (key == "inlineData" || key == "inline_data") {
      const std::string_view data = reported_string(value, "data");
      const std::string_view type = reported_string(value, "mimeType");
      const std::string_view snake = reported_string(value, "mime_type");
      if (type.starts_with("image/") || snake.starts_with("image/")) {
        parts.images.push_back(picture_in(data));
      } else {
        parts.file_bytes += static_cast<std::int64_t>(data.size());
      }
    } else if (value.get(text) == simdjson::SUCCESS) {
      if (key == "text") message.texts.emplace_back(text);
    } else if (value.is_object()) {
      message.texts.push_back(simdjson::minify(value));  // function calls and answers, code
    }
  }
}

void append_content(JsonElement content, std::string_view role, pricing::InputParts& parts) {
  simdjson::dom::array array;
  std::string_view text;
  if (content.get(array) == simdjson::SUCCESS) {
    for (const JsonElement one : array) append_content(one, role, parts);
    return;
  }
  pricing::InputParts::Message message{.role = std::string(role), .name = "", .texts = {}};
  if (const std::string_view own = reported_string(content, "role"); !own.empty()) {
    message.role = own;
  }
  if (content.get(text) == simdjson::SUCCESS) message.texts.emplace_back(text);
  if (const auto inner = member(content, "parts")) {
    if (inner->get(array) == simdjson::SUCCESS) {
      for (const JsonElement part : array) append_part(part, message, parts);
    } else {
      append_part(*inner, message, parts);
    }
  }
  parts.messages.push_back(std::move(message));
}

void append_embedding(JsonElement request, pricing::InputParts& parts) {
  const auto content = member(request, "content");
  std::string_view text;
  if (!content) return;
  if (content->get(text) == simdjson::SUCCESS) {
    parts.texts.emplace_back(text);
    return;
  }
  pricing::InputParts inner;
  append_content(*content, "", inner);
  for (auto& message : inner.messages) {
    for (auto& each : message.texts) parts.texts.push_back(std::move(each));
  }
  parts.images.insert(parts.images.end(), inner.images.begin(), inner.images.end());
  parts.file_bytes += inner.file_bytes;
}

}  // namespace

std::int64_t gemini_picture_tokens(const pricing::ImagePart& picture) {
  const std::int64_t width = picture.width;
  const std::int64_t height = picture.height;
  if (width <= 384 && height <= 384) return picture_tokens_max;
  // Tiles of two thirds of the shorter side, between 256 and 768 pixels.
  const std::int64_t tile = std::clamp<std::int64_t>(std::min(width, height) * 2 / 3, 256, 768);
  const std::int64_t tiles = ((width + tile - 1) / tile) * ((height + tile - 1) / tile);
  return std::max(tiles * tile_tokens, picture_tokens_max);
}

std::expected<RequestFacts, std::string> gemini_facts(const Route& route,
                                                      const RequestView& request) {
  const auto body = parse_object(request);
  if (!body) return std::unexpected(body.error());
  if (static_cast<GeminiCall>(route.variant) == GeminiCall::generate) {
    return generate_facts(route, *body, request.body.size());
  }
  return embed_facts(route, *body, request.body.size());
}

pricing::InputParts gemini_parts(const RequestView& request) {
  pricing::InputParts parts;
  const auto body = parse_object(request);
  if (!body) return parts;
  const JsonElement root = body->element();
  if (const auto system = member_of(root, "systemInstruction", "system_instruction")) {
    append_content(*system, "system", parts);
  }
  if (const auto list = member(root, "contents")) append_content(*list, "user", parts);
  append_embedding(root, parts);
  simdjson::dom::array array;
  for (const std::string_view name : {"requests", "instances"}) {
    const auto list = member(root, name);
    if (!list || list->get(array) != simdjson::SUCCESS) continue;
    for (const JsonElement one : array) append_embedding(one, parts);
  }
  if (const auto list = member(root, "tools"); list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement tool : array) parts.tool_schemas.push_back(simdjson::minify(tool));
  }
  if (const auto config = member_of(root, "generationConfig", "generation_config")) {
    for (const std::string_view name :
         {"responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"}) {
      if (const auto schema = member(*config, name)) {
        parts.tool_schemas.push_back(simdjson::minify(*schema));
      }
    }
  }
  return parts;
}

std::string rewrite_gemini(const Route& route, const RequestView& request,
                           const RequestFacts& facts, const Rewrite& rewrite) {
  std::vector<Edit> edits;
  if (rewrite.model && facts.model_value) {
    edits.push_back(set_model(facts, "models/" + *rewrite.model));
  }
  if (rewrite.model && static_cast<GeminiCall>(route.variant) == GeminiCall::batch_embed) {
    set_models(request, "models/" + *rewrite.model, edits);
  }
  if (rewrite.max_output && static_cast<GeminiCall>(route.variant) == GeminiCall::generate) {
    const auto body = parse_object(request);
    Members found;
    if (!body || !pick(*body, names, found)) return std::string(request.body);
    if (const auto ceiling = ceiling_of(*body, found)) {
      edits.push_back(set_ceiling(*ceiling, *rewrite.max_output));
    }
  }
  return splice(request.body, std::move(edits));
}

}  // namespace budget::wire
