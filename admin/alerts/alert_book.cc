#include "admin/alerts/alert_book.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/secret.h"
#include "admin/utf8.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

constexpr std::int64_t events_kept = 1'000;
constexpr int tries_max = 5;

// Sorted by id is sorted by time.
std::string new_id(policy::Time now) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string time(12, '0');
  auto rest = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (std::size_t i = time.size(); i-- > 0; rest >>= 4) time[i] = digits[rest & 15];
  return "alert_" + time + random_hex(4);
}

std::optional<json::object> parsed(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

bool has_text(const json::object& alert, std::string_view name, const std::string& wanted) {
  if (wanted.empty()) return true;
  const json::value* value = alert.if_contains(name);
  return value && value->is_string() && value->get_string() == wanted;
}

bool is_acknowledged(const json::object& alert) {
  const json::value* value = alert.if_contains("acknowledged");
  return value && value->is_bool() && value->get_bool();
}

bool fits(const json::object& alert, const AlertFilter& filter) {
  return has_text(alert, "type", filter.type) && has_text(alert, "severity", filter.severity) &&
         has_text(alert, "policy_id", filter.policy_id) &&
         has_text(alert, "budget_id", filter.budget_id) &&
         (!filter.acknowledged || *filter.acknowledged == is_acknowledged(alert));
}

}  // namespace

json::object alert_json(const Alert& alert, std::string id, policy::Time now) {
  json::object object{{"id", std::move(id)},
                      {"type", name_of(alert.type)},
                      {"severity", name_of(alert.severity)},
                      {"message", alert.message},
                      {"policy_id", alert.policy_id},
                      {"budget_id", alert.policy_id.substr(0, alert.policy_id.find('/'))},
                      {"partition", alert.partition},
                      {"component", alert.component},
                      {"model", alert.model},
                      {"details", alert.details},
                      {"timestamp", policy::rfc3339(now)},
                      {"acknowledged", false},
                      {"acknowledged_by", nullptr},
                      {"acknowledged_at", nullptr},
                      {"note", nullptr}};
  return object;
}

StateStore::Result<json::object> AlertBook::add(const Alert& alert, policy::Time now) {
  json::object object = alert_json(alert, new_id(now), now);
  const std::string id(std::string_view(object.at("id").as_string()));
  // Labels come from callers, and may hold any byte.
  const std::string body = repaired_utf8(json::serialize(object));
  if (const auto put = state_.put(collection, id, body, 0); !put) {
    return std::unexpected(put.error());
  }
  forget_oldest();
  // Not told live where this fails; it is kept all the same.
  if (!state_.append(log, body, events_kept)) return object;
  return object;
}

void AlertBook::forget_oldest() {
  const auto items = state_.list(collection);
  if (!items || items->size() <= kept) return;
  for (std::size_t i = 0; i < items->size() - kept; ++i) {
    if (!state_.erase(collection, (*items)[i].id, std::nullopt)) return;
  }
}

StateStore::Result<std::vector<json::object>> AlertBook::list(const AlertFilter& filter) {
  auto items = state_.list(collection);
  if (!items) return std::unexpected(items.error());
  std::vector<json::object> alerts;
  for (auto item = items->rbegin(); item != items->rend(); ++item) {
    auto alert = parsed(item->body);
    if (alert && fits(*alert, filter)) alerts.push_back(std::move(*alert));
  }
  return alerts;
}

StateStore::Result<std::optional<json::object>> AlertBook::find(const std::string& id) {
  auto item = state_.get(collection, id);
  if (!item) return std::unexpected(item.error());
  return *item ? parsed((*item)->body) : std::nullopt;
}

StateStore::Result<std::optional<json::object>> AlertBook::acknowledge(const std::string& id,
                                                                       const std::string& who,
                                                                       const std::string& note,
                                                                       policy::Time now) {
  for (int i = 0; i < tries_max; ++i) {
    auto item = state_.get(collection, id);
    if (!item) return std::unexpected(item.error());
    if (!*item) return std::optional<json::object>{};
    auto alert = parsed((*item)->body);
    if (!alert || is_acknowledged(*alert)) return alert;
    (*alert)["acknowledged"] = true;
    (*alert)["acknowledged_by"] = who;
    (*alert)["acknowledged_at"] = policy::rfc3339(now);
    (*alert)["note"] = note.empty() ? json::value(nullptr) : json::value(note);
    const std::string body = repaired_utf8(json::serialize(*alert));
    const auto put = state_.put(collection, id, body, (*item)->version);
    if (!put && put.error() == StateError::conflict) continue;  // somebody was first: look again
    if (!put) return std::unexpected(put.error());
    if (!state_.append(log, body, events_kept)) return alert;
    return alert;
  }
  return std::unexpected(StateError::conflict);
}

}  // namespace budget::admin
