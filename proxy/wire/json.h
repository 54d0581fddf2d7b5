// Reading JSON that came from a caller or a provider, and writing a little.
//
// Every text is parsed whole by simdjson's DOM, which checks grammar, UTF-8,
// depth and trailing bytes of what we do not look at too: a body that we and
// the provider could read differently must not get through (On-Demand does not
// check what it skips). Big integers beyond 64 bits and lone surrogates are
// refused by it as well.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/format.h"

namespace budget::wire {

using JsonElement = simdjson::dom::element;

// One value of a parsed text, and where it stands in it. A cheap handle: valid
// until the next parse_json() on the same thread, and as long as the text is.
// A default-constructed one is "absent"; so is what a missing member gives.
class JsonValue {
 public:
  JsonValue() = default;
  JsonValue(JsonElement element, std::uint32_t place, std::string_view text)
      : element_(element), text_(text), place_(place), present_(true) {}

  [[nodiscard]] bool present() const { return present_; }
  // Present and not null.
  [[nodiscard]] bool given() const { return present_ && !element_.is_null(); }
  [[nodiscard]] bool is_object() const { return present_ && element_.is_object(); }
  [[nodiscard]] bool is_array() const { return present_ && element_.is_array(); }
  [[nodiscard]] bool is_string() const { return present_ && element_.is_string(); }
  // REQUIRES: present().
  [[nodiscard]] JsonElement element() const { return element_; }
  // The decoded string; "" when it is none.
  [[nodiscard]] std::string_view string() const;
  // The bytes of the value as they stand in the text. Cost: linear in its size
  // for containers. REQUIRES: present().
  [[nodiscard]] Span span() const;
  // The same bytes. REQUIRES: present().
  [[nodiscard]] std::string_view text() const {
    const Span where = span();
    return text_.substr(where.offset, where.length);
  }
  // Just behind the '{' of an object: where a member can be put in front.
  [[nodiscard]] std::size_t insert_at() const;
  // Whether an object has members, so that an inserted one needs a comma.
  [[nodiscard]] bool has_members() const;

 private:
  friend std::expected<void, std::string> pick(const JsonValue&, std::span<const std::string_view>,
                                               std::span<JsonValue>);
  friend std::vector<JsonValue> items_of(const JsonValue&);
  JsonElement element_;
  std::string_view text_;
  std::uint32_t place_ = 0;  // its index among the text's structural characters
  bool present_ = false;
};

// Parses and checks all of `text`. `readable_behind` bytes after it may be
// read: when they are simdjson's padding (64) or more nothing is copied. The
// error is a sentence. Keeps its memory in a scratch parser of the thread,
// about 13 bytes for each byte of text while it runs, and gives it back when a
// large text is behind it. Cost: linear, about 2 GB/s.
[[nodiscard]] std::expected<JsonValue, std::string> parse_json(std::string_view text,
                                                               std::size_t readable_behind = 0);

// Finds the members of `object` called `names[i]` and puts them in `found[i]`,
// in one pass. Errors, as a sentence: one of them is there twice, or a member's
// name differs from it only by case (some servers match names without regard to
// case, and take the last). All other members may repeat.
// REQUIRES: object.is_object(); found.size() == names.size().
[[nodiscard]] std::expected<void, std::string> pick(const JsonValue& object,
                                                    std::span<const std::string_view> names,
                                                    std::span<JsonValue> found);

// The elements of an array, each with its place; none when `array` is none.
// Cost: linear in the array's text.
[[nodiscard]] std::vector<JsonValue> items_of(const JsonValue& array);

// --- Numbers of a request: what cannot be meant is refused.

// A count >= 0. Absent and null give nullopt; 1024.0 is 1024. Errors, as a
// sentence that names `name`: not a number, negative, with a fraction, above `max`.
[[nodiscard]] std::expected<std::optional<std::int64_t>, std::string> requested_count(
    const JsonValue& value, std::string_view name, std::int64_t max);
// true or false; absent and null give nullopt; anything else is an error.
[[nodiscard]] std::expected<std::optional<bool>, std::string> requested_flag(const JsonValue& value,
                                                                             std::string_view name);

// --- Answers: what cannot be meant is clamped.

// The member of an object; nullopt when `object` is none, has no such member,
// or the member is null.
[[nodiscard]] std::optional<JsonElement> member(JsonElement object, std::string_view name);
// A token count: fractions are rounded up, negatives are 0, at most tokens_max.
// nullopt when it is not a number.
[[nodiscard]] std::optional<std::int64_t> reported_count(JsonElement value);
// The same of a member; nullopt when absent or null.
[[nodiscard]] std::optional<std::int64_t> reported_count(JsonElement object, std::string_view name);
// The string of a member; "" when absent or no string. Lives as long as the parse.
[[nodiscard]] std::string_view reported_string(JsonElement object, std::string_view name);

// --- Writing.

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8
// become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// One change of a body: `where` is replaced by `text` (an insertion when its
// length is 0).
struct Edit {
  Span where;
  std::string text;
};
// `body` with the edits applied, every other byte as it was. Edits must not
// overlap; the order in which they are given decides only among insertions at
// the same place.
[[nodiscard]] std::string splice(std::string_view body, std::vector<Edit> edits);

}  // namespace budget::wire
