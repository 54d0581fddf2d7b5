#include "proxy/wire/anthropic_body.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/wire/ceiling.h"
#include "proxy/wire/json.h"
#include "proxy/wire/json_event_reader.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"

namespace budget::wire {
namespace {

constexpr std::int64_t picture_tokens_max = 4784;
constexpr std::int64_t thinking_budget_min = 1024;
// What the provider says by itself around the messages; the system prompt that
// it adds for tools (at most 530 tokens) and for each tool of its own (at most
// 735). Source: Anthropic's "Tool use", section "Pricing".
constexpr std::int64_t template_tokens = 64;
constexpr std::int64_t tool_use_tokens = 600;
constexpr std::int64_t own_tool_tokens = 800;
// A web search costs by the search; a request may leave their number open.
constexpr std::int64_t searches_assumed = 10;

enum Member : std::size_t {
  model,
  max_tokens,
  stream,
  messages,
  system,
  tools,
  thinking,
  metadata,
  mcp_servers,
  container,
  context_management,
  speed,
  member_count
};
constexpr std::array<std::string_view, member_count> names = {
    "model",    "max_tokens",  "stream",    "messages",           "system", "tools", "thinking",
    "metadata", "mcp_servers", "container", "context_management", "speed"};
using Members = std::array<JsonValue, member_count>;

// What the parts of a body come to.
struct Survey {
  MediaCount media;
  std::int64_t overhead = template_tokens;
  bool cache_5m = false;
  bool cache_1h = false;
  std::int64_t searches = 0;
};

void note_cache_control(JsonElement control, Survey& survey) {
  if (!control.is_object()) return;
  if (!says_each_thing_once(control)) survey.cache_1h = true;
  (reported_string(control, "ttl") == "1h" ? survey.cache_1h : survey.cache_5m) = true;
}

// Wherever the key stands: an entry too many only makes the worst case dearer.
void find_cache_control(JsonElement element, Survey& survey) {
  simdjson::dom::array array;
  simdjson::dom::object object;
  if (element.get(array) == simdjson::SUCCESS) {
    for (const JsonElement inner : array) find_cache_control(inner, survey);
  } else if (element.get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object) {
      if (key == "cache_control") note_cache_control(value, survey);
      find_cache_control(value, survey);
    }
  }
}

void add_content(JsonElement content, Survey& survey);

void add_picture(JsonElement block, Survey& survey) {
  const auto source = member(block, "source");
  // A `type` that stands twice could make the data a text.
  if (source && !says_each_thing_once(*source)) {
    survey.media.unbounded = true;
    return;
  }
  const std::string_view data = source ? reported_string(*source, "data") : std::string_view();
  survey.media.bytes += data.size();
  survey.media.tokens += anthropic_picture_tokens(picture_in(data));
}

void add_document(JsonElement block, Survey& survey) {
  const auto source = member(block, "source");
  const std::string_view type =
      source && says_each_thing_once(*source) ? reported_string(*source, "type") : "";
  if (type == "content") {
    if (const auto content = member(*source, "content")) add_content(*content, survey);
  } else if (type != "text") {
    survey.media.unbounded = true;  // a PDF's text is compressed, a file is elsewhere
  }
}

// Only where blocks may stand: a tool's argument that looks like a picture is text.
void add_block(JsonElement block, Survey& survey) {
  constexpr std::string_view known[] = {"text",          "tool_use",        "thinking",
                                        "search_result", "server_tool_use", "redacted_thinking",
                                        "mcp_tool_use",  "mcp_tool_result", "compaction"};
  const std::string_view type = reported_string(block, "type");
  // Said twice, the provider may read another type.
  const bool clear = says_each_thing_once(block);
  if (clear && type == "image") {
    add_picture(block, survey);
  } else if (clear && type == "document") {
    add_document(block, survey);
  } else if (clear && type.ends_with("tool_result")) {
    if (const auto content = member(block, "content")) add_content(*content, survey);
  } else if (!clear || std::ranges::find(known, type) == std::end(known)) {
    survey.media.unbounded = true;  // container_upload, or a kind not known here
  }
}

void add_content(JsonElement content, Survey& survey) {
  simdjson::dom::array blocks;
  if (content.get(blocks) == simdjson::SUCCESS) {
    for (const JsonElement block : blocks) add_block(block, survey);
  } else if (content.is_object()) {
    add_block(content, survey);
  }
}

void add_messages(JsonElement list, Survey& survey) {
  simdjson::dom::array array;
  if (list.get(array) != simdjson::SUCCESS) return;
  for (const JsonElement message : array) {
    if (!says_each_thing_once(message)) survey.media.unbounded = true;
    if (const auto content = member(message, "content")) add_content(*content, survey);
  }
}

// Tools that the caller runs have no type, "custom", or one of these; what the
// provider runs feeds the model more input than the body holds.
bool caller_runs(std::string_view type) {
  constexpr std::string_view kinds[] = {"bash", "text_editor", "computer", "memory"};
  return type.empty() || type == "custom" ||
         std::ranges::any_of(kinds, [&](std::string_view kind) { return type.starts_with(kind); });
}

void add_tools(JsonElement list, Survey& survey) {
  simdjson::dom::array array;
  if (list.get(array) != simdjson::SUCCESS || array.begin() == array.end()) return;
  survey.overhead += tool_use_tokens;
  for (const JsonElement tool : array) {
    const std::string_view type = reported_string(tool, "type");
    if (!type.empty() && type != "custom") survey.overhead += own_tool_tokens;
    if (!caller_runs(type) || !says_each_thing_once(tool)) survey.media.unbounded = true;
    if (type.starts_with("web_search")) {
      survey.searches += reported_count(tool, "max_uses").value_or(searches_assumed);
    }
  }
}

// Whether a list or object has anything in it.
bool holds_anything(const JsonValue& value) {
  simdjson::dom::array array;
  if (value.is_array() && value.element().get(array) == simdjson::SUCCESS) {
    return array.begin() != array.end();
  }
  return value.given() && (!value.is_object() || value.has_members());
}

std::expected<void, std::string> read_model(const Route& route, const JsonValue& value,
                                            RequestFacts& facts) {
  if (route.model.empty() || value.given()) {
    auto stated = requested_model(value);
    if (!stated) return std::unexpected(stated.error());
    if (!route.model.empty() && *stated != route.model) {
      return std::unexpected("The path and the body name different models.");
    }
    facts.model = std::move(*stated);
    if (route.model.empty()) facts.model_value = value.span();
  } else {
    facts.model = route.model;
  }
  return {};
}

Survey survey_of(const JsonValue& body, const Members& found) {
  Survey survey;
  if (found[messages].present()) add_messages(found[messages].element(), survey);
  if (found[system].present()) add_content(found[system].element(), survey);
  if (found[tools].present()) add_tools(found[tools].element(), survey);
  if (holds_anything(found[mcp_servers]) || found[container].given() ||
      holds_anything(found[context_management])) {
    survey.media.unbounded = true;
  }
  find_cache_control(body.element(), survey);
  return survey;
}

void append_texts(JsonElement content, pricing::InputParts::Message& message,
                  pricing::InputParts& parts);

void append_block(JsonElement block, pricing::InputParts::Message& message,
                  pricing::InputParts& parts) {
  const std::string_view type = reported_string(block, "type");
  if (type == "image") {
    const auto source = member(block, "source");
    parts.images.push_back(source ? picture_in(reported_string(*source, "data"))
                                  : pricing::ImagePart{});
  } else if (type == "document") {
    const auto source = member(block, "source");
    const std::string_view kind = source ? reported_string(*source, "type") : "";
    if (kind == "base64") {
      parts.file_bytes += static_cast<std::int64_t>(reported_string(*source, "data").size());
    } else if (kind == "text") {
      message.texts.emplace_back(reported_string(*source, "data"));
    } else if (kind == "content") {
      if (const auto content = member(*source, "content")) append_texts(*content, message, parts);
    }
    for (const std::string_view name : {"title", "context"}) {
      message.texts.emplace_back(reported_string(block, name));
    }
  } else if (type == "text") {
    message.texts.emplace_back(reported_string(block, "text"));
  } else if (type.ends_with("tool_result")) {
    if (const auto content = member(block, "content")) append_texts(*content, message, parts);
  } else {
    // Tool calls, thinking, search results, and kinds not known here: as sent.
    message.texts.push_back(simdjson::minify(block));
  }
}

void append_texts(JsonElement content, pricing::InputParts::Message& message,
                  pricing::InputParts& parts) {
  std::string_view text;
  simdjson::dom::array blocks;
  if (content.get(text) == simdjson::SUCCESS) {
    message.texts.emplace_back(text);
  } else if (content.get(blocks) == simdjson::SUCCESS) {
    for (const JsonElement block : blocks) append_block(block, message, parts);
  } else if (content.is_object()) {
    append_block(content, message, parts);
  }
}

}  // namespace

void fit_anthropic_thinking(const JsonValue& value, std::int64_t ceiling,
                            std::vector<Edit>& edits) {
  if (!value.is_object()) return;
  constexpr std::array<std::string_view, 1> budget_name = {"budget_tokens"};
  std::array<JsonValue, 1> budget;
  if (!pick(value, budget_name, budget)) return;
  if (!budget[0].given() || reported_count(budget[0].element()).value_or(0) < ceiling) return;
  if (ceiling > thinking_budget_min) {
    edits.push_back({budget[0].span(), std::to_string(ceiling - 1)});
  } else {
    edits.push_back({value.span(), R"({"type":"disabled"})"});
  }
}

std::int64_t anthropic_picture_tokens(const pricing::ImagePart& picture) {
  if (picture.width <= 0 || picture.height <= 0) return picture_tokens_max;
  const std::int64_t width = picture.width;
  const std::int64_t height = picture.height;
  const std::int64_t by_area = (width * height + 749) / 750;
  const std::int64_t by_patch = ((width + 27) / 28) * ((height + 27) / 28);
  return std::min(std::max(by_area, by_patch), picture_tokens_max);
}

std::expected<RequestFacts, std::string> anthropic_facts(const Route& route,
                                                         const RequestView& request) {
  const auto body = parse_object(request);
  if (!body) return std::unexpected(body.error());
  Members found;
  if (auto picked = pick(*body, names, found); !picked) return std::unexpected(picked.error());

  RequestFacts facts;
  if (auto read = read_model(route, found[model], facts); !read) {
    return std::unexpected(read.error());
  }
  const auto streamed = requested_flag(found[stream], "stream");
  if (!streamed) return std::unexpected(streamed.error());
  facts.stream = route.stream || streamed->value_or(false);
  const auto ceiling = ceiling_in(*body, found[max_tokens], "max_tokens");
  if (!ceiling) return std::unexpected(ceiling.error());
  state_ceiling(facts, *ceiling);
  if (found[metadata].is_object()) {
    facts.end_user = reported_string(found[metadata].element(), "user_id");
  }

  const Survey survey = survey_of(*body, found);
  facts.input_bound = survey.media.input_bound(request.body.size(), survey.overhead);
  facts.input_unbounded = survey.media.unbounded;
  facts.extras.cache_write_5m = survey.cache_5m;
  facts.extras.cache_write_1h = survey.cache_1h;
  facts.extras.search_units = survey.searches;
  if (found[speed].string() == "fast") facts.extras.tier = tier_named("fast");
  return facts;
}

pricing::InputParts anthropic_parts(const RequestView& request) {
  pricing::InputParts parts;
  const auto body = parse_object(request);
  if (!body) return parts;
  const JsonElement root = body->element();
  pricing::InputParts::Message prompt{.role = "system", .name = "", .texts = {}};
  if (const auto text = member(root, "system")) append_texts(*text, prompt, parts);
  if (!prompt.texts.empty()) parts.messages.push_back(std::move(prompt));
  simdjson::dom::array array;
  if (const auto list = member(root, "messages"); list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement item : array) {
      pricing::InputParts::Message message{
          .role = std::string(reported_string(item, "role")), .name = "", .texts = {}};
      if (const auto content = member(item, "content")) append_texts(*content, message, parts);
      parts.messages.push_back(std::move(message));
    }
  }
  if (const auto list = member(root, "tools"); list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement tool : array) parts.tool_schemas.push_back(simdjson::minify(tool));
  }
  for (const std::string_view name : {"output_format", "output_config"}) {
    if (const auto schema = member(root, name)) {
      parts.tool_schemas.push_back(simdjson::minify(*schema));
    }
  }
  return parts;
}

std::string rewrite_anthropic(const RequestView& request, const RequestFacts& facts,
                              const Rewrite& rewrite) {
  std::vector<Edit> edits;
  if (rewrite.model && facts.model_value) edits.push_back(set_model(facts, *rewrite.model));
  if (rewrite.max_output) {
    const auto body = parse_object(request);
    Members found;
    if (!body || !pick(*body, names, found)) return std::string(request.body);
    if (const auto ceiling = ceiling_in(*body, found[max_tokens], "max_tokens")) {
      edits.push_back(set_ceiling(*ceiling, *rewrite.max_output));
    }
    fit_anthropic_thinking(found[thinking], *rewrite.max_output, edits);
  }
  return splice(request.body, std::move(edits));
}

}  // namespace budget::wire
