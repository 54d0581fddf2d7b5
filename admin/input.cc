#include "admin/input.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>

#include "admin/time_text.h"
#include "pricing/rate.h"

namespace budget::admin {
namespace {

constexpr std::size_t body_depth_max = 32;
constexpr std::size_t list_size_max = 100;

Failure refused(std::string message) {
  return {ErrorCode::invalid_request, std::move(message), {}, 0};
}

bool printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::int64_t> integer_of(const json::value& value, bool textual) {
  if (value.is_int64()) return value.get_int64();
  if (!textual || !value.is_string()) return std::nullopt;
  const auto& text = value.get_string();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A JSON number is read back in its shortest decimal form, which is what was
// written for every amount of at most 15 digits. "" for what is no number.
std::string decimal_of(const json::value& value) {
  if (value.is_string()) return std::string(std::string_view(value.get_string()));
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (!value.is_double()) return "";
  char text[64];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, value.get_double(), std::chars_format::fixed);
  return error == std::errc{} ? std::string(text, end) : std::string();
}

std::optional<pricing::Money> money_of(const json::value& value) {
  return pricing::parse_usd(decimal_of(value));
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4];
    encoded += digits[byte & 15];
  }
  return encoded;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::expected<Input, Failure> Input::of_body(std::string_view body) {
  if (body.empty()) return Input(json::object{});
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = body_depth_max;
  json::value value = json::parse(body, error, {}, options);
  if (error) return std::unexpected(refused("The body is not JSON: " + error.message() + "."));
  if (!value.is_object()) return std::unexpected(refused("The body must be a JSON object."));
  return Input(std::move(value.get_object()));
}

std::expected<Input, Failure> Input::of_query(std::string_view query) {
  json::object fields;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string encoded(pair.substr(std::min(pair.size(), equals + 1)));
    std::replace(encoded.begin(), encoded.end(), '+', ' ');
    auto name = percent_decoded(pair.substr(0, equals));
    auto value = percent_decoded(encoded);
    if (!name || !value) return std::unexpected(refused("The query has a broken % escape."));
    if (fields.contains(*name)) {
      return std::unexpected(refused("The query says '" + *name + "' twice."));
    }
    fields.emplace(*name, *value);
  }
  Input input(std::move(fields));
  input.from_query_ = true;
  return input;
}

const json::value* Input::find(std::string_view name) {
  read_.emplace(name);
  const auto* value = fields_.if_contains(name);
  return value && !value->is_null() ? value : nullptr;
}

void Input::ignore(std::span<const std::string_view> names) {
  for (const std::string_view name : names) fields_.erase(name);
}

bool Input::has(std::string_view name) const {
  const auto* value = fields_.if_contains(name);
  return value && !value->is_null();
}

std::string Input::text(std::string_view name, std::size_t bytes_max) {
  const auto* value = find(name);
  if (!value) return "";
  if (!value->is_string()) {
    complain(name, "must be a string");
    return "";
  }
  const std::string_view text = value->get_string();
  if (text.size() > bytes_max || !printable(text)) {
    complain(name, "must be at most " + std::to_string(bytes_max) + " printable bytes");
    return "";
  }
  return std::string(text);
}

std::string Input::required_text(std::string_view name, std::size_t bytes_max) {
  const std::size_t before = problems_.size();
  std::string value = text(name, bytes_max);
  if (value.empty() && problems_.size() == before) complain(name, "is required");
  return value;
}

std::optional<std::string> Input::raw_text(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_string()) return std::string(std::string_view(value->get_string()));
  complain(name, "must be a string");
  return std::nullopt;
}

std::string Input::choice(std::string_view name, std::initializer_list<std::string_view> choices) {
  std::string value = text(name);
  if (value.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) {
    return value;
  }
  std::string message = "must be one of";
  for (const std::string_view each : choices) message.append(" ").append(each);
  complain(name, std::move(message));
  return "";
}

std::optional<std::int64_t> Input::integer(std::string_view name, std::int64_t least,
                                           std::int64_t most) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  const auto number = integer_of(*value, from_query_);
  if (number && *number >= least && *number <= most) return number;
  complain(name,
           "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<bool> Input::flag(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  if (from_query_ && value->is_string()) {
    if (value->get_string() == "true") return true;
    if (value->get_string() == "false") return false;
  }
  complain(name, "must be true or false");
  return std::nullopt;
}

std::optional<pricing::Money> Input::usd(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  const auto amount = money_of(*value);
  if (amount && amount->value() >= 0) return amount;
  complain(name,
           "must be US dollars, not negative, with at most nine decimal places, such as \"0.25\"");
  return std::nullopt;
}

std::optional<std::int64_t> Input::rate(std::string_view name, bool per_token) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  const std::string text = decimal_of(*value);
  const auto rate =
      per_token ? pricing::parse_rate_per_million(text) : pricing::parse_rate_per_unit(text);
  if (rate) return rate;
  complain(name, per_token ? "must be US dollars per million tokens, not negative, with at most "
                             "six decimal places, such as \"2.50\""
                           : "must be US dollars per unit, not negative, with at most twelve "
                             "decimal places, such as \"0.04\"");
  return std::nullopt;
}

std::optional<policy::Time> Input::time(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_string()) {
    if (const auto instant = parse_time(std::string_view(value->get_string()))) return instant;
  }
  complain(name, "must be a time such as \"2026-01-31T12:00:00Z\"");
  return std::nullopt;
}

std::optional<std::vector<std::string>> Input::texts(std::string_view name) {
  const auto* value = find(name);
  if (!value) return std::nullopt;
  std::vector<std::string> list;
  bool good = true;
  const auto take = [&list, &good](const json::value& each) {
    const auto* string = each.if_string();
    good = good && string && !string->empty() && string->size() <= label_bytes_max &&
           printable(std::string_view(*string));
    if (good) list.emplace_back(std::string_view(*string));
  };
  if (value->is_array()) {
    good = value->get_array().size() <= list_size_max;
    for (const json::value& each : value->get_array()) take(each);
  } else {
    take(*value);
  }
  if (good) return list;
  complain(name, "must be a list of at most 100 strings, each of 1 to 256 printable bytes");
  return std::nullopt;
}

Labels Input::labels(std::string_view name) {
  const auto* value = find(name);
  if (!value) return {};
  Labels found;
  bool good = value->is_object() && value->get_object().size() <= list_size_max;
  if (good) {
    for (const auto& [key, each] : value->get_object()) {
      const std::string_view label = key;
      const auto* string = each.if_string();
      good = good && string && !label.empty() && label.size() <= label_bytes_max &&
             string->size() <= label_bytes_max && printable(label) &&
             printable(std::string_view(*string));
      if (good) found.emplace_back(std::string(label), std::string(std::string_view(*string)));
    }
  }
  if (!good) {
    complain(name, "must be an object of at most 100 strings, each of at most 256 printable bytes");
    return {};
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string Input::object_text(std::string_view name, std::size_t bytes_max) {
  const auto* value = find(name);
  if (!value) return "";
  std::string text = json::serialize(*value);
  if (value->is_object() && text.size() <= bytes_max) return text;
  complain(name, "must be a JSON object of at most " + std::to_string(bytes_max) + " bytes");
  return "";
}

std::vector<Input> Input::objects(std::string_view name) {
  std::vector<Input> parts;
  const auto* value = find(name);
  if (!value) return parts;
  const bool good =
      value->is_array() && std::all_of(value->get_array().begin(), value->get_array().end(),
                                       [](const json::value& each) { return each.is_object(); });
  if (!good) {
    complain(name, "must be a list of objects");
    return parts;
  }
  for (const json::value& each : value->get_array()) parts.emplace_back(each.get_object());
  return parts;
}

Page Input::page() {
  Page page;
  page.page = static_cast<int>(integer("page", 1, 1'000'000).value_or(page.page));
  page.limit = static_cast<int>(integer("limit", 1, 500).value_or(page.limit));
  return page;
}

void Input::complain(std::string_view name, std::string message) {
  problems_.emplace_back(name, std::move(message));
}

void Input::adopt(const Input& part, std::string_view name) {
  for (const json::value& each : part.problems()) {
    const json::object& problem = each.get_object();
    std::string field(name);
    field.append(".").append(std::string_view(problem.at("field").get_string()));
    complain(field, std::string(std::string_view(problem.at("message").get_string())));
  }
}

json::array Input::problems() const {
  json::array all;
  for (const auto& [field, message] : problems_) {
    all.push_back(json::object{{"field", field}, {"message", message}});
  }
  for (const auto& [name, value] : fields_) {
    if (read_.contains(std::string_view(name))) continue;
    std::string message = "is not a field here; there are:";
    for (const std::string& known : read_) message.append(" ").append(known);
    all.push_back(json::object{{"field", name}, {"message", message}});
  }
  return all;
}

std::optional<Failure> Input::problem() const {
  json::array all = problems();
  if (all.empty()) return std::nullopt;
  const json::object& first = all.front().get_object();
  std::string message(std::string_view(first.at("field").get_string()));
  message.append(" ").append(std::string_view(first.at("message").get_string())).append(".");
  Failure failure = refused(std::move(message));
  failure.details["problems"] = std::move(all);
  return failure;
}

}  // namespace budget::admin
