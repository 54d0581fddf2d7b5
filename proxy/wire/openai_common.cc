#include "proxy/wire/openai_common.h"

#include "proxy/wire/media.h"

namespace budget::wire {

using pricing::ServiceTier;

std::expected<void, std::string> read_model(const Route& route, const JsonValue& value,
                                            RequestFacts& facts) {
  if (!route.model.empty()) {
    facts.model = route.model;
    return {};
  }
  if (!value.given()) return std::unexpected("The request names no 'model'.");
  if (!value.is_string() || value.string().empty()) {
    return std::unexpected("'model' must be a name.");
  }
  facts.model = value.string();
  facts.model_value = value.span();
  return {};
}

ServiceTier requested_tier(const JsonValue& value) {
  if (!value.given()) return ServiceTier::standard;
  const std::string_view word = value.string();
  if (word == "flex") return ServiceTier::flex;
  if (word == "batch") return ServiceTier::batch;
  if (word == "auto" || word == "default" || word == "standard" || word == "standard_only" ||
      word == "on_demand" || word == "scale") {
    return ServiceTier::standard;
  }
  return ServiceTier::priority;
}

std::optional<ServiceTier> reported_tier(std::string_view word) {
  if (word.empty() || word == "auto") return std::nullopt;
  if (word == "flex") return ServiceTier::flex;
  if (word == "batch") return ServiceTier::batch;
  if (word == "priority") return ServiceTier::priority;
  return ServiceTier::standard;
}

bool has_server_tools(const JsonValue& tools) {
  simdjson::dom::array array;
  if (!tools.present() || tools.element().get(array) != simdjson::SUCCESS) return false;
  for (const JsonElement tool : array) {
    const std::string_view type = reported_string(tool, "type");
    // What the caller runs itself, and what only describes a form of answer.
    if (type != "function" && type != "custom" && type != "local_shell" && type != "shell" &&
        type != "apply_patch" && !type.empty()) {
      return true;
    }
    if (!says_each_thing_once(tool)) return true;
  }
  return false;
}

}  // namespace budget::wire
