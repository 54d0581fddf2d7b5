#include "proxy/wire/cohere_body.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/wire/ceiling.h"
#include "proxy/wire/json.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"

namespace budget::wire {
namespace {

// The preamble that Cohere puts before messages, tools and documents.
constexpr std::int64_t template_tokens = 1024;
// A search unit is one query over up to 100 documents; a longer document counts
// once for each chunk of 500 tokens, query included, and a query takes at most
// half of a chunk. Source: Cohere's pricing page, "Rerank".
constexpr std::int64_t documents_per_unit = 100;
constexpr std::int64_t chunk_tokens_min = 244;
constexpr std::int64_t tokens_per_document_default = 4096;

enum Member : std::size_t {
  model,
  max_tokens,
  stream,
  messages,
  documents,
  max_tokens_per_doc,
  images,
  inputs,
  member_count
};
constexpr std::array<std::string_view, member_count> names = {
    "model",     "max_tokens",         "stream", "messages",
    "documents", "max_tokens_per_doc", "images", "inputs"};
using Members = std::array<JsonValue, member_count>;

// Pictures are counted by rules that Cohere does not publish; an item that says
// a thing twice might hold one.
bool holds_pictures(JsonElement messages_or_inputs) {
  simdjson::dom::array items;
  if (messages_or_inputs.get(items) != simdjson::SUCCESS) return false;
  for (const JsonElement item : items) {
    if (!says_each_thing_once(item)) return true;
    simdjson::dom::array parts;
    const auto content = member(item, "content");
    if (!content || content->get(parts) != simdjson::SUCCESS) continue;
    for (const JsonElement part : parts) {
      const std::string_view type = reported_string(part, "type");
      if (part.is_object() && !says_each_thing_once(part)) return true;
      if (!type.empty() && type != "text" && type != "document" && type != "thinking") return true;
    }
  }
  return false;
}

std::size_t document_bytes(JsonElement document) {
  std::string_view text;
  if (document.get(text) == simdjson::SUCCESS) return text.size();
  return simdjson::minify(document).size();
}

std::expected<std::int64_t, std::string> search_units(const Members& found) {
  const auto limit = requested_count(found[max_tokens_per_doc], "max_tokens_per_doc", ceiling_max);
  if (!limit) return std::unexpected(limit.error());
  std::int64_t chunks = 0;
  simdjson::dom::array list;
  if (found[documents].is_array() && found[documents].element().get(list) == simdjson::SUCCESS) {
    for (const JsonElement document : list) {
      const auto bytes = static_cast<std::int64_t>(document_bytes(document));
      chunks +=
          1 + std::min(bytes, limit->value_or(tokens_per_document_default)) / chunk_tokens_min;
    }
  }
  return std::max<std::int64_t>((chunks + documents_per_unit - 1) / documents_per_unit, 1);
}

void append_texts(JsonElement content, std::vector<std::string>& texts) {
  simdjson::dom::array array;
  std::string_view text;
  if (content.get(text) == simdjson::SUCCESS) {
    texts.emplace_back(text);
  } else if (content.get(array) == simdjson::SUCCESS) {
    for (const JsonElement each : array) append_texts(each, texts);
  } else if (content.is_object()) {
    const std::string_view type = reported_string(content, "type");
    if (type == "text") {
      texts.emplace_back(reported_string(content, "text"));
    } else if (type != "image_url" && type != "image") {
      texts.push_back(simdjson::minify(content));
    }
  }
}

void append_messages(JsonElement list, pricing::InputParts& parts) {
  simdjson::dom::array array;
  if (list.get(array) != simdjson::SUCCESS) return;
  for (const JsonElement item : array) {
    pricing::InputParts::Message message{
        .role = std::string(reported_string(item, "role")), .name = "", .texts = {}};
    for (const std::string_view name : {"content", "tool_calls", "tool_plan", "tool_call_id"}) {
      if (const auto content = member(item, name)) append_texts(*content, message.texts);
    }
    parts.messages.push_back(std::move(message));
  }
}

}  // namespace

std::expected<RequestFacts, std::string> cohere_facts(const Route& route,
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
  facts.input_bound = MediaCount{}.input_bound(request.body.size(), template_tokens);
  switch (static_cast<CohereCall>(route.variant)) {
    case CohereCall::chat: {
      const auto streamed = requested_flag(found[stream], "stream");
      if (!streamed) return std::unexpected(streamed.error());
      facts.stream = streamed->value_or(false);
      const auto ceiling = ceiling_in(*body, found[max_tokens], "max_tokens");
      if (!ceiling) return std::unexpected(ceiling.error());
      state_ceiling(facts, *ceiling);
      facts.input_unbounded =
          found[messages].present() && holds_pictures(found[messages].element());
      break;
    }
    case CohereCall::embed:
      facts.has_output = false;
      facts.input_unbounded = found[images].given() ||
                              (found[inputs].present() && holds_pictures(found[inputs].element()));
      break;
    case CohereCall::rerank: {
      facts.has_output = false;
      const auto units = search_units(found);
      if (!units) return std::unexpected(units.error());
      facts.extras.search_units = *units;
      break;
    }
  }
  return facts;
}

pricing::InputParts cohere_parts(const RequestView& request) {
  pricing::InputParts parts;
  const auto body = parse_object(request);
  if (!body) return parts;
  const JsonElement root = body->element();
  if (const auto list = member(root, "messages")) append_messages(*list, parts);
  for (const std::string_view name : {"texts", "inputs", "query", "documents"}) {
    if (const auto list = member(root, name)) append_texts(*list, parts.texts);
  }
  simdjson::dom::array array;
  if (const auto list = member(root, "tools"); list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement tool : array) parts.tool_schemas.push_back(simdjson::minify(tool));
  }
  if (const auto schema = member(root, "response_format")) {
    parts.tool_schemas.push_back(simdjson::minify(*schema));
  }
  return parts;
}

std::string rewrite_cohere(const Route& route, const RequestView& request,
                           const RequestFacts& facts, const Rewrite& rewrite) {
  std::vector<Edit> edits;
  if (rewrite.model && facts.model_value) edits.push_back(set_model(facts, *rewrite.model));
  if (rewrite.max_output && static_cast<CohereCall>(route.variant) == CohereCall::chat) {
    const auto body = parse_object(request);
    Members found;
    if (!body || !pick(*body, names, found)) return std::string(request.body);
    if (const auto ceiling = ceiling_in(*body, found[max_tokens], "max_tokens")) {
      edits.push_back(set_ceiling(*ceiling, *rewrite.max_output));
    }
  }
  return splice(request.body, std::move(edits));
}

}  // namespace budget::wire
