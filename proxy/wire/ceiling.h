// Where an output ceiling stands in a body, or could be put.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/wire/format.h"
#include "proxy/wire/json.h"

namespace budget::wire {

// `where` is replaced by before + number + after; an insertion when it is empty.
struct Ceiling {
  std::optional<std::int64_t> value;  // as stated
  Span where;
  std::string before;
  std::string after;
};

// The ceiling `name` of `object`; `value` is its member, absent or not.
// REQUIRES: object.is_object().
[[nodiscard]] std::expected<Ceiling, std::string> ceiling_in(const JsonValue& object,
                                                             const JsonValue& value,
                                                             std::string_view name);
// The ceiling in `holder`, a member of `root` that may be absent or null and
// is then called `holder_name`. It may have several `names`, one at a time.
// REQUIRES: root.is_object().
[[nodiscard]] std::expected<Ceiling, std::string> ceiling_in_member(
    const JsonValue& root, const JsonValue& holder, std::string_view holder_name,
    std::initializer_list<std::string_view> names);

// Puts the ceiling into the facts.
void state_ceiling(RequestFacts& facts, const Ceiling& ceiling);

// The edit that makes the ceiling `number`.
[[nodiscard]] Edit set_ceiling(const Ceiling& ceiling, std::int64_t number);
// The edit that makes the model `model`. REQUIRES: facts.model_value is set.
[[nodiscard]] Edit set_model(const RequestFacts& facts, std::string_view model);

// The first of two values that may be given under either of two names, as
// Google's APIs allow; both at once is an error.
[[nodiscard]] std::expected<JsonValue, std::string> either(const JsonValue& first,
                                                           const JsonValue& second,
                                                           std::string_view name);

// Parses a body that has to be an object.
[[nodiscard]] std::expected<JsonValue, std::string> parse_object(const RequestView& request);
// The body's model. Errors: absent, empty, not a string.
[[nodiscard]] std::expected<std::string, std::string> requested_model(const JsonValue& value);

}  // namespace budget::wire
