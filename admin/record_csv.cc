#include "admin/record_csv.h"

#include <boost/json/serialize.hpp>
#include <string_view>

#include "admin/record_json.h"
#include "admin/utf8.h"

namespace budget::admin {
namespace {

std::string quoted(std::string text) {
  constexpr std::string_view formula_starts = "=+-@\t\r";
  if (!text.empty() && formula_starts.find(text.front()) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted_text = "\"";
  for (const char c : text) {
    if (c == '"') quoted_text += '"';
    quoted_text += c;
  }
  return quoted_text + '"';
}

std::string cell_of(const json::value& value) {
  if (value.is_null()) return "";
  if (const auto* text = value.if_string()) return quoted(std::string(std::string_view(*text)));
  std::string joined;
  if (const auto* list = value.if_array()) {
    for (const json::value& each : *list) {
      if (!joined.empty()) joined += ' ';
      joined += std::string_view(each.as_string());
    }
    return quoted(std::move(joined));
  }
  if (const auto* labels = value.if_object()) {
    for (const auto& [name, each] : *labels) {
      if (!joined.empty()) joined += ';';
      joined.append(std::string_view(name)).append("=").append(std::string_view(each.as_string()));
    }
    return quoted(std::move(joined));
  }
  return json::serialize(value);  // a number, true or false
}

}  // namespace

std::string csv_header() {
  std::string line;
  for (const auto& [name, value] : to_json(ledger::UsageRecord{})) {
    if (!line.empty()) line += ',';
    line += std::string_view(name);
  }
  return line + "\r\n";
}

std::string csv_row(const ledger::UsageRecord& record) {
  std::string line;
  for (const auto& [name, value] : to_json(record)) {
    line += cell_of(value);
    line += ',';
  }
  line.back() = '\r';
  return repaired_utf8(line + '\n');
}

}  // namespace budget::admin
