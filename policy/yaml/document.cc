#include "policy/yaml/document.h"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

namespace budget::policy {
namespace {

// The length of the UTF-8 character that begins `text`, 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  const auto follows = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0 && follows(1)) return 2;
  if (first >= 0xE0 && first < 0xF0 && follows(1) && follows(2)) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first < 0xF5 && follows(1) && follows(2) && follows(3)) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_large = first == 0xF4 && byte(1) >= 0x90;
    return overlong || too_large ? 0 : 4;
  }
  return 0;
}

// Where the lines of a text begin; turns yaml-cpp's byte positions into places.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text), starts_{0} {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '\n') starts_.push_back(at + 1);
    }
  }

  // `line` from 0, `byte` within it.
  [[nodiscard]] Place place(std::size_t line, std::size_t byte) const {
    const std::string_view before = this->line(line).substr(0, byte);
    const auto characters =
        std::ranges::count_if(before, [](char c) { return (c & '\xC0') != '\x80'; });
    return {static_cast<int>(line) + 1, static_cast<int>(characters) + 1};
  }
  [[nodiscard]] Place place_of(std::size_t offset) const {
    const auto after = std::ranges::upper_bound(starts_, offset);
    const auto line = static_cast<std::size_t>(after - starts_.begin()) - 1;
    return place(line, offset - starts_[line]);
  }
  [[nodiscard]] std::string_view line(std::size_t number) const {
    if (number >= starts_.size()) return {};
    const std::string_view rest = text_.substr(starts_[number]);
    return rest.substr(0, rest.find('\n'));
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

std::optional<ConfigProblem> unreadable_text(std::string_view text, const std::string& file,
                                             const Lines& lines) {
  if (text.size() > yaml_bytes_max) {
    return ConfigProblem{
        file, 0, 0,
        fmt::format("larger than {} bytes, which no configuration is; is it the right file?",
                    yaml_bytes_max)};
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    const char c = text[at];
    const bool control = (c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == '\x7f';
    if (length == 0 || control) {
      const Place place = lines.place_of(at);
      return ConfigProblem{file, place.line, place.column,
                           length == 0 ? "not UTF-8; save the file with the encoding UTF-8"
                                       : "a control character; remove it"};
    }
    at += length;
  }
  return std::nullopt;
}

// Whether the quotation that begins at `text[at]` has an end.
bool quotation_ends(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != '\'') return true;
      ++at;  // '' stands for one quotation mark
    }
  }
  return false;
}

// Builds the tree from yaml-cpp's events. After the first bound is reached it
// builds nothing more.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view text, const std::string& file, const Lines& lines)
      : text_(text), file_(file), lines_(lines) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) {
      problem(place_of(mark),
              "a second document begins here; one file holds one document: check the "
              "indentation, or remove the line '---'");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto at = static_cast<std::size_t>(mark.pos);
    const bool written =
        at < text_.size() && (text_[at] == '~' || text_[at] == 'n' || text_[at] == 'N');
    YamlValue value;
    value.kind = written ? YamlValue::Kind::null : YamlValue::Kind::absent;
    add(std::move(value), mark, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) {
      problem(place_of(mark), "an alias inside of what it refers to; write the value out");
      add({}, mark, YAML::NullAnchor);
      return;
    }
    values_ += count(known->second);
    if (full(mark)) return;
    YamlValue copy = known->second;
    add(std::move(copy), mark, YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const auto at = static_cast<std::size_t>(mark.pos);
    if (tag == "!" && at < text_.size() && (text_[at] == '"' || text_[at] == '\'') &&
        !quotation_ends(text_, at)) {
      problem(place_of(mark), "this quotation has no end; close it with the same mark");
    }
    YamlValue value;
    value.kind = YamlValue::Kind::scalar;
    value.text = text;
    add(std::move(value), mark, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(YamlValue::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(YamlValue::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

  void problem(Place place, std::string message) {
    problems_.push_back({file_, place.line, place.column, std::move(message)});
  }
  [[nodiscard]] Place place_of(const YAML::Mark& mark) const {
    return lines_.place(static_cast<std::size_t>(std::max(mark.line, 0)),
                        static_cast<std::size_t>(std::max(mark.column, 0)));
  }
  [[nodiscard]] ProblemList& problems() { return problems_; }
  [[nodiscard]] int documents() const { return documents_; }
  [[nodiscard]] YamlValue take_root() { return std::move(root_); }

 private:
  struct Open {
    YamlValue value;
    YAML::anchor_t anchor;
    bool key_is_next = true;           // maps
    std::map<std::string, int> lines;  // of the keys
  };

  static std::size_t count(const YamlValue& value) {
    std::size_t values = 1;
    for (const YamlValue& item : value.items) values += count(item);
    for (const YamlMember& member : value.members) values += count(member.value);
    return values;
  }

  bool full(const YAML::Mark& mark) {
    if (values_ > yaml_values_max && !full_) {
      full_ = true;
      problem(place_of(mark),
              fmt::format("more than {} values with all aliases written out", yaml_values_max));
    }
    return full_;
  }

  void open(YamlValue::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    YamlValue value;
    value.kind = kind;
    value.place = place_of(mark);
    if (!open_.empty() && open_.back().value.kind == YamlValue::Kind::map &&
        open_.back().key_is_next) {
      problem(value.place, "a key has to be text");
    }
    if (open_.size() == yaml_depth_max && !std::exchange(too_deep_, true)) {
      problem(value.place, fmt::format("nested more than {} deep", yaml_depth_max));
    }
    open_.push_back({std::move(value), anchor, true, {}});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add_placed(std::move(closed.value), closed.anchor);
  }

  void add(YamlValue value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    value.place = place_of(mark);
    ++values_;
    if (!full(mark)) add_placed(std::move(value), anchor);
  }

  void add_placed(YamlValue value, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor && !full_) anchors_[anchor] = value;
    if (open_.empty()) {
      if (documents_ <= 1) root_ = std::move(value);
      return;
    }
    Open& into = open_.back();
    if (into.value.kind == YamlValue::Kind::list) {
      into.value.items.push_back(std::move(value));
    } else if (into.key_is_next) {
      add_key(into, value);
    } else {
      YamlMember& member = into.value.members.back();
      member.value = std::move(value);
      // yaml-cpp puts nothing where the next thing begins.
      if (member.value.kind == YamlValue::Kind::absent) member.value.place = member.place;
      into.key_is_next = true;
    }
  }

  void add_key(Open& into, const YamlValue& key) {
    if (key.text == "<<") {
      problem(key.place, "merge keys (<<) are not supported; write the keys out");
    }
    if (key.kind == YamlValue::Kind::absent || key.kind == YamlValue::Kind::null) {
      problem(key.place, "a key has to be text");
    }
    const auto [first, added] = into.lines.emplace(key.text, key.place.line);
    if (!added) {
      problem(key.place, fmt::format("the key '{}' is already on line {}; keep one of the two",
                                     key.text, first->second));
    }
    into.value.members.push_back({key.text, key.place, {}});
    into.key_is_next = false;
  }

  std::string_view text_;
  std::string file_;
  const Lines& lines_;
  ProblemList problems_;
  int documents_ = 0;
  std::size_t values_ = 0;
  bool full_ = false;
  bool too_deep_ = false;
  YamlValue root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, YamlValue> anchors_;
};

std::string words_for(const YAML::Exception& error, const Lines& lines) {
  const auto line = static_cast<std::size_t>(std::max(error.mark.line, 0));
  for (std::size_t near = line == 0 ? 0 : line - 1; near <= line; ++near) {
    const std::string_view text = lines.line(near);
    const std::string_view indent = text.substr(0, text.find_first_not_of(" \t"));
    if (indent.contains('\t')) {
      return fmt::format("a tab in the indentation of line {}; indent with spaces", near + 1);
    }
  }
  if (error.msg == "illegal map value") {
    return "not YAML: a second ':' in one value, or a wrong indentation; put quotation marks "
           "around text that contains ': '";
  }
  return "not YAML: " + error.msg;
}

}  // namespace

std::expected<YamlValue, ProblemList> parse_yaml(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const Lines lines(text);
  if (auto unreadable = unreadable_text(text, file, lines)) {
    return std::unexpected(ProblemList{*std::move(unreadable)});
  }
  Builder builder(text, file, lines);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    // Not until it says that there are no more: behind a stray bracket yaml-cpp
    // finds empty documents without end.
    while (builder.documents() < 2 && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.problem(builder.place_of(error.mark), words_for(error, lines));
  }
  if (!builder.problems().empty()) return std::unexpected(std::move(builder.problems()));
  YamlValue root = builder.take_root();
  if (root.kind == YamlValue::Kind::absent || root.kind == YamlValue::Kind::null) {
    root.kind = YamlValue::Kind::map;
    root.place = {1, 1};
  }
  if (root.kind != YamlValue::Kind::map) {
    return std::unexpected(ProblemList{
        {file, root.place.line, root.place.column, "expected sections such as 'providers:'"}});
  }
  return root;
}

}  // namespace budget::policy
