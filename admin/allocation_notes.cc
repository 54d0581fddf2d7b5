#include "admin/allocation_notes.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <mutex>
#include <tuple>
#include <utility>

#include "admin/answer.h"

namespace budget::admin {
namespace {

std::string away() {
  return "the allocations' notes cannot be asked for";
}

// The description is an object in the note's own, so that it is not text in
// text.
std::string body_of(const AllocationNote& note) {
  boost::system::error_code ignored;
  json::object object{{"context_id", note.context_id},
                      {"budget_id", note.budget_id},
                      {"description", json::parse(note.description, ignored)},
                      {"created_at", note.created_at.time_since_epoch().count()}};
  if (note.expires_at) object["expires_at"] = note.expires_at->time_since_epoch().count();
  if (note.ended) object["ended"] = true;
  return json::serialize(object);
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(std::string_view(*text)) : "";
}

std::optional<policy::Time> time_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (!value || !value->is_int64()) return std::nullopt;
  return policy::Time(std::chrono::milliseconds(value->get_int64()));
}

// What is not as it was written is as if it had not been said.
AllocationNote read_note(const StateItem& item) {
  AllocationNote note;
  note.id = item.id;
  note.description = "{}";
  boost::system::error_code error;
  const json::value body = json::parse(item.body, error);
  if (error || !body.is_object()) return note;
  const json::object& object = body.get_object();
  note.context_id = text_in(object, "context_id");
  note.budget_id = text_in(object, "budget_id");
  if (const auto* description = object.if_contains("description")) {
    if (description->is_object()) note.description = json::serialize(*description);
  }
  note.created_at = time_in(object, "created_at").value_or(policy::Time{});
  note.expires_at = time_in(object, "expires_at");
  const auto* ended = object.if_contains("ended");
  note.ended = ended && ended->is_bool() && ended->get_bool();
  return note;
}

std::string component_of(const AllocationNote& note) {
  boost::system::error_code error;
  const json::value description = json::parse(note.description, error);
  return description.is_object() ? text_in(description.get_object(), "component") : "";
}

bool fits(const AllocationNote& note, const AllocationFilter& filter) {
  if (!filter.context_id.empty() && note.context_id != filter.context_id) return false;
  if (!filter.budget_id.empty() && note.budget_id != filter.budget_id) return false;
  return filter.component.empty() || component_of(note) == filter.component;
}

}  // namespace

std::expected<AllocationNote, std::string> AllocationNotes::add(const AllocationNote& note) {
  const auto put = store_.put(collection, note.id, body_of(note), 0);
  if (put) {
    index(note);
    return note;
  }
  if (put.error() == StateError::unavailable) return std::unexpected(away());
  auto kept = find(note.id);
  if (!kept) return std::unexpected(kept.error());
  return kept->value_or(note);
}

std::expected<std::optional<AllocationNote>, std::string> AllocationNotes::find(
    const std::string& id) {
  const auto item = store_.get(collection, id);
  if (!item) return std::unexpected(away());
  if (!*item) return std::nullopt;
  return read_note(**item);
}

std::expected<AllocationNotePage, std::string> AllocationNotes::list(const AllocationFilter& filter,
                                                                     int page, int limit) {
  const auto items = store_.list(collection);
  if (!items) return std::unexpected(away());
  std::vector<AllocationNote> found;
  for (const StateItem& item : *items) {
    AllocationNote note = read_note(item);
    if (fits(note, filter)) found.push_back(std::move(note));
  }
  std::sort(found.begin(), found.end(), [](const AllocationNote& a, const AllocationNote& b) {
    return std::tie(b.created_at, a.id) < std::tie(a.created_at, b.id);
  });
  const auto total = static_cast<std::int64_t>(found.size());
  return AllocationNotePage{part_of(found, {page, limit}), total};
}

std::expected<void, std::string> AllocationNotes::remove(const std::string& id) {
  if (!store_.erase(collection, id, std::nullopt)) return std::unexpected(away());
  forget(id);
  return {};
}

std::expected<void, std::string> AllocationNotes::end(const std::string& id) {
  auto note = find(id);
  if (!note) return std::unexpected(std::move(note.error()));
  if (!*note) return {};
  (*note)->ended = true;
  if (!store_.put(collection, id, body_of(**note), std::nullopt)) return std::unexpected(away());
  forget(id);
  return {};
}

std::string AllocationNotes::of_context(std::string_view context_id, std::string_view component,
                                        policy::Time now) const {
  const std::shared_lock lock(mutex_);
  const auto found = open_.find(context_id);
  if (found == open_.end()) return "";
  const Open* latest = nullptr;
  for (const Open& open : found->second) {
    if (open.expires_at && *open.expires_at <= now) continue;
    if (!open.component.empty() && open.component != component) continue;
    if (latest == nullptr || latest->created_at <= open.created_at) latest = &open;
  }
  return latest != nullptr ? latest->id : "";
}

void AllocationNotes::reload() {
  const auto items = store_.list(collection);
  if (!items) return;
  std::map<std::string, std::vector<Open>, std::less<>> open;
  for (const StateItem& item : *items) {
    const AllocationNote note = read_note(item);
    if (note.ended || note.context_id.empty()) continue;
    open[note.context_id].push_back(
        {note.id, component_of(note), note.created_at, note.expires_at});
  }
  const std::unique_lock lock(mutex_);
  open_ = std::move(open);
}

void AllocationNotes::index(const AllocationNote& note) {
  const std::unique_lock lock(mutex_);
  open_[note.context_id].push_back({note.id, component_of(note), note.created_at, note.expires_at});
}

void AllocationNotes::forget(const std::string& id) {
  const std::unique_lock lock(mutex_);
  for (auto& [context, all] : open_) {
    std::erase_if(all, [&id](const Open& open) { return open.id == id; });
  }
  std::erase_if(open_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace budget::admin
