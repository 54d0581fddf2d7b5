#include <algorithm>
#include <array>

#include "proxy/wire/limits.h"
#include "proxy/wire/openai_common.h"
#include "proxy/wire/openai_facts.h"
#include "proxy/wire/openai_input.h"
#include "proxy/wire/openai_paths.h"

namespace budget::wire {
namespace {

enum Field : std::size_t {
  f_model,
  f_models,
  f_stream,
  f_stream_options,
  f_max_completion_tokens,
  f_max_tokens,
  f_n,
  f_best_of,
  f_service_tier,
  f_user,
  f_safety_identifier,
  f_messages,
  f_prompt,
  f_modalities,
  f_tools,
  f_web_search_options,
  f_search_parameters,
  f_plugins,
  field_count
};

constexpr std::array<std::string_view, field_count> names = {"model",
                                                             "models",
                                                             "stream",
                                                             "stream_options",
                                                             "max_completion_tokens",
                                                             "max_tokens",
                                                             "n",
                                                             "best_of",
                                                             "service_tier",
                                                             "user",
                                                             "safety_identifier",
                                                             "messages",
                                                             "prompt",
                                                             "modalities",
                                                             "tools",
                                                             "web_search_options",
                                                             "search_parameters",
                                                             "plugins"};

using Fields = std::array<JsonValue, field_count>;
using Read = std::expected<void, std::string>;

Read read_ceiling(const Fields& fields, RequestFacts& facts) {
  const auto newer =
      requested_count(fields[f_max_completion_tokens], "max_completion_tokens", ceiling_max);
  if (!newer) return std::unexpected(newer.error());
  const auto older = requested_count(fields[f_max_tokens], "max_tokens", ceiling_max);
  if (!older) return std::unexpected(older.error());

  if (*newer || *older) facts.max_output = std::max(newer->value_or(0), older->value_or(0));
  for (const Field field : {f_max_completion_tokens, f_max_tokens}) {
    if (fields[field].given()) {
      (facts.ceiling_value ? facts.also_ceiling_value : facts.ceiling_value) = fields[field].span();
    }
  }
  // A null is overwritten rather than given a twin.
  if (!facts.ceiling_value) {
    for (const Field field : {f_max_completion_tokens, f_max_tokens}) {
      if (fields[field].present()) facts.ceiling_value = fields[field].span();
    }
  }
  return {};
}

Read read_stream_options(const JsonValue& options, RequestFacts& facts) {
  if (!options.present()) return {};
  facts.stream_options_value = options.span();
  if (!options.given()) return {};
  if (!options.is_object()) return std::unexpected("'stream_options' must be an object.");
  constexpr std::array<std::string_view, 1> include = {"include_usage"};
  std::array<JsonValue, 1> found;
  if (auto picked = pick(options, include, found); !picked) return picked;
  const auto asked = requested_flag(found[0], "include_usage");
  if (!asked) return std::unexpected(asked.error());
  facts.usage_asked = asked->value_or(false);
  if (found[0].present()) facts.include_usage_value = found[0].span();
  return {};
}

// How many prompts: a text or one list of token ids is one; a list of either
// is as many.
std::int64_t prompts_in(const JsonValue& prompt) {
  simdjson::dom::array array;
  if (!prompt.is_array() || prompt.element().get(array) != simdjson::SUCCESS) return 1;
  std::int64_t count = 0;
  for (const JsonElement element : array) {
    if (element.is_number()) return 1;
    ++count;
  }
  return std::max<std::int64_t>(count, 1);
}

Read read_choices(const Fields& fields, RequestFacts& facts) {
  const auto n = requested_count(fields[f_n], "n", choices_max);
  if (!n) return std::unexpected(n.error());
  const auto best_of = requested_count(fields[f_best_of], "best_of", choices_max);
  if (!best_of) return std::unexpected(best_of.error());
  const std::int64_t each = std::max({std::int64_t{1}, n->value_or(1), best_of->value_or(1)});
  facts.choices = each * prompts_in(fields[f_prompt]);  // prompts are at least two bytes each
  return {};
}

bool has_elements(const JsonValue& value) {
  simdjson::dom::array array;
  return value.is_array() && value.element().get(array) == simdjson::SUCCESS &&
         array.begin() != array.end();
}

void read_input(const Fields& fields, std::size_t body_bytes, RequestFacts& facts) {
  MediaBound media;
  if (fields[f_messages].present()) {
    add_media(fields[f_messages].element(), facts.model, media);
  }
  facts.input_bound = input_bound_of(body_bytes, media);
  facts.extras.audio_milliseconds = media.audio_milliseconds;
  const bool searches = fields[f_web_search_options].given();
  facts.input_unbounded = media.unbounded || searches || fields[f_search_parameters].given() ||
                          has_elements(fields[f_plugins]) || has_server_tools(fields[f_tools]) ||
                          facts.model.ends_with(":online");
  if (searches) facts.extras.search_units = 1;
  // Caching needs no asking here, and where its writes have a rate they may be
  // billed for any of the input.
  facts.extras.cache_write_5m = true;
}

}  // namespace

Facts openai_chat_facts(const Route& route, const JsonValue& body, std::size_t body_bytes) {
  Fields fields;
  if (auto picked = pick(body, names, fields); !picked) return std::unexpected(picked.error());
  RequestFacts facts;
  if (auto read = read_model(route, fields[f_model], facts); !read) {
    return std::unexpected(read.error());
  }
  if (has_elements(fields[f_models])) {
    return std::unexpected(
        "'models' lets the provider choose another model than the one that is budgeted for; name "
        "one 'model'.");
  }
  const auto stream = requested_flag(fields[f_stream], "stream");
  if (!stream) return std::unexpected(stream.error());
  facts.stream = stream->value_or(false);
  for (const auto& read :
       {read_ceiling(fields, facts), read_stream_options(fields[f_stream_options], facts),
        read_choices(fields, facts)}) {
    if (!read) return std::unexpected(read.error());
  }
  const JsonValue& user = fields[f_user].given() ? fields[f_user] : fields[f_safety_identifier];
  facts.end_user = user.string();
  facts.extras.tier = requested_tier(fields[f_service_tier]);
  read_input(fields, body_bytes, facts);
  facts.insert_at = body.insert_at();
  facts.insert_comma = body.has_members();
  return facts;
}

}  // namespace budget::wire
