#include "proxy/wire/ceiling.h"

#include <vector>

#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

std::string quoted(std::string_view name) {
  return "\"" + std::string(name) + "\":";
}

}  // namespace

std::expected<Ceiling, std::string> ceiling_in(const JsonValue& object, const JsonValue& value,
                                               std::string_view name) {
  const auto count = requested_count(value, name, ceiling_max);
  if (!count) return std::unexpected(count.error());
  if (value.present()) return Ceiling{*count, value.span(), "", ""};
  return Ceiling{
      std::nullopt, {object.insert_at(), 0}, quoted(name), object.has_members() ? "," : ""};
}

std::expected<Ceiling, std::string> ceiling_in_member(
    const JsonValue& root, const JsonValue& holder, std::string_view holder_name,
    std::initializer_list<std::string_view> names) {
  const std::string_view name = *names.begin();
  if (holder.is_object()) {
    std::vector<JsonValue> found(names.size());
    if (auto picked = pick(holder, names, found); !picked) return std::unexpected(picked.error());
    const JsonValue* stated = nullptr;
    for (const JsonValue& value : found) {
      if (!value.present()) continue;
      if (stated != nullptr) {
        return std::unexpected("The body states '" + std::string(name) + "' under two names.");
      }
      stated = &value;
    }
    return ceiling_in(holder, stated != nullptr ? *stated : JsonValue(), name);
  }
  if (holder.given()) {
    return std::unexpected("'" + std::string(holder_name) + "' must be an object.");
  }
  Ceiling ceiling;
  ceiling.before = "{" + quoted(name);
  ceiling.after = "}";
  if (holder.present()) {
    ceiling.where = holder.span();
  } else {
    ceiling.where = {root.insert_at(), 0};
    ceiling.before = quoted(holder_name) + ceiling.before;
    if (root.has_members()) ceiling.after += ',';
  }
  return ceiling;
}

void state_ceiling(RequestFacts& facts, const Ceiling& ceiling) {
  facts.max_output = ceiling.value;
  if (ceiling.where.length > 0) {
    facts.ceiling_value = ceiling.where;
  } else {
    facts.insert_at = ceiling.where.offset;
    facts.insert_comma = ceiling.after.ends_with(',');
  }
}

Edit set_ceiling(const Ceiling& ceiling, std::int64_t number) {
  return {ceiling.where, ceiling.before + std::to_string(number) + ceiling.after};
}

Edit set_model(const RequestFacts& facts, std::string_view model) {
  Edit edit{*facts.model_value, ""};
  append_json_string(edit.text, model);
  return edit;
}

std::expected<JsonValue, std::string> either(const JsonValue& first, const JsonValue& second,
                                             std::string_view name) {
  if (first.present() && second.present()) {
    return std::unexpected("The body states '" + std::string(name) + "' under two names.");
  }
  return first.present() ? first : second;
}

std::expected<JsonValue, std::string> parse_object(const RequestView& request) {
  auto body = parse_json(request.body, request.readable_behind);
  if (body && !body->is_object()) return std::unexpected("The body must be a JSON object.");
  return body;
}

std::expected<std::string, std::string> requested_model(const JsonValue& value) {
  if (!value.is_string() || value.string().empty()) {
    return std::unexpected("The body must name a model: 'model' is missing or not a string.");
  }
  return std::string(value.string());
}

}  // namespace budget::wire
