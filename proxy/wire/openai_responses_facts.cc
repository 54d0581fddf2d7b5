#include <array>

#include "proxy/wire/limits.h"
#include "proxy/wire/openai_common.h"
#include "proxy/wire/openai_facts.h"
#include "proxy/wire/openai_input.h"

namespace budget::wire {
namespace {

enum Field : std::size_t {
  f_model,
  f_stream,
  f_max_output_tokens,
  f_service_tier,
  f_user,
  f_safety_identifier,
  f_input,
  f_previous_response_id,
  f_conversation,
  f_prompt,
  f_background,
  f_tools,
  field_count
};

constexpr std::array<std::string_view, field_count> names = {"model",
                                                             "stream",
                                                             "max_output_tokens",
                                                             "service_tier",
                                                             "user",
                                                             "safety_identifier",
                                                             "input",
                                                             "previous_response_id",
                                                             "conversation",
                                                             "prompt",
                                                             "background",
                                                             "tools"};

// A call may search as often as its model likes; more than this is not held for.
constexpr std::int64_t searches_held = 10;

bool has_tool(const JsonValue& tools, std::string_view type) {
  simdjson::dom::array array;
  if (!tools.present() || tools.element().get(array) != simdjson::SUCCESS) return false;
  for (const JsonElement tool : array) {
    if (reported_string(tool, "type").starts_with(type)) return true;
  }
  return false;
}

}  // namespace

Facts openai_responses_facts(const Route& route, const JsonValue& body, std::size_t body_bytes) {
  std::array<JsonValue, field_count> fields;
  if (auto picked = pick(body, names, fields); !picked) return std::unexpected(picked.error());
  RequestFacts facts;
  if (auto read = read_model(route, fields[f_model], facts); !read) {
    return std::unexpected(read.error());
  }
  const auto stream = requested_flag(fields[f_stream], "stream");
  if (!stream) return std::unexpected(stream.error());
  const auto background = requested_flag(fields[f_background], "background");
  if (!background) return std::unexpected(background.error());
  const auto ceiling =
      requested_count(fields[f_max_output_tokens], "max_output_tokens", ceiling_max);
  if (!ceiling) return std::unexpected(ceiling.error());

  facts.stream = stream->value_or(false);
  facts.detached = background->value_or(false);
  facts.max_output = *ceiling;
  if (fields[f_max_output_tokens].present()) {
    facts.ceiling_value = fields[f_max_output_tokens].span();
  }
  const JsonValue& user = fields[f_user].given() ? fields[f_user] : fields[f_safety_identifier];
  facts.end_user = user.string();
  facts.extras.tier = requested_tier(fields[f_service_tier]);
  facts.extras.cache_write_5m = true;  // as in chat

  MediaBound media;
  if (fields[f_input].present()) add_media(fields[f_input].element(), facts.model, media);
  facts.input_bound = input_bound_of(body_bytes, media);
  facts.extras.audio_milliseconds = media.audio_milliseconds;
  // What is stored at the provider, or found by it, is input too.
  facts.input_unbounded = media.unbounded || fields[f_previous_response_id].given() ||
                          fields[f_conversation].given() || fields[f_prompt].given() ||
                          facts.detached || has_server_tools(fields[f_tools]);
  if (has_tool(fields[f_tools], "web_search")) facts.extras.search_units = searches_held;
  if (has_tool(fields[f_tools], "image_generation")) facts.extras.images = 1;
  facts.insert_at = body.insert_at();
  facts.insert_comma = body.has_members();
  return facts;
}

}  // namespace budget::wire
