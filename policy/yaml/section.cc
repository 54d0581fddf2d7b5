#include "policy/yaml/section.h"

#include <fmt/format.h>

#include <cassert>

#include "policy/yaml/nearest.h"
#include "policy/yaml/scalars.h"

namespace budget::policy {
namespace {

using std::chrono::milliseconds;
using Kind = ConfigKey::Kind;

constexpr std::string_view duration_expected = "a duration such as 30s, 5m or 90d";
constexpr std::string_view size_expected = "a size such as 32MiB or 64KiB";
constexpr std::string_view money_expected =
    "an amount of US dollars such as 5.00 or 0.25 (at most nine decimals)";

bool may_be_empty(Kind kind) {
  return kind == Kind::section || kind == Kind::list || kind == Kind::named;
}

// What to write instead of a number of percent.
std::string share_hint(std::string_view text) {
  const std::string_view number = text.substr(0, text.find('%'));
  const auto percent = parse_integer(number);
  if (!percent || *percent <= 1 || *percent > 100) return {};
  return fmt::format("; {} percent is {}", *percent, ppm_text(*percent * 10'000));
}

std::string money_hint(std::string_view text) {
  if (!text.starts_with('$') || !pricing::parse_usd(text.substr(1))) return {};
  return fmt::format("; write {}", text.substr(1));
}

}  // namespace

Section::Section(ConfigReader& reader, const YamlValue& root)
    : Section(reader, &root, "", root.place) {}

Section::Section(ConfigReader& reader, const YamlValue* map, std::string path, Place place)
    : reader_(&reader), map_(map), path_(std::move(path)), place_(place) {
  if (map_ != nullptr && map_->kind != YamlValue::Kind::map) map_ = nullptr;
}

std::string Section::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

Place Section::place(std::string_view name) const {
  const YamlValue* found = value(name);
  return found == nullptr ? place_ : found->place;
}

const YamlValue* Section::value(std::string_view name) const {
  if (map_ == nullptr) return nullptr;
  for (const YamlMember& member : map_->members) {
    if (member.key != name) continue;
    if (member.value.kind == YamlValue::Kind::null) return nullptr;
    if (member.value.kind == YamlValue::Kind::absent &&
        may_be_empty(reader_->key(path_of(name)).kind)) {
      return nullptr;
    }
    return &member.value;
  }
  return nullptr;
}

const YamlValue* Section::find(std::string_view name, [[maybe_unused]] Kind kind) const {
  assert(reader_->key(path_of(name)).kind == kind);
  return value(name);
}

bool Section::text(std::string_view name, std::string& target) const {
  const YamlValue* found = find(name, Kind::text);
  if (found == nullptr) return false;
  auto read = reader_->scalar(*found, "text");
  if (!read) return false;
  target = *std::move(read);
  return true;
}

bool Section::required(std::string_view name, std::string& target, std::string_view hint) const {
  if (!has(name)) {
    reader_->problem(place_, fmt::format("'{}' is missing; {}", name, hint));
    return false;
  }
  if (!text(name, target)) return false;
  if (!target.empty()) return true;
  problem(name, fmt::format("'{}' is empty; {}", name, hint));
  return false;
}

bool Section::flag(std::string_view name, bool& target) const {
  const YamlValue* found = find(name, Kind::flag);
  if (found == nullptr) return false;
  const auto read = reader_->scalar(*found, "true or false");
  if (!read) return false;
  const auto parsed = parse_flag(*read);
  if (parsed) target = *parsed;
  if (!parsed) reader_->wrong(*found, "true or false");
  return parsed.has_value();
}

bool Section::integer(std::string_view name, std::int64_t& target, std::int64_t least,
                      std::int64_t most) const {
  const YamlValue* found = find(name, Kind::integer);
  if (found == nullptr) return false;
  const std::string expected = most == std::numeric_limits<std::int64_t>::max()
                                   ? fmt::format("a whole number from {}", least)
                                   : fmt::format("a whole number from {} to {}", least, most);
  const auto read = reader_->scalar(*found, expected);
  if (!read) return false;
  const auto parsed = parse_integer(*read);
  if (!parsed || *parsed < least || *parsed > most) {
    reader_->wrong(*found, expected);
    return false;
  }
  target = *parsed;
  return true;
}

bool Section::duration(std::string_view name, milliseconds& target, milliseconds least,
                       milliseconds most) const {
  const YamlValue* found = find(name, Kind::duration);
  if (found == nullptr) return false;
  const auto read = reader_->scalar(*found, duration_expected);
  if (!read) return false;
  const auto parsed = parse_duration(*read);
  if (!parsed) {
    const bool bare = parse_integer(*read).has_value();
    reader_->wrong(*found, duration_expected,
                   bare ? fmt::format("; write {}s for seconds", *read) : "");
    return false;
  }
  if (*parsed < least || *parsed > most) {
    reader_->wrong(
        *found, fmt::format("a duration from {} to {}", duration_text(least), duration_text(most)));
    return false;
  }
  target = *parsed;
  return true;
}

bool Section::size(std::string_view name, std::size_t& target, std::size_t least,
                   std::size_t most) const {
  const YamlValue* found = find(name, Kind::size);
  if (found == nullptr) return false;
  const auto read = reader_->scalar(*found, size_expected);
  if (!read) return false;
  const auto parsed = parse_size(*read);
  if (!parsed) {
    reader_->wrong(*found, size_expected);
    return false;
  }
  if (*parsed < least || *parsed > most) {
    reader_->wrong(*found, fmt::format("a size from {} to {}", size_text(least), size_text(most)));
    return false;
  }
  target = *parsed;
  return true;
}

bool Section::money(std::string_view name, std::optional<Money>& target) const {
  const YamlValue* found = find(name, Kind::money);
  if (found == nullptr) return false;
  const auto read = reader_->scalar(*found, money_expected);
  if (!read) return false;
  const auto parsed = pricing::parse_usd(*read);
  if (!parsed || *parsed < Money(0)) {
    reader_->wrong(*found, money_expected, money_hint(*read));
    return false;
  }
  target = *parsed;
  return true;
}

bool Section::share(std::string_view name, std::int64_t& target, std::int64_t most_ppm) const {
  const YamlValue* found = find(name, Kind::share);
  if (found == nullptr) return false;
  const std::string expected =
      fmt::format("a share above 0 and at most {} such as 0.8", ppm_text(most_ppm));
  const auto read = reader_->scalar(*found, expected);
  if (!read) return false;
  const auto parsed = parse_ppm(*read);
  if (!parsed || *parsed <= 0 || *parsed > most_ppm) {
    reader_->wrong(*found, expected, share_hint(*read));
    return false;
  }
  target = *parsed;
  return true;
}

bool Section::shares(std::string_view name, std::vector<std::int64_t>& target) const {
  const YamlValue* found = find(name, Kind::shares);
  if (found == nullptr) return false;
  if (found->kind != YamlValue::Kind::list) {
    reader_->wrong(*found, "a list of shares such as [0.5, 0.8]");
    return false;
  }
  std::vector<std::int64_t> shares;
  for (const YamlValue& item : found->items) {
    const auto read = reader_->scalar(item, "a share such as 0.8");
    if (!read) continue;
    const auto parsed = parse_ppm(*read);
    if (!parsed || *parsed <= 0 || *parsed > 1'000'000) {
      reader_->wrong(item, "a share above 0 and at most 1 such as 0.8", share_hint(*read));
    } else if (!shares.empty() && *parsed <= shares.back()) {
      reader_->problem(item.place, "the shares have to rise from one to the next");
    } else {
      shares.push_back(*parsed);
    }
  }
  target = std::move(shares);
  return true;
}

bool Section::texts(std::string_view name, std::vector<std::string>& target) const {
  if (!has(name)) return false;
  target.clear();
  for (auto& [text, place] : placed_texts(name)) target.push_back(std::move(text));
  return true;
}

std::vector<std::pair<std::string, Place>> Section::placed_texts(std::string_view name) const {
  const YamlValue* found = find(name, Kind::texts);
  if (found == nullptr) return {};
  return texts_of(*found);
}

std::vector<std::pair<std::string, Place>> Section::texts_of(const YamlValue& value) const {
  std::vector<std::pair<std::string, Place>> texts;
  const auto add = [&](const YamlValue& item) {
    auto read = reader_->scalar(item, "text");
    if (!read) return;
    if (read->empty()) {
      reader_->problem(item.place, "an empty text; write '*' for any, or remove it");
      return;
    }
    texts.emplace_back(*std::move(read), item.place);
  };
  if (value.kind == YamlValue::Kind::list) {
    for (const YamlValue& item : value.items) add(item);
  } else if (value.kind == YamlValue::Kind::scalar) {
    add(value);
  } else {
    reader_->wrong(value, "a text or a list of texts");
  }
  return texts;
}

std::optional<std::string> Section::word(std::string_view name) const {
  const YamlValue* found = find(name, Kind::choice);
  if (found == nullptr) return std::nullopt;
  return reader_->scalar(
      *found, fmt::format("one of {}", fmt::join(reader_->key(path_of(name)).allowed, ", ")));
}

void Section::not_allowed(std::string_view name, std::string_view word) const {
  const std::vector<std::string>& allowed = reader_->key(path_of(name)).allowed;
  const auto near = nearest(word, allowed);
  reader_->wrong(*value(name), fmt::format("one of {}", fmt::join(allowed, ", ")),
                 near ? fmt::format("; did you mean '{}'?", *near) : "");
}

bool Section::secret(std::string_view name, std::string_view file_name, std::string& target,
                     bool may_be_unset) const {
  const YamlValue* found = find(name, Kind::secret);
  const YamlValue* named_file = find(file_name, Kind::text);
  if (found != nullptr && named_file != nullptr) {
    reader_->problem(named_file->place,
                     fmt::format("'{}' and '{}' are both there; keep one", name, file_name));
    return false;
  }
  if (found != nullptr) {
    auto read = reader_->secret(*found, may_be_unset);
    if (!read) return false;
    target = *std::move(read);
    return true;
  }
  std::string path;
  if (named_file == nullptr || !text(file_name, path)) return false;
  auto contents = reader_->file(path, named_file->place);
  if (!contents) return false;
  if (contents->ends_with('\n')) contents->pop_back();
  if (contents->ends_with('\r')) contents->pop_back();
  if (contents->empty()) {
    reader_->problem(named_file->place, fmt::format("the file '{}' is empty", path));
    return false;
  }
  target = *std::move(contents);
  return true;
}

Section Section::section(std::string_view name) const {
  const YamlValue* found = find(name, Kind::section);
  if (found != nullptr && found->kind != YamlValue::Kind::map) {
    reader_->wrong(*found, fmt::format("a map with the keys of '{}'", name));
  }
  return {*reader_, found, path_of(name), found == nullptr ? place_ : found->place};
}

std::vector<Section> Section::sections(std::string_view name) const {
  const YamlValue* found = find(name, Kind::list);
  std::vector<Section> sections;
  if (found == nullptr) return sections;
  if (found->kind != YamlValue::Kind::list) {
    reader_->wrong(*found, "a list", "; begin each of its entries with '- '");
    return sections;
  }
  for (const YamlValue& item : found->items) {
    if (item.kind != YamlValue::Kind::map) {
      reader_->wrong(item, fmt::format("a map with the keys of '{}'", name));
      continue;
    }
    sections.emplace_back(*reader_, &item, path_of(name) + "[]", item.place);
  }
  return sections;
}

const std::vector<YamlMember>& Section::named(std::string_view name) const {
  static const std::vector<YamlMember> none;
  const YamlValue* found = find(name, Kind::named);
  if (found == nullptr) return none;
  if (found->kind != YamlValue::Kind::map) {
    reader_->wrong(*found, "a map from names to values");
  }
  return found->members;
}

Section Section::entry(std::string_view name, const YamlMember& member) const {
  if (member.value.kind != YamlValue::Kind::map) {
    reader_->wrong(member.value, fmt::format("a map with the keys of '{}'", member.key));
  }
  return {*reader_, &member.value, path_of(name) + ".*", member.place};
}

void Section::problem(std::string_view name, std::string message) const {
  reader_->problem(place(name), std::move(message));
}

void Section::warn(std::string_view name, std::string message) const {
  reader_->warn(place(name), std::move(message));
}

}  // namespace budget::policy
