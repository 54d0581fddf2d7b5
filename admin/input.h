// A request's fields, read strictly: what is wrong is collected, with its
// place, and what is not known is refused.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/answer.h"
#include "policy/clock.h"
#include "pricing/money.h"

namespace budget::admin {

using Labels = std::vector<std::pair<std::string, std::string>>;

// The fields of a JSON body, or of a query string, whose values are all text.
// An absent field and null are the same. Every reader returns its default and
// notes the problem when the field is not what it should be; problem() tells
// at the end. Not thread-safe.
class Input {
 public:
  static constexpr std::size_t label_bytes_max = 256;

  // The body must be a JSON object; an empty one is an object without fields.
  [[nodiscard]] static std::expected<Input, Failure> of_body(std::string_view body);
  // "a=b&c=d", percent-encoded; a field that stands twice is refused.
  [[nodiscard]] static std::expected<Input, Failure> of_query(std::string_view query);
  explicit Input(json::object fields) : fields_(std::move(fields)) {}

  [[nodiscard]] bool has(std::string_view name) const;
  // Printable, at most `bytes_max`.
  std::string text(std::string_view name, std::size_t bytes_max = label_bytes_max);
  std::string required_text(std::string_view name, std::size_t bytes_max = label_bytes_max);
  // As sent, unread; nullptr when absent. Points into this.
  const json::value* any(std::string_view name) { return find(name); }
  // As if these fields had not been sent.
  void ignore(std::span<const std::string_view> names);
  // As sent, of any size: prompts to be counted.
  std::optional<std::string> raw_text(std::string_view name);
  std::string choice(std::string_view name, std::initializer_list<std::string_view> choices);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<bool> flag(std::string_view name);
  // US dollars as a decimal string or a JSON number, not negative.
  std::optional<pricing::Money> usd(std::string_view name);
  // A price in US dollars, as pico-USD per token of "per million tokens" or per
  // unit, see pricing/rate.h.
  std::optional<std::int64_t> rate(std::string_view name, bool per_token);
  std::optional<policy::Time> time(std::string_view name);
  // A list of texts; one text alone is a list of one.
  std::optional<std::vector<std::string>> texts(std::string_view name);
  // An object of texts, sorted by name.
  Labels labels(std::string_view name);
  // Any object, serialised; "" when absent.
  std::string object_text(std::string_view name, std::size_t bytes_max);
  // A list of objects to read in turn.
  std::vector<Input> objects(std::string_view name);
  // `page` and `limit`.
  Page page();

  // The field as it is, to be read with care; null when absent.
  const json::value* raw(std::string_view name) { return find(name); }

  void complain(std::string_view name, std::string message);
  // Takes over what was wrong inside a part that was read on its own.
  void adopt(const Input& part, std::string_view name);
  // All that was wrong, fields that nobody read among it.
  [[nodiscard]] std::optional<Failure> problem() const;

 private:
  const json::value* find(std::string_view name);
  [[nodiscard]] json::array problems() const;

  json::object fields_;
  bool from_query_ = false;
  std::set<std::string, std::less<>> read_;
  std::vector<std::pair<std::string, std::string>> problems_;  // field, message
};

// Percent-decoded, `+` as it is; nullopt for a broken escape.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);
// The inverse, for one segment of a path or one value of a query.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace budget::admin
