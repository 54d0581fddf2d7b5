#include "admin/allocation_notes.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <tuple>
#include <utility>

#include "admin/answer.h"

namespace budget::admin {
namespace {

constexpr std::string_view collection = "allocations";

std::string away() {
  return "the allocations' notes cannot be asked for";
}

// The description is an object in the note's own, so that it is not text in
// text.
std::string body_of(const AllocationNote& note) {
  boost::system::error_code ignored;
  return json::serialize(json::object{{"context_id", note.context_id},
                                      {"budget_id", note.budget_id},
                                      {"description", json::parse(note.description, ignored)},
                                      {"created_at", note.created_at.time_since_epoch().count()}});
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(std::string_view(*text)) : "";
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
  const auto* created = object.if_contains("created_at");
  if (created && created->is_int64()) {
    note.created_at = policy::Time(std::chrono::milliseconds(created->get_int64()));
  }
  return note;
}

bool fits(const AllocationNote& note, const AllocationFilter& filter) {
  if (!filter.context_id.empty() && note.context_id != filter.context_id) return false;
  if (!filter.budget_id.empty() && note.budget_id != filter.budget_id) return false;
  if (filter.component.empty()) return true;
  boost::system::error_code error;
  const json::value description = json::parse(note.description, error);
  return description.is_object() &&
         text_in(description.get_object(), "component") == filter.component;
}

}  // namespace

std::expected<AllocationNote, std::string> AllocationNotes::add(const AllocationNote& note) {
  const auto put = store_.put(collection, note.id, body_of(note), 0);
  if (put) return note;
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
  return {};
}

}  // namespace budget::admin
