#include "proxy/wire/bedrock_body.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/wire/anthropic_body.h"
#include "proxy/wire/bedrock_vendor.h"
#include "proxy/wire/ceiling.h"
#include "proxy/wire/json.h"
#include "proxy/wire/json_event_reader.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/media.h"

namespace budget::wire {
namespace {

constexpr std::int64_t template_tokens = 64;
constexpr std::int64_t tool_use_tokens = 600;
constexpr std::int64_t choices_max = 128;

enum Member : std::size_t {
  messages,
  system,
  inference,
  tool_config,
  additional,
  prompt_variables,
  service_tier,
  member_count
};
constexpr std::array<std::string_view, member_count> names = {"messages",
                                                              "system",
                                                              "inferenceConfig",
                                                              "toolConfig",
                                                              "additionalModelRequestFields",
                                                              "promptVariables",
                                                              "serviceTier"};
using Members = std::array<JsonValue, member_count>;

void add_picture(JsonElement image, const Route& route, MediaCount& media) {
  const auto source = member(image, "source");
  if (!says_each_thing_once(image) || (source && !says_each_thing_once(*source))) {
    media.unbounded = true;
    return;
  }
  const std::string_view data = source ? reported_string(*source, "bytes") : std::string_view();
  const pricing::ImagePart picture = picture_in(data);
  if (bedrock_vendor_of(route.model).shape == BedrockShape::anthropic) {
    media.bytes += data.size();
    media.tokens += anthropic_picture_tokens(picture);
  } else if (picture.width > 0) {
    // No other vendor here counts a picture at more than a token for 400
    // pixels, or a small one at more than Llama's tile.
    media.bytes += data.size();
    media.tokens +=
        std::max<std::int64_t>(2048, std::int64_t{picture.width} * picture.height / 400);
  } else {
    media.unbounded = true;
  }
}

void add_cache_point(JsonElement point, RequestFacts& facts) {
  const bool hour = reported_string(point, "ttl") == "1h";
  if (hour || !says_each_thing_once(point)) facts.extras.cache_write_1h = true;
  if (!hour) facts.extras.cache_write_5m = true;
}

void add_content(JsonElement content, const Route& route, RequestFacts& facts, MediaCount& media) {
  simdjson::dom::array blocks;
  if (content.get(blocks) != simdjson::SUCCESS) return;
  for (const JsonElement block : blocks) {
    if (!says_each_thing_once(block)) media.unbounded = true;
    if (const auto image = member(block, "image")) add_picture(*image, route, media);
    for (const std::string_view name : {"document", "video", "audio"}) {
      if (member(block, name)) media.unbounded = true;
    }
    if (const auto result = member(block, "toolResult")) {
      if (!says_each_thing_once(*result)) media.unbounded = true;
      if (const auto inner = member(*result, "content")) add_content(*inner, route, facts, media);
    }
    if (const auto point = member(block, "cachePoint")) {
      add_cache_point(*point, facts);
    }
  }
}

void add_tools(const JsonValue& config, RequestFacts& facts, MediaCount& media) {
  simdjson::dom::array tools;
  if (config.given() && !says_each_thing_once(config.element())) media.unbounded = true;
  const auto list = config.given() ? member(config.element(), "tools") : std::nullopt;
  if (!list || list->get(tools) != simdjson::SUCCESS) return;
  for (const JsonElement tool : tools) {
    if (!says_each_thing_once(tool)) media.unbounded = true;
    if (const auto point = member(tool, "cachePoint")) add_cache_point(*point, facts);
    if (member(tool, "systemTool")) media.unbounded = true;  // run by the provider
  }
}

// What goes to the model as it is must not state a second ceiling.
std::expected<void, std::string> check_additional(const JsonValue& fields) {
  if (!fields.is_object()) return {};
  constexpr std::array<std::string_view, 9> ceilings = {
      "max_tokens",          "max_tokens_to_sample", "max_gen_len",           "max_new_tokens",
      "maxTokens",           "maxTokenCount",        "max_completion_tokens", "inferenceConfig",
      "textGenerationConfig"};
  std::array<JsonValue, ceilings.size()> found;
  if (auto picked = pick(fields, ceilings, found); !picked) return picked;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].present()) continue;
    return std::unexpected("'additionalModelRequestFields' holds '" + std::string(ceilings[i]) +
                           "'; state the ceiling as inferenceConfig.maxTokens alone.");
  }
  return {};
}

std::expected<RequestFacts, std::string> converse_facts(const Route& route, const JsonValue& body,
                                                        std::size_t body_bytes) {
  Members found;
  if (auto picked = pick(body, names, found); !picked) return std::unexpected(picked.error());
  if (auto checked = check_additional(found[additional]); !checked) {
    return std::unexpected(checked.error());
  }
  const auto ceiling = ceiling_in_member(body, found[inference], names[inference], {"maxTokens"});
  if (!ceiling) return std::unexpected(ceiling.error());
  RequestFacts facts;
  facts.model = route.model;
  facts.stream = route.stream;
  state_ceiling(facts, *ceiling);
  MediaCount media;
  simdjson::dom::array array;
  if (found[messages].is_array() && found[messages].element().get(array) == simdjson::SUCCESS) {
    for (const JsonElement message : array) {
      if (!says_each_thing_once(message)) media.unbounded = true;
      if (const auto content = member(message, "content")) {
        add_content(*content, route, facts, media);
      }
    }
  }
  if (found[system].given()) add_content(found[system].element(), route, facts, media);
  add_tools(found[tool_config], facts, media);
  const std::int64_t overhead =
      template_tokens + (found[tool_config].given() ? tool_use_tokens : 0);
  facts.input_bound = media.input_bound(body_bytes, overhead);
  facts.input_unbounded = media.unbounded || found[prompt_variables].given();
  if (found[service_tier].is_object()) {
    facts.extras.tier = tier_named(reported_string(found[service_tier].element(), "type"));
  }
  return facts;
}

std::expected<Ceiling, std::string> invoke_ceiling(const BedrockVendor& vendor,
                                                   const JsonValue& body) {
  if (!vendor.holder.empty()) {
    const std::array<std::string_view, 1> holder_name = {vendor.holder};
    std::array<JsonValue, 1> holder;
    if (auto picked = pick(body, holder_name, holder); !picked) {
      return std::unexpected(picked.error());
    }
    if (vendor.also_ceiling.empty()) {
      return ceiling_in_member(body, holder[0], vendor.holder, {vendor.ceiling});
    }
    return ceiling_in_member(body, holder[0], vendor.holder, {vendor.ceiling, vendor.also_ceiling});
  }
  std::vector<std::string_view> ceilings = {vendor.ceiling};
  if (!vendor.also_ceiling.empty()) ceilings.push_back(vendor.also_ceiling);
  std::vector<JsonValue> found(ceilings.size());
  if (auto picked = pick(body, ceilings, found); !picked) return std::unexpected(picked.error());
  if (found.size() == 1) return ceiling_in(body, found[0], vendor.ceiling);
  const auto value = either(found[0], found[1], vendor.ceiling);
  if (!value) return std::unexpected(value.error());
  return ceiling_in(body, *value, vendor.ceiling);
}

// Pictures in a body of OpenAI's or Nova's shape: their tokens are not bounded
// by anything that is written down.
bool holds_media(JsonElement element) {
  simdjson::dom::array array;
  simdjson::dom::object object;
  if (element.get(array) == simdjson::SUCCESS) {
    return std::ranges::any_of(array, [](JsonElement inner) { return holds_media(inner); });
  }
  if (element.get(object) != simdjson::SUCCESS) return false;
  for (const auto [key, value] : object) {
    if (key == "image" || key == "video" || key == "document" || key == "image_url" ||
        key == "images" || key == "audio" || key == "input_audio" || holds_media(value)) {
      return true;
    }
  }
  return false;
}

std::expected<RequestFacts, std::string> invoke_facts(const Route& route, const JsonValue& body,
                                                      std::size_t body_bytes) {
  const BedrockVendor& vendor = bedrock_vendor_of(route.model);
  RequestFacts facts;
  facts.model = route.model;
  facts.stream = route.stream;
  if (vendor.shape == BedrockShape::embedding) {
    facts.has_output = false;
  } else if (vendor.ceiling.empty()) {
    facts.ceiling_settable = false;
  } else {
    const auto ceiling = invoke_ceiling(vendor, body);
    if (!ceiling) return std::unexpected(ceiling.error());
    state_ceiling(facts, *ceiling);
  }
  if (!vendor.choices.empty()) {
    const std::array<std::string_view, 1> choices_name = {vendor.choices};
    std::array<JsonValue, 1> found;
    if (auto picked = pick(body, choices_name, found); !picked) {
      return std::unexpected(picked.error());
    }
    const auto choices = requested_count(found[0], vendor.choices, choices_max);
    if (!choices) return std::unexpected(choices.error());
    facts.choices = std::max<std::int64_t>(choices->value_or(1), 1);
  }
  facts.input_bound = MediaCount{}.input_bound(body_bytes, template_tokens + tool_use_tokens);
  facts.input_unbounded = holds_media(body.element());
  return facts;
}

void append_blocks(JsonElement content, pricing::InputParts::Message& message,
                   pricing::InputParts& parts) {
  simdjson::dom::array blocks;
  if (content.get(blocks) != simdjson::SUCCESS) return;
  for (const JsonElement block : blocks) {
    if (const auto image = member(block, "image")) {
      const auto source = member(*image, "source");
      parts.images.push_back(source ? picture_in(reported_string(*source, "bytes"))
                                    : pricing::ImagePart{});
    } else if (const auto document = member(block, "document")) {
      parts.file_bytes += static_cast<std::int64_t>(simdjson::minify(*document).size());
    } else if (const auto result = member(block, "toolResult")) {
      if (const auto inner = member(*result, "content")) append_blocks(*inner, message, parts);
    } else if (const auto text = member(block, "text"); text && text->is_string()) {
      message.texts.emplace_back(reported_string(block, "text"));
    } else if (!member(block, "cachePoint")) {
      message.texts.push_back(simdjson::minify(block));
    }
  }
}

// Every string of a vendor's body: an upper bound of what is a prompt.
void append_strings(JsonElement element, std::vector<std::string>& texts) {
  simdjson::dom::array array;
  simdjson::dom::object object;
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) {
    texts.emplace_back(text);
  } else if (element.get(array) == simdjson::SUCCESS) {
    for (const JsonElement inner : array) append_strings(inner, texts);
  } else if (element.get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object) append_strings(value, texts);
  }
}

}  // namespace

std::expected<RequestFacts, std::string> bedrock_facts(const Route& route,
                                                       const RequestView& request) {
  const bool invoke = static_cast<BedrockCall>(route.variant) == BedrockCall::invoke;
  if (invoke && bedrock_vendor_of(route.model).shape == BedrockShape::anthropic) {
    return anthropic_facts(route, request);
  }
  const auto body = parse_object(request);
  if (!body) return std::unexpected(body.error());
  return invoke ? invoke_facts(route, *body, request.body.size())
                : converse_facts(route, *body, request.body.size());
}

pricing::InputParts bedrock_parts(const Route& route, const RequestView& request) {
  const bool invoke = static_cast<BedrockCall>(route.variant) == BedrockCall::invoke;
  if (invoke && bedrock_vendor_of(route.model).shape == BedrockShape::anthropic) {
    return anthropic_parts(request);
  }
  pricing::InputParts parts;
  const auto body = parse_object(request);
  if (!body) return parts;
  const JsonElement root = body->element();
  if (invoke) {
    append_strings(root, parts.texts);
    return parts;
  }
  if (const auto text = member(root, "system")) {
    pricing::InputParts::Message message{.role = "system", .name = "", .texts = {}};
    append_blocks(*text, message, parts);
    parts.messages.push_back(std::move(message));
  }
  simdjson::dom::array array;
  if (const auto list = member(root, "messages"); list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement item : array) {
      pricing::InputParts::Message message{
          .role = std::string(reported_string(item, "role")), .name = "", .texts = {}};
      if (const auto content = member(item, "content")) append_blocks(*content, message, parts);
      parts.messages.push_back(std::move(message));
    }
  }
  const auto config = member(root, "toolConfig");
  const auto list = config ? member(*config, "tools") : std::nullopt;
  if (list && list->get(array) == simdjson::SUCCESS) {
    for (const JsonElement tool : array) parts.tool_schemas.push_back(simdjson::minify(tool));
  }
  return parts;
}

std::string rewrite_bedrock(const Route& route, const RequestView& request,
                            const RequestFacts& facts, const Rewrite& rewrite) {
  if (!rewrite.max_output || !facts.ceiling_settable || !facts.has_output) {
    return std::string(request.body);
  }
  const BedrockVendor& vendor = bedrock_vendor_of(route.model);
  const bool invoke = static_cast<BedrockCall>(route.variant) == BedrockCall::invoke;
  if (invoke && vendor.shape == BedrockShape::anthropic) {
    return rewrite_anthropic(request, facts, rewrite);
  }
  const auto body = parse_object(request);
  if (!body) return std::string(request.body);
  std::vector<Edit> edits;
  if (invoke) {
    const auto ceiling = invoke_ceiling(vendor, *body);
    if (ceiling) edits.push_back(set_ceiling(*ceiling, *rewrite.max_output));
  } else {
    Members found;
    if (!pick(*body, names, found)) return std::string(request.body);
    const auto ceiling =
        ceiling_in_member(*body, found[inference], names[inference], {"maxTokens"});
    if (ceiling) edits.push_back(set_ceiling(*ceiling, *rewrite.max_output));
    constexpr std::array<std::string_view, 2> thinking_names = {"thinking", "reasoning_config"};
    std::array<JsonValue, 2> thinking;
    if (found[additional].is_object() && pick(found[additional], thinking_names, thinking)) {
      for (const JsonValue& each : thinking) {
        fit_anthropic_thinking(each, *rewrite.max_output, edits);
      }
    }
  }
  return splice(request.body, std::move(edits));
}

}  // namespace budget::wire
