#include "proxy/wire/ollama_body.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/wire/ceiling.h"
#include "proxy/wire/json.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"

namespace budget::wire {
namespace {

// The template of a model and a short system prompt of its own.
constexpr std::int64_t template_tokens = 512;
// Models that cut a picture into patches use 28 pixels a side or more.
constexpr std::int64_t patch_pixels = std::int64_t{28} * 28;
constexpr std::int64_t picture_tokens_min = 2048;

enum Member : std::size_t { model, stream, options, messages, images, member_count };
constexpr std::array<std::string_view, member_count> names = {"model", "stream", "options",
                                                              "messages", "images"};
using Members = std::array<JsonValue, member_count>;

void add_pictures(JsonElement list, MediaCount& media) {
  simdjson::dom::array array;
  if (list.get(array) != simdjson::SUCCESS) return;
  for (const JsonElement each : array) {
    std::string_view data;
    if (each.get(data) != simdjson::SUCCESS) continue;
    const pricing::ImagePart picture = picture_in(data);
    if (picture.width == 0) media.unbounded = true;
    media.bytes += data.size();
    media.tokens +=
        std::max(picture_tokens_min, std::int64_t{picture.width} * picture.height / patch_pixels);
  }
}

void add_messages(JsonElement list, MediaCount& media) {
  simdjson::dom::array array;
  if (list.get(array) != simdjson::SUCCESS) return;
  for (const JsonElement message : array) {
    if (!says_each_thing_once(message)) media.unbounded = true;
    if (const auto pictures = member(message, "images")) add_pictures(*pictures, media);
  }
}

// Negative numbers are words to Ollama; everything else is read as strictly
// as any ceiling.
std::expected<Ceiling, std::string> ceiling_of(const JsonValue& body, const JsonValue& holder) {
  constexpr std::array<std::string_view, 1> predict_name = {"num_predict"};
  std::array<JsonValue, 1> predict;
  if (holder.is_object()) {
    if (auto picked = pick(holder, predict_name, predict); !picked) {
      return std::unexpected(picked.error());
    }
    std::int64_t number = 0;
    if (predict[0].present() && predict[0].element().get(number) == simdjson::SUCCESS &&
        number <= 0) {
      return Ceiling{std::nullopt, predict[0].span(), "", ""};
    }
  }
  return ceiling_in_member(body, holder, "options", {"num_predict"});
}

void append_strings(JsonElement element, std::vector<std::string>& texts) {
  simdjson::dom::array array;
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) {
    texts.emplace_back(text);
  } else if (element.get(array) == simdjson::SUCCESS) {
    for (const JsonElement each : array) append_strings(each, texts);
  } else if (element.is_object()) {
    texts.push_back(simdjson::minify(element));
  }
}

void append_pictures(JsonElement holder, pricing::InputParts& parts) {
  simdjson::dom::array array;
  const auto list = member(holder, "images");
  if (!list || list->get(array) != simdjson::SUCCESS) return;
  for (const JsonElement each : array) {
    std::string_view data;
    if (each.get(data) == simdjson::SUCCESS) parts.images.push_back(picture_in(data));
  }
}

}  // namespace

std::expected<RequestFacts, std::string> ollama_facts(const Route& route,
                                                      const RequestView& request) {
  const auto body = parse_object(request);
  if (!body) return std::unexpected(body.error());
  Members found;
  if (auto picked = pick(*body, names, found); !picked) return std::unexpected(picked.error());
  auto stated = requested_model(found[model]);
  if (!stated) return std::unexpected(stated.error());
  RequestFacts facts;
  facts.model = std::move(*stated);
  facts.model_value = found[model].span();

  MediaCount media;
  if (found[messages].given()) add_messages(found[messages].element(), media);
  if (found[images].given()) add_pictures(found[images].element(), media);
  facts.input_bound = media.input_bound(request.body.size(), template_tokens);
  facts.input_unbounded = media.unbounded;
  if (static_cast<OllamaCall>(route.variant) == OllamaCall::embed) {
    facts.has_output = false;
    return facts;
  }
  const auto streamed = requested_flag(found[stream], "stream");
  if (!streamed) return std::unexpected(streamed.error());
  facts.stream = streamed->value_or(true);
  const auto ceiling = ceiling_of(*body, found[options]);
  if (!ceiling) return std::unexpected(ceiling.error());
  state_ceiling(facts, *ceiling);
  return facts;
}

pricing::InputParts ollama_parts(const RequestView& request) {
  pricing::InputParts parts;
  const auto body = parse_object(request);
  if (!body) return parts;
  const JsonElement root = body->element();
  simdjson::dom::array array;
  if (const auto list = member(root, "messages"); list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement item : array) {
      pricing::InputParts::Message message{
          .role = std::string(reported_string(item, "role")), .name = "", .texts = {}};
      for (const std::string_view name : {"content", "thinking", "tool_calls", "tool_name"}) {
        if (const auto content = member(item, name)) append_strings(*content, message.texts);
      }
      append_pictures(item, parts);
      parts.messages.push_back(std::move(message));
    }
  }
  for (const std::string_view name : {"system", "prompt", "suffix", "template", "input"}) {
    if (const auto content = member(root, name)) append_strings(*content, parts.texts);
  }
  append_pictures(root, parts);
  if (const auto list = member(root, "context"); list && list->get(array) == simdjson::SUCCESS) {
    parts.token_ids += static_cast<std::int64_t>(array.size());
  }
  if (const auto list = member(root, "tools"); list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement tool : array) parts.tool_schemas.push_back(simdjson::minify(tool));
  }
  if (const auto schema = member(root, "format"); schema && schema->is_object()) {
    parts.tool_schemas.push_back(simdjson::minify(*schema));
  }
  return parts;
}

std::string rewrite_ollama(const Route& route, const RequestView& request,
                           const RequestFacts& facts, const Rewrite& rewrite) {
  std::vector<Edit> edits;
  if (rewrite.model && facts.model_value) edits.push_back(set_model(facts, *rewrite.model));
  if (rewrite.max_output && static_cast<OllamaCall>(route.variant) != OllamaCall::embed) {
    const auto body = parse_object(request);
    Members found;
    if (!body || !pick(*body, names, found)) return std::string(request.body);
    if (const auto ceiling = ceiling_of(*body, found[options])) {
      edits.push_back(set_ceiling(*ceiling, *rewrite.max_output));
    }
  }
  return splice(request.body, std::move(edits));
}

}  // namespace budget::wire
