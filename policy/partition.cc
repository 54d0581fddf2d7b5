#include "policy/partition.h"

#include <algorithm>

namespace budget::policy {
namespace {

using Kind = Partition::Kind;

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '~' || c == ':' || c == '@' || c == '+' || c == '-';
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::component:
      return "component";
    case Kind::user:
      return "user";
    case Kind::key:
      return "key";
    case Kind::provider:
      return "provider";
    case Kind::model:
      return "model";
    case Kind::tier:
      return "tier";
    case Kind::task_type:
      return "task_type";
    case Kind::context:
      return "context";
    case Kind::task:
      return "task";
    case Kind::operation:
      return "operation";
    case Kind::tag:
      return "tag.";
  }
  return "";
}

std::optional<std::string_view> said(std::string_view label) {
  return label.empty() ? std::nullopt : std::optional(label);
}

// nullopt: not said. A tag may be said and empty.
std::optional<std::string_view> value_of(const Partition& field, const PartitionSource& source) {
  const CallLabels& labels = source.labels;
  switch (field.kind) {
    case Kind::component:
      return said(labels.component);
    case Kind::user:
      return said(labels.user);
    case Kind::key:
      return said(labels.key);
    case Kind::provider:
      return said(labels.provider);
    case Kind::model:
      return said(labels.model);
    case Kind::tier:
      return said(labels.tier);
    case Kind::task_type:
      return said(labels.task_type);
    case Kind::context:
      return said(source.context_id);
    case Kind::task:
      return said(source.task_id);
    case Kind::operation:
      return said(labels.operation);
    case Kind::tag:
      break;
  }
  if (labels.tags == nullptr) return std::nullopt;
  for (const auto& [name, value] : *labels.tags) {
    if (name == field.tag) return value;
  }
  return std::nullopt;
}

void add_missing(std::vector<Partition>& fields, Kind kind) {
  const Partition field{kind, ""};
  if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
}

}  // namespace

std::vector<Partition> partition_fields(const Policy& policy) {
  std::vector<Partition> fields = policy.per;
  const bool task = policy.period.kind == Period::Kind::per_task;
  if (task || policy.period.kind == Period::Kind::per_session) add_missing(fields, Kind::context);
  if (task) add_missing(fields, Kind::task);
  return fields;
}

void append_encoded(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  if (std::all_of(text.begin(), text.end(), plain)) {
    out += text;
    return;
  }
  for (const char c : text) {
    if (plain(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
}

std::string partition_text(const std::vector<Partition>& fields, const PartitionSource& source) {
  std::string text;
  for (const Partition& field : fields) {
    if (!text.empty()) text += ',';
    text += name_of(field.kind);
    if (field.kind == Kind::tag) append_encoded(text, field.tag);
    text += '=';
    const std::optional<std::string_view> value = value_of(field, source);
    if (!value) {
      text += '-';
    } else if (*value == "-") {
      text += "%2D";
    } else {
      append_encoded(text, *value);
    }
  }
  return text;
}

}  // namespace budget::policy
