#include <algorithm>
#include <boost/json/serialize.hpp>

#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

// A schema may refer to itself; nobody nests required members deeper.
constexpr int depth_max = 24;
constexpr std::int64_t count_max = 64;

// "#/$defs/name" and the like.
const json::value* referred(const json::value& root, std::string_view reference) {
  const json::value* at = &root;
  if (!reference.starts_with("#")) return nullptr;
  reference.remove_prefix(1);
  while (at && reference.starts_with("/")) {
    reference.remove_prefix(1);
    const std::string_view key = reference.substr(0, reference.find('/'));
    reference.remove_prefix(key.size());
    const json::object* object = at->if_object();
    at = object ? member(*object, key) : nullptr;
  }
  return at;
}

std::string type_of(const json::object& schema) {
  const json::value* type = member(schema, "type");
  std::string name;
  if (const json::array* types = type ? type->if_array() : nullptr) {
    for (const json::value& each : *types) {
      const json::string* text = each.if_string();
      if (text && view(*text) != "null" && name.empty()) name = view(*text);
    }
  } else {
    name = string_at(schema, "type");
  }
  // Gemini writes STRING, OBJECT, …
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (name.empty() && object_at(schema, "properties")) name = "object";
  return name;
}

// Makes the value. A schema of a few lines can ask for a value without end, so
// what is made is bounded in depth and in number of parts.
class Maker {
 public:
  explicit Maker(const json::value& root) : root_(root) {}
  std::string value(const json::value* schema, int depth);

 private:
  std::string object(const json::object& schema, int depth);
  std::string array(const json::object& schema, int depth);

  const json::value& root_;
  int parts_left_ = 1000;
};

std::string Maker::object(const json::object& schema, int depth) {
  std::string text = "{";
  const json::object* properties = object_at(schema, "properties");
  const json::array* required = array_at(schema, "required");
  if (required) {
    for (const json::value& each : *required) {
      const json::string* name = each.if_string();
      if (!name) continue;
      if (text.size() > 1) text += ',';
      append(text, Quoted{view(*name)}, ":",
             value(properties ? member(*properties, view(*name)) : nullptr, depth + 1));
    }
  }
  return text + "}";
}

std::string Maker::array(const json::object& schema, int depth) {
  const std::int64_t count =
      std::clamp<std::int64_t>(integer_at(schema, "minItems").value_or(0), 0, count_max);
  std::string text = "[";
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += value(member(schema, "items"), depth + 1);
  }
  return text + "]";
}

std::string smallest_string(const json::object& schema) {
  const std::string_view format = string_at(schema, "format");
  if (format == "date") return R"("2026-01-01")";
  if (format == "date-time") return R"("2026-01-01T00:00:00Z")";
  if (format == "time") return R"("00:00:00Z")";
  if (format == "email") return R"("reader@example.com")";
  if (format == "uri") return R"("https://example.com/")";
  if (format == "uuid") return R"("00000000-0000-4000-8000-000000000000")";
  std::string text = "word";
  const auto least = static_cast<std::size_t>(
      std::clamp<std::int64_t>(integer_at(schema, "minLength").value_or(0), 0, count_max));
  const auto most = static_cast<std::size_t>(
      std::clamp<std::int64_t>(integer_at(schema, "maxLength").value_or(count_max), 0, count_max));
  while (text.size() < least) text += " word";
  if (text.size() > std::max(least, most)) text.resize(std::max(least, most));
  return concat(Quoted{text});
}

std::string Maker::value(const json::value* schema, int depth) {
  const json::object* rules = schema ? schema->if_object() : nullptr;
  if (!rules) return depth == 0 ? "{}" : R"("word")";
  if (depth > depth_max || --parts_left_ < 0) return "null";
  if (const json::value* constant = member(*rules, "const")) return json::serialize(*constant);
  if (const json::array* values = array_at(*rules, "enum"); values && !values->empty()) {
    return json::serialize(values->front());
  }
  if (const std::string_view reference = string_at(*rules, "$ref"); !reference.empty()) {
    return value(referred(root_, reference), depth + 1);
  }
  for (const std::string_view either : {"anyOf", "oneOf", "allOf"}) {
    const json::array* schemas = array_at(*rules, either);
    if (schemas && !schemas->empty()) return value(&schemas->front(), depth + 1);
  }
  const std::string type = type_of(*rules);
  if (type == "object") return object(*rules, depth);
  if (type == "array") return array(*rules, depth);
  if (type == "integer" || type == "number") {
    const json::value* minimum = member(*rules, "minimum");
    return minimum && minimum->is_number() ? json::serialize(*minimum) : "1";
  }
  if (type == "boolean") return "true";
  if (type == "null") return "null";
  if (type == "string") return smallest_string(*rules);
  return depth == 0 ? "{}" : R"("word")";
}

}  // namespace

std::string smallest_of(const json::value* schema) {
  return schema ? Maker(*schema).value(schema, 0) : "{}";
}

}  // namespace budget::simulated
