#include "proxy/wire/json.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

// A parser that has grown beyond this is given back before the next small text.
constexpr std::size_t kept_capacity_max = std::size_t{1} << 20;
constexpr std::size_t first_capacity = std::size_t{16} << 10;

simdjson::dom::parser& thread_parser() {
  static thread_local simdjson::dom::parser parser;
  return parser;
}

// simdjson leaves the offsets of all structural characters, and of the first
// byte of every scalar, from its first stage: that is how a value's bytes are
// found without a second scan of the text.
std::uint32_t structural(std::uint32_t index) {
  return thread_parser().implementation->structural_indexes[index];
}

bool opens(char c) {
  return c == '{' || c == '[';
}
bool closes(char c) {
  return c == '}' || c == ']';
}

// The index just behind the value that begins at `place`.
std::uint32_t behind(std::string_view text, std::uint32_t place) {
  const std::uint32_t* const offsets = thread_parser().implementation->structural_indexes.get();
  std::uint32_t depth = 0;
  while (true) {
    const char c = text[offsets[place]];
    ++place;
    if (opens(c)) ++depth;
    if (closes(c)) --depth;
    if (depth == 0) return place;
  }
}

// Go's encoding/json matches names by simple Unicode folding, so that U+017F
// is an 's' and U+212A (the Kelvin sign) a 'k'.
bool same_but_for_case(std::string_view key, std::string_view name) {
  if (key.size() < name.size()) return false;
  std::size_t at = 0;
  for (const char expected : name) {
    if (at >= key.size()) return false;
    const auto lower =
        static_cast<char>(key[at] >= 'A' && key[at] <= 'Z' ? key[at] - 'A' + 'a' : key[at]);
    const auto wanted =
        static_cast<char>(expected >= 'A' && expected <= 'Z' ? expected - 'A' + 'a' : expected);
    if (lower == wanted) {
      ++at;
    } else if (wanted == 's' && key.substr(at, 2) == "\xC5\xBF") {
      at += 2;
    } else if (wanted == 'k' && key.substr(at, 3) == "\xE2\x84\xAA") {
      at += 3;
    } else {
      return false;
    }
  }
  return at == key.size();
}

std::string quoted(std::string_view name) {
  std::string text = "'";
  text += name;
  text += '\'';
  return text;
}

std::string parse_error(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "The body is not valid UTF-8.";
    case simdjson::DEPTH_ERROR:
      return "The body's JSON is nested too deeply.";
    case simdjson::NUMBER_ERROR:
      return "The body's JSON holds a number that cannot be read.";
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return "The body is too large to be read.";
    default:
      return "The body is not valid JSON.";
  }
}

}  // namespace

std::string_view JsonValue::string() const {
  std::string_view text;
  if (present_ && element_.get(text) == simdjson::SUCCESS) return text;
  return {};
}

Span JsonValue::span() const {
  const std::size_t begin = structural(place_);
  if (element_.is_object() || element_.is_array()) {
    const std::size_t last = structural(behind(text_, place_) - 1);
    return {begin, last + 1 - begin};
  }
  // A scalar ends where the white space before the next structural begins.
  std::size_t end = std::min<std::size_t>(structural(place_ + 1), text_.size());
  while (end > begin + 1 && (text_[end - 1] == ' ' || text_[end - 1] == '\n' ||
                             text_[end - 1] == '\r' || text_[end - 1] == '\t')) {
    --end;
  }
  return {begin, end - begin};
}

std::size_t JsonValue::insert_at() const {
  return std::size_t{structural(place_)} + 1;
}

bool JsonValue::has_members() const {
  simdjson::dom::object object;
  return present_ && element_.get(object) == simdjson::SUCCESS && object.begin() != object.end();
}

std::expected<JsonValue, std::string> parse_json(std::string_view text,
                                                 std::size_t readable_behind) {
  if (text.empty()) return std::unexpected("The body is empty.");
  simdjson::dom::parser& parser = thread_parser();
  if (parser.capacity() > kept_capacity_max && text.size() <= kept_capacity_max) {
    parser = simdjson::dom::parser();
  }
  if (parser.capacity() < text.size() || parser.capacity() == 0) {
    const std::size_t capacity = text.size() > kept_capacity_max
                                     ? text.size()
                                     : std::max(first_capacity, std::bit_ceil(text.size()));
    // The document's own buffers grow with the parser's on the next parse.
    if (parser.allocate(capacity, json_depth_max) != simdjson::SUCCESS ||
        parser.doc.allocate(capacity) != simdjson::SUCCESS) {
      parser = simdjson::dom::parser();
      return std::unexpected(parse_error(simdjson::MEMALLOC));
    }
  }
  const bool copy = readable_behind < simdjson::SIMDJSON_PADDING;
  JsonElement root;
  const auto error = parser.parse(text.data(), text.size(), copy).get(root);
  if (error != simdjson::SUCCESS) return std::unexpected(parse_error(error));
  return JsonValue(root, 0, text);
}

std::expected<void, std::string> pick(const JsonValue& object,
                                      std::span<const std::string_view> names,
                                      std::span<JsonValue> found) {
  std::uint32_t place = object.place_ + 1;
  for (const auto [key, element] : simdjson::dom::object(object.element_)) {
    const std::uint32_t value_place = place + 2;  // behind the name and the colon
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (key == names[i]) {
        if (found[i].present()) {
          return std::unexpected("The body holds " + quoted(names[i]) + " more than once.");
        }
        found[i] = JsonValue(element, value_place, object.text_);
        break;
      }
      // Folding never changes a name's first byte but for case, or to one of
      // the two odd letters, which are not ASCII.
      if ((((key.empty() ? '\0' : key.front()) ^ names[i].front()) & 0x5F) != 0 &&
          !(!key.empty() && static_cast<unsigned char>(key.front()) >= 0x80)) {
        continue;
      }
      if (same_but_for_case(key, names[i])) {
        return std::unexpected("The body holds a member that differs from " + quoted(names[i]) +
                               " only by case; servers disagree on what that means.");
      }
    }
    place = behind(object.text_, value_place) + 1;
  }
  return {};
}

std::vector<JsonValue> items_of(const JsonValue& array) {
  std::vector<JsonValue> items;
  if (!array.is_array()) return items;
  std::uint32_t place = array.place_ + 1;
  for (const JsonElement element : simdjson::dom::array(array.element_)) {
    items.emplace_back(element, place, array.text_);
    place = behind(array.text_, place) + 1;
  }
  return items;
}

std::expected<std::optional<std::int64_t>, std::string> requested_count(const JsonValue& value,
                                                                        std::string_view name,
                                                                        std::int64_t max) {
  if (!value.given()) return std::nullopt;
  const JsonElement element = value.element();
  std::int64_t count = 0;
  if (element.is_int64()) {
    count = std::int64_t(element);
  } else if (element.is_uint64()) {
    count = max < INT64_MAX ? max + 1 : max;  // above any int64
  } else if (element.is_double()) {
    const double number = double(element);
    if (number != std::floor(number)) {
      return std::unexpected(quoted(name) + " must be a whole number.");
    }
    if (number < 0) return std::unexpected(quoted(name) + " must not be negative.");
    if (number > static_cast<double>(max)) {
      return std::unexpected(quoted(name) + " is absurdly large.");
    }
    count = static_cast<std::int64_t>(number);
  } else {
    return std::unexpected(quoted(name) + " must be a number.");
  }
  if (count < 0) return std::unexpected(quoted(name) + " must not be negative.");
  if (count > max) return std::unexpected(quoted(name) + " is absurdly large.");
  return count;
}

std::expected<std::optional<bool>, std::string> requested_flag(const JsonValue& value,
                                                               std::string_view name) {
  if (!value.given()) return std::nullopt;
  bool flag = false;
  if (value.element().get(flag) != simdjson::SUCCESS) {
    return std::unexpected(quoted(name) + " must be true or false.");
  }
  return flag;
}

std::optional<JsonElement> member(JsonElement object, std::string_view name) {
  simdjson::dom::object members;
  if (object.get(members) != simdjson::SUCCESS) return std::nullopt;
  JsonElement value;
  if (members.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> reported_count(JsonElement value) {
  if (value.is_int64()) return std::clamp<std::int64_t>(std::int64_t(value), 0, tokens_max);
  if (value.is_uint64()) return tokens_max;
  if (value.is_double()) {
    const double number = double(value);
    if (!(number > 0)) return 0;
    if (number >= static_cast<double>(tokens_max)) return tokens_max;
    return static_cast<std::int64_t>(std::ceil(number));
  }
  return std::nullopt;
}

std::optional<std::int64_t> reported_count(JsonElement object, std::string_view name) {
  const auto value = member(object, name);
  return value ? reported_count(*value) : std::nullopt;
}

std::string_view reported_string(JsonElement object, std::string_view name) {
  std::string_view text;
  if (const auto value = member(object, name)) {
    if (value->get(text) == simdjson::SUCCESS) return text;
  }
  return {};
}

void append_json_string(std::string& out, std::string_view text) {
  const bool utf8 = simdjson::validate_utf8(text.data(), text.size());
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 0xF];
    } else if (byte >= 0x80 && !utf8) {
      out += "\xEF\xBF\xBD";
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string splice(std::string_view body, std::vector<Edit> edits) {
  // A handful of them, and their order matters where they meet.
  for (std::size_t i = 1; i < edits.size(); ++i) {
    for (std::size_t j = i; j > 0 && edits[j].where.offset < edits[j - 1].where.offset; --j) {
      std::swap(edits[j], edits[j - 1]);
    }
  }
  std::string result;
  std::size_t grown = body.size();
  for (const Edit& edit : edits) grown += edit.text.size();
  result.reserve(grown);
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    result.append(body.substr(at, edit.where.offset - at));
    result.append(edit.text);
    at = edit.where.offset + edit.where.length;
  }
  result.append(body.substr(at));
  return result;
}

}  // namespace budget::wire
