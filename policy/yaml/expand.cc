#include "policy/yaml/expand.h"

#include <algorithm>

namespace budget::policy {
namespace {

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

std::expected<Expanded, std::string> expand_variables(std::string_view text,
                                                      const EnvironmentLookup& environment) {
  Expanded result;
  while (true) {
    const std::size_t at = text.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && text[at - 1] == '$') {
      result.text += text.substr(0, at - 1);
      result.text += "${";
      text.remove_prefix(at + 2);
      continue;
    }
    result.text += text.substr(0, at);
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) {
      return std::unexpected("'${' without '}'; write $${ for the characters themselves");
    }
    const std::string_view inside = text.substr(at + 2, end - at - 2);
    const std::size_t colon = inside.find(":-");
    const std::string_view name = inside.substr(0, colon);
    if (!is_variable_name(name)) {
      return std::unexpected(
          "expected the name of an environment variable between '${' and '}' or ':-'");
    }
    const std::optional<std::string> value = environment(name);
    if (colon == std::string_view::npos) {
      if (value) result.text += *value;
      if (!value) result.unset.emplace_back(name);
    } else {
      result.text += value && !value->empty() ? *value : std::string(inside.substr(colon + 2));
    }
    text.remove_prefix(end + 1);
  }
  result.text += text;
  return result;
}

}  // namespace budget::policy
