#include "pricing/tool_tokens.h"

#include <simdjson.h>

namespace budget::pricing {
namespace {

namespace dom = simdjson::dom;

// OpenAI's constants, the same for all models but for the first.
constexpr std::int64_t property_list = 3;
constexpr std::int64_t property = 3;
constexpr std::int64_t enumeration = -3;
constexpr std::int64_t enumerated = 3;
constexpr std::int64_t all_functions = 12;

std::int64_t function_constant(Encoding encoding) {
  return encoding == Encoding::o200k_base ? 7 : 10;
}

// A text member, without the full stop at its end; "" when there is none.
std::string text_of(const dom::object& object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  if (text.ends_with('.')) text.remove_suffix(1);
  return std::string(text);
}

class Estimate {
 public:
  explicit Estimate(Encoding encoding) : encoding_(encoding) {}

  std::int64_t function(const dom::object& tool) {
    dom::object function;
    if (tool["function"].get(function) != simdjson::SUCCESS) function = tool;
    std::int64_t tokens = count(text_of(function, "name") + ":" + text_of(function, "description"));
    dom::object parameters;
    if (function["parameters"].get(parameters) == simdjson::SUCCESS) tokens += schema(parameters);
    return tokens;
  }

 private:
  // The parser refuses documents nested deeper than 1,024, which bounds the
  // recursion.
  std::int64_t schema(const dom::object& schema_object) {
    std::int64_t tokens = 0;
    dom::object properties;
    if (schema_object["properties"].get(properties) == simdjson::SUCCESS && properties.size() > 0) {
      tokens += property_list;
      for (const auto& member : properties) tokens += one_property(member);
    }
    dom::object items;
    if (schema_object["items"].get(items) == simdjson::SUCCESS) tokens += schema(items);
    return tokens;
  }

  std::int64_t one_property(const dom::key_value_pair& member) {
    std::int64_t tokens = property;
    dom::object value;
    if (member.value.get(value) != simdjson::SUCCESS) return tokens + count(member.key);
    dom::array values;
    if (value["enum"].get(values) == simdjson::SUCCESS) {
      tokens += enumeration;
      for (const auto item : values) {
        std::string_view text;
        tokens += enumerated;
        if (item.get(text) == simdjson::SUCCESS) tokens += count(text);
      }
    }
    tokens += count(std::string(member.key) + ":" + text_of(value, "type") + ":" +
                    text_of(value, "description"));
    return tokens + schema(value);
  }

  std::int64_t count(std::string_view text) const { return count_tokens(encoding_, text).value(); }

  Encoding encoding_;
};

}  // namespace

std::int64_t tool_tokens(const std::vector<std::string>& schemas, Encoding encoding) {
  if (schemas.empty()) return 0;
  std::int64_t tokens = all_functions;
  dom::parser parser;
  for (const auto& schema : schemas) {
    tokens += function_constant(encoding);
    dom::object tool;
    if (parser.parse(schema).get(tool) == simdjson::SUCCESS) {
      tokens += Estimate(encoding).function(tool);
    }
  }
  return tokens;
}

}  // namespace budget::pricing
