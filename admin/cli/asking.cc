#include "admin/cli/asking.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include "policy/rfc3339.h"

namespace budget::cli {
namespace {

constexpr std::int64_t page_size = 500;

Failed refusal(const Reply& reply, const json::value& body) {
  std::string message = "the server answered " + std::to_string(reply.status);
  const auto* object = body.if_object();
  const auto* error = object ? object->if_contains("error") : nullptr;
  if (error && error->is_object()) {
    message = text_in(error->get_object(), "message");
    const auto* details = error->get_object().if_contains("details");
    const auto* problems =
        details && details->is_object() ? details->get_object().if_contains("problems") : nullptr;
    if (problems && problems->is_array() && problems->get_array().size() > 1) {
      for (const json::value& each : problems->get_array()) {
        message += "\n  " + text_in(each.as_object(), "field") + " " +
                   text_in(each.as_object(), "message");
      }
    }
  } else if (!error) {
    message += "; is this the address of a Budget server's admin API? See --url";
  }
  if (reply.status == 401) {
    message +=
        "\nGive an admin key with --api-key or BUDGET_API_KEY; the server makes its first "
        "one in admin.key in its store's folder.";
  }
  return {refused, std::move(message)};
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(by), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Asked<json::value> value_of(const Option& option, const std::string& text) {
  const auto wrong = [&](std::string_view what) {
    return std::unexpected(
        Failed{bad_usage, "--" + std::string(option.name) + " must be " + std::string(what)});
  };
  if (option.value == "N") {
    const auto number = whole(text);
    if (!number) return wrong("a whole number");
    return json::value(*number);
  }
  if (option.value == "LIST") {
    json::array list;
    for (const std::string& each : split(text, ',')) list.push_back(json::value(each));
    return list;
  }
  if (option.value == "K=V,…") {
    json::object labels;
    for (const std::string& each : split(text, ',')) {
      const std::size_t equals = each.find('=');
      if (equals == std::string::npos || equals == 0) return wrong("NAME=VALUE,NAME=VALUE");
      labels[each.substr(0, equals)] = each.substr(equals + 1);
    }
    return labels;
  }
  if (option.value == "JSON") {
    boost::system::error_code error;
    json::value value = json::parse(text, error);
    if (error || !value.is_object()) return wrong("a JSON object");
    return value;
  }
  return json::value(text);
}

}  // namespace

Asked<json::value> ask(Client& client, std::string_view method, std::string_view target,
                       std::string_view body) {
  const auto reply = client.ask(method, target, body);
  if (!reply) return std::unexpected(Failed{unreachable, reply.error()});
  boost::system::error_code error;
  json::value value = json::parse(reply->body, error);
  if (error) value = nullptr;
  if (reply->status < 200 || reply->status > 299 || error) {
    return std::unexpected(refusal(*reply, value));
  }
  if (auto* object = value.if_object()) {
    if (auto* data = object->if_contains("data")) return std::move(*data);
  }
  return value;
}

Asked<Listed> ask_list(Client& client, const std::string& target, std::int64_t most) {
  Listed listed;
  const std::string joint = target.find('?') == std::string::npos ? "?" : "&";
  const std::int64_t size = std::min(most, page_size);
  for (int page = 1;; ++page) {
    auto answer =
        ask(client, "GET",
            target + joint + "limit=" + std::to_string(size) + "&page=" + std::to_string(page));
    if (!answer) return std::unexpected(answer.error());
    auto* object = answer->if_object();
    auto* items = object ? object->if_contains("items") : nullptr;
    if (!items || !items->is_array()) {
      return std::unexpected(Failed{refused, "the server's answer is not a list"});
    }
    listed.total = number_in(*object, "total");
    for (json::value& item : items->get_array()) {
      if (std::cmp_less(listed.items.size(), most)) listed.items.push_back(std::move(item));
    }
    if (items->get_array().empty() || std::cmp_greater_equal(listed.items.size(), most) ||
        std::cmp_greater_equal(listed.items.size(), listed.total)) {
      return listed;
    }
  }
}

Asked<std::int64_t> limit_of(const Invocation& invocation, std::int64_t otherwise) {
  const std::string text = invocation.get("limit");
  if (text.empty()) return otherwise;
  const auto number = whole(text);
  if (number && *number >= 1) return *number;
  return std::unexpected(Failed{bad_usage, "--limit must be a whole number from 1"});
}

std::string query_of(const Command& command, const Invocation& invocation) {
  std::string query;
  for (const Option& option : command.options) {
    const std::string value = invocation.get(option.name);
    if (option.field.empty() || value.empty()) continue;
    query += query.empty() ? "?" : "&";
    query += std::string(option.field) + "=" + percent_encoded(value);
  }
  return query;
}

Asked<json::object> body_of(const Command& command, const Invocation& invocation) {
  json::object body;
  for (const Option& option : command.options) {
    const std::string text = invocation.get(option.name);
    if (option.field.empty() || text.empty()) continue;
    auto value = value_of(option, text);
    if (!value) return std::unexpected(value.error());
    body[option.field] = std::move(*value);
  }
  return body;
}

const Command& command_of(std::string_view path) {
  for (const Command& command : commands()) {
    if (command.path == path) return command;
  }
  std::abort();  // only names in the table are asked for
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
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

Asked<std::string> time_of(const std::string& text, bool ahead) {
  constexpr std::pair<char, std::int64_t> units[] = {
      {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}};
  if (text.size() >= 2) {
    const auto number = whole(std::string_view(text).substr(0, text.size() - 1));
    for (const auto& [unit, seconds] : units) {
      if (text.back() != unit || !number) continue;
      if (*number < 1 || *number > 1'000'000) break;
      const auto now =
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
      const auto span = std::chrono::seconds(*number * seconds);
      return policy::rfc3339(policy::Time(ahead ? now + span : now - span));
    }
  }
  // A date or a time: the server reads those.
  if (text.size() >= 10 && text[4] == '-') return text;
  return std::unexpected(Failed{bad_usage, "'" + text +
                                               "' is no time; say 24h, 7d, a date such as "
                                               "2026-01-31, or 2026-01-31T12:00:00Z"});
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (!value || value->is_null()) return "";
  if (const auto* text = value->if_string()) return std::string(std::string_view(*text));
  return json::serialize(*value);
}

std::int64_t number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* number = value ? value->if_int64() : nullptr;
  return number ? *number : 0;
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string dollars(const std::string& decimal) {
  if (decimal.empty()) return "";
  std::string text = decimal;
  if (text.find('.') == std::string::npos) text += '.';
  const std::size_t point = text.find('.');
  while (text.size() < point + 3) text += '0';
  while (text.size() > point + 3 && text.ends_with('0')) text.pop_back();
  return text.starts_with('-') ? "-$" + text.substr(1) : "$" + text;
}

std::string short_time(const std::string& rfc3339) {
  if (rfc3339.size() < 16) return rfc3339;
  return rfc3339.substr(0, 10) + " " + rfc3339.substr(11, 5);
}

namespace {

void print(const json::value& value, std::size_t indent, std::string& out) {
  const std::string line = "\n" + std::string(indent + 2, ' ');
  const auto* object = value.if_object();
  const auto* array = value.if_array();
  if ((!object || object->empty()) && (!array || array->empty())) {
    out += json::serialize(value);
    return;
  }
  out += object ? '{' : '[';
  bool first = true;
  const auto begin_item = [&] {
    out += first ? line : "," + line;
    first = false;
  };
  if (object) {
    for (const auto& [name, each] : *object) {
      begin_item();
      out += json::serialize(json::value(name)) + ": ";
      print(each, indent + 2, out);
    }
  } else {
    for (const json::value& each : *array) {
      begin_item();
      print(each, indent + 2, out);
    }
  }
  out += "\n" + std::string(indent, ' ') + (object ? '}' : ']');
}

}  // namespace

std::string pretty(const json::value& value) {
  std::string out;
  print(value, 0, out);
  return out + "\n";
}

std::string list_text(const Table& table, const Listed& listed, const Invocation& invocation) {
  if (table.empty()) return "There are none.\n";
  std::string text = table.text(invocation.look);
  if (std::cmp_less(listed.items.size(), listed.total)) {
    text += toned(grouped(static_cast<std::int64_t>(listed.items.size())) + " of " +
                      grouped(listed.total) + " (see --limit)",
                  Tone::faint, invocation.look) +
            "\n";
  }
  return text;
}

json::object list_json(const Listed& listed) {
  return {{"items", listed.items}, {"total", listed.total}};
}

}  // namespace budget::cli
