#include "policy/matcher.h"

#include <algorithm>

namespace budget::policy {
namespace {

std::vector<Glob> globs_of(const std::vector<std::string>& patterns) {
  return {patterns.begin(), patterns.end()};
}

bool any_matches(const std::vector<Glob>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const Glob& g) { return g.matches(text); });
}

bool all_exact(const std::vector<Glob>& globs) {
  return std::all_of(globs.begin(), globs.end(), [](const Glob& g) { return g.is_exact(); });
}

}  // namespace

// The order is that of preference for the index: what has most distinct values
// comes first.
Matcher::Fields Matcher::fields_of(const CallLabels& call) {
  return {call.key,   call.user,      call.component, call.task_type,
          call.model, call.operation, call.tier,      call.provider};
}

void Matcher::add(std::uint32_t id, const Match& match) {
  const std::array<const std::vector<std::string>*, field_count> patterns = {
      &match.key,   &match.user,      &match.component, &match.task_type,
      &match.model, &match.operation, &match.tier,      &match.provider};
  Entry entry{.id = id, .fields = {}, .tags = {}};
  for (std::size_t field = 0; field < field_count; ++field) {
    if (!patterns[field]->empty()) entry.fields.push_back({field, globs_of(*patterns[field])});
  }
  for (const auto& [name, values] : match.tags) entry.tags.push_back({name, globs_of(values)});

  const auto position = static_cast<std::uint32_t>(entries_.size());
  const std::vector<Glob>* values = nullptr;
  if (Bucket* bucket = bucket_for(entry, &values)) {
    for (const Glob& value : *values) {
      Positions& positions = (*bucket)[value.text()];
      if (positions.empty() || positions.back() != position) positions.push_back(position);
    }
  } else {
    unindexed_.push_back(position);
  }
  entries_.push_back(std::move(entry));
}

Matcher::Bucket* Matcher::bucket_for(const Entry& entry, const std::vector<Glob>** values) {
  for (const FieldCheck& check : entry.fields) {
    if (!all_exact(check.any_of)) continue;
    *values = &check.any_of;
    return &by_field_[check.field];
  }
  for (const TagCheck& check : entry.tags) {
    if (check.any_of.empty() || !all_exact(check.any_of)) continue;
    *values = &check.any_of;
    return &by_tag_[check.name];
  }
  return nullptr;
}

std::vector<std::uint32_t> Matcher::find(const CallLabels& call) const {
  const Fields fields = fields_of(call);
  std::vector<std::uint32_t> found;
  found.reserve(16);
  const auto take = [&](const Positions& positions) {
    for (const std::uint32_t position : positions) {
      if (fits(entries_[position], fields, call)) found.push_back(position);
    }
  };
  const auto look_up = [&](const Bucket& bucket, std::string_view value) {
    if (bucket.empty()) return;
    if (const auto it = bucket.find(value); it != bucket.end()) take(it->second);
  };
  take(unindexed_);
  for (std::size_t field = 0; field < field_count; ++field) {
    look_up(by_field_[field], fields[field]);
  }
  if (!by_tag_.empty() && call.tags != nullptr) {
    for (const auto& [name, value] : *call.tags) {
      if (const auto it = by_tag_.find(name); it != by_tag_.end()) look_up(it->second, value);
    }
  }
  std::sort(found.begin(), found.end());
  for (std::uint32_t& position : found) position = entries_[position].id;
  return found;
}

bool Matcher::fits(const Entry& entry, const Fields& fields, const CallLabels& call) {
  for (const FieldCheck& check : entry.fields) {
    if (!any_matches(check.any_of, fields[check.field])) return false;
  }
  for (const TagCheck& check : entry.tags) {
    if (call.tags == nullptr) return false;
    const auto tag = std::find_if(call.tags->begin(), call.tags->end(),
                                  [&](const auto& t) { return t.first == check.name; });
    if (tag == call.tags->end()) return false;
    if (!check.any_of.empty() && !any_matches(check.any_of, tag->second)) return false;
  }
  return true;
}

}  // namespace budget::policy
