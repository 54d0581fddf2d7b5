#include "policy/ledger/redis_record.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "policy/ledger/percent.h"
#include "policy/partition.h"

namespace budget::ledger {
namespace {

using pricing::Money;
using pricing::Tokens;
using Tags = std::vector<std::pair<std::string, std::string>>;
using Texts = std::vector<std::string>;

constexpr std::string_view kSources[] = {"reported", "counted", "reserved"};
constexpr int kVerdicts = 6;

// Every field of a record with its name, in the order of the stream's fields.
// One list, so that what is written, what is read and what the scripts are
// told cannot differ.
template <class Record, class Field>
void each_field(Record& record, Field field) {
  field("request_id", record.request_id);
  field("timestamp", record.timestamp);
  field("ended_at", record.ended_at);
  field("component", record.caller.component);
  field("context_id", record.caller.context_id);
  field("task_id", record.caller.task_id);
  field("task_type", record.caller.task_type);
  field("user", record.caller.user);
  field("tags", record.caller.tags);
  field("key_id", record.caller.key_id);
  field("allocation_id", record.caller.allocation_id);
  field("priority", record.caller.priority);
  field("provider", record.provider);
  field("model", record.model);
  field("requested_model", record.requested_model);
  field("operation", record.operation);
  field("stream", record.stream);
  field("status", record.status);
  field("decision", record.decision);
  field("input", record.usage.input);
  field("cache_read", record.usage.cache_read);
  field("cache_write_5m", record.usage.cache_write_5m);
  field("cache_write_1h", record.usage.cache_write_1h);
  field("audio_input", record.usage.audio_input);
  field("image_input", record.usage.image_input);
  field("output", record.usage.output);
  field("reasoning", record.usage.reasoning);
  field("audio_output", record.usage.audio_output);
  field("image_output", record.usage.image_output);
  field("images", record.usage.images);
  field("audio_milliseconds", record.usage.audio_milliseconds);
  field("characters", record.usage.characters);
  field("search_units", record.usage.search_units);
  field("input_cost", record.cost.input);
  field("output_cost", record.cost.output);
  field("total_cost", record.cost.total);
  field("price_id", record.price_id);
  field("usage_source", record.usage_source);
  field("estimated", record.estimated);
  field("unpriced", record.unpriced);
  field("policies", record.policies);
  field("latency_ms", record.latency_ms);
  field("time_to_first_byte_ms", record.time_to_first_byte_ms);
  field("upstream_request_id", record.upstream_request_id);
  field("error", record.error);
}

std::string joined(const Tags& tags) {
  std::string text;
  for (const auto& [name, value] : tags) {
    if (!text.empty()) text += ',';
    policy::append_encoded(text, name);
    text += '=';
    policy::append_encoded(text, value);
  }
  return text;
}
std::string joined(const Texts& texts) {
  std::string text;
  for (const std::string& each : texts) {
    if (!text.empty()) text += ',';
    policy::append_encoded(text, each);
  }
  return text;
}

// Packs one field's value.
struct Pack {
  Packer& out;

  void operator()(std::string_view, const std::string& value) const { out.text(value); }
  void operator()(std::string_view, policy::Time value) const {
    out.integer(value.time_since_epoch().count());
  }
  void operator()(std::string_view, const Tags& value) const { out.text(joined(value)); }
  void operator()(std::string_view, const Texts& value) const { out.text(joined(value)); }
  void operator()(std::string_view, int value) const { out.integer(value); }
  void operator()(std::string_view, bool value) const { out.integer(value ? 1 : 0); }
  void operator()(std::string_view, std::int64_t value) const { out.integer(value); }
  void operator()(std::string_view, Tokens value) const { out.integer(value.value()); }
  void operator()(std::string_view, Money value) const { out.integer(value.value()); }
  void operator()(std::string_view, policy::Verdict value) const {
    out.text(policy::name_of(value));
  }
  void operator()(std::string_view, UsageSource value) const {
    out.text(kSources[static_cast<std::size_t>(value)]);
  }
};

// Calls `part` for each of the parts between commas; false when one fails.
template <class F>
bool split(std::string_view text, F part) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (!part(text.substr(0, comma))) return false;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

// Reads one field's value. Fields come in the order in which they were
// written, so each is looked for where the last was found.
struct Parse {
  const std::vector<std::pair<std::string_view, std::string_view>>& entry;
  std::size_t& next;
  bool& ok;

  std::string_view find(std::string_view name) const {
    for (std::size_t tried = 0; tried < entry.size(); ++tried) {
      const auto& [found, value] = entry[(next + tried) % entry.size()];
      if (found != name) continue;
      next = (next + tried + 1) % entry.size();
      return value;
    }
    ok = false;
    return {};
  }
  std::int64_t number(std::string_view name) const {
    const std::string_view text = find(name);
    std::int64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) ok = false;
    return value;
  }

  void operator()(std::string_view name, std::string& value) const { value = find(name); }
  void operator()(std::string_view name, policy::Time& value) const {
    value = policy::Time(std::chrono::milliseconds(number(name)));
  }
  void operator()(std::string_view name, Texts& value) const {
    ok &= split(find(name), [&value](std::string_view part) {
      auto text = percent_decoded(part);
      if (text) value.push_back(std::move(*text));
      return text.has_value();
    });
  }
  void operator()(std::string_view name, Tags& value) const {
    ok &= split(find(name), [&value](std::string_view part) {
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos) return false;
      auto tag = percent_decoded(part.substr(0, equals));
      auto label = percent_decoded(part.substr(equals + 1));
      if (tag && label) value.emplace_back(std::move(*tag), std::move(*label));
      return tag && label;
    });
  }
  void operator()(std::string_view name, int& value) const {
    value = static_cast<int>(number(name));
  }
  void operator()(std::string_view name, bool& value) const { value = number(name) != 0; }
  void operator()(std::string_view name, std::int64_t& value) const { value = number(name); }
  void operator()(std::string_view name, Tokens& value) const { value = Tokens(number(name)); }
  void operator()(std::string_view name, Money& value) const { value = Money(number(name)); }
  void operator()(std::string_view name, policy::Verdict& value) const {
    const std::string_view text = find(name);
    for (int i = 0; i < kVerdicts; ++i) {
      value = static_cast<policy::Verdict>(i);
      if (policy::name_of(value) == text) return;
    }
    ok = false;
  }
  void operator()(std::string_view name, UsageSource& value) const {
    const auto* found = std::ranges::find(kSources, find(name));
    if (found == std::end(kSources)) {
      ok = false;
    } else {
      value = static_cast<UsageSource>(found - std::begin(kSources));
    }
  }
};

}  // namespace

const std::vector<std::string_view>& record_field_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    const UsageRecord any;
    each_field(any, [&all](std::string_view name, const auto&) { all.push_back(name); });
    return all;
  }();
  return names;
}

std::string hour_name(policy::Time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto hour = std::chrono::floor<std::chrono::hours>(at - day).count();
  char text[40];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(hour));
  return text;
}

UsageCell cell_of(const UsageRecord& record) {
  UsageCell cell;
  const policy::Caller& caller = record.caller;
  policy::append_encoded(cell.detail, caller.user);
  cell.detail += '|';
  cell.detail += joined(caller.tags);
  for (const std::string* label : {&record.provider, &record.model, &caller.component,
                                   &caller.task_type, &caller.key_id, &record.operation}) {
    policy::append_encoded(cell.labels, *label);
    cell.labels += '|';
  }
  cell.labels += std::to_string(record.status);
  cell.policies = joined(record.policies);
  const pricing::Usage& usage = record.usage;
  cell.figures = {1,
                  usage.input_total().value(),
                  usage.output_total().value(),
                  usage.cache_read.value(),
                  (usage.cache_write_5m + usage.cache_write_1h).value(),
                  usage.reasoning.value(),
                  record.cost.input.value(),
                  record.cost.output.value(),
                  record.cost.total.value(),
                  record.estimated ? 1 : 0};
  return cell;
}

void pack_record(Packer& out, const UsageRecord& record, std::chrono::hours retention) {
  const auto day = std::chrono::floor<std::chrono::days>(record.timestamp);
  const policy::Time kept_until = day + std::chrono::days(1) + retention;
  const UsageCell cell = cell_of(record);
  std::string context;
  policy::append_encoded(context, record.caller.context_id);
  out.array(5);
  out.text(hour_name(record.timestamp));
  out.integer(kept_until.time_since_epoch().count());
  out.array(3);
  out.text(cell.detail);
  out.text(cell.labels);
  out.text(context);
  out.array(cell.figures.size());
  for (const std::int64_t figure : cell.figures) out.integer(figure);
  out.array(record_field_names().size());
  each_field(record, Pack{out});
}

std::optional<UsageRecord> record_of(
    const std::vector<std::pair<std::string_view, std::string_view>>& entry) {
  if (entry.empty()) return std::nullopt;
  UsageRecord record;
  std::size_t next = 0;
  bool ok = true;
  each_field(record, Parse{entry, next, ok});
  if (!ok) return std::nullopt;
  return record;
}

}  // namespace budget::ledger
