#include "admin/runtime_policies.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <limits>
#include <tuple>
#include <utility>

#include "admin/input.h"
#include "admin/secret.h"

namespace budget::admin {
namespace {

constexpr std::size_t text_bytes_max = 4096;
// A clock that is set back or forth is noticed by then.
constexpr std::chrono::milliseconds look_again{60'000};
// How long an override that has ended is still told of.
constexpr std::chrono::days ended_kept{30};

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(std::string_view(*text)) : "";
}

// What is not as it was written is as if it had not been said; the budget's
// check then says what is missing.
BudgetDocument read_document(const StateItem& item) {
  BudgetDocument document;
  boost::system::error_code error;
  const json::value body = json::parse(item.body, error);
  if (error || !body.is_object()) return document;
  const json::object& object = body.get_object();
  const auto* defined = object.if_contains("defined");
  document.defined = !defined || !defined->is_bool() || defined->get_bool();
  document.owner = text_in(object, "owner");
  document.description = text_in(object, "description");
  document.timezone = text_in(object, "timezone");
  const auto* policies = object.if_contains("policies");
  if (!policies || !policies->is_array()) return document;
  for (const json::value& each : policies->get_array()) {
    if (each.is_object()) document.policies.push_back(each.get_object());
  }
  return document;
}

std::int64_t milliseconds(policy::Time time) {
  return time.time_since_epoch().count();
}

std::string body_of(const PolicyOverride& item) {
  json::object object{{"policy_id", item.policy_id},
                      {"until", milliseconds(item.until)},
                      {"reason", item.reason},
                      {"created_by", item.created_by},
                      {"created_at", milliseconds(item.created_at)}};
  if (item.cost_limit) object["cost_limit_nano"] = item.cost_limit->value();
  if (item.token_limit) object["token_limit"] = item.token_limit->value();
  return json::serialize(object);
}

std::optional<PolicyOverride> read_override(const StateItem& item) {
  auto body = Input::of_body(item.body);
  if (!body) return std::nullopt;
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max();
  const auto time = [&body](std::string_view name) {
    return policy::Time(std::chrono::milliseconds(body->integer(name, 0, far).value_or(0)));
  };
  PolicyOverride read;
  read.id = item.id;
  read.policy_id = body->text("policy_id");
  read.until = time("until");
  read.reason = body->text("reason", text_bytes_max);
  read.created_by = body->text("created_by");
  read.created_at = time("created_at");
  if (const auto cost = body->integer("cost_limit_nano", 0, far)) {
    read.cost_limit = pricing::Money(*cost);
  }
  if (const auto tokens = body->integer("token_limit", 0, far)) {
    read.token_limit = pricing::Tokens(*tokens);
  }
  // One of a newer version could mean what this one would not do.
  if (body->problem()) return std::nullopt;
  return read;
}

Failure away() {
  return store_failed("what the API made cannot be read or written");
}

}  // namespace

json::object BudgetDocument::to_json() const {
  json::array list;
  for (const json::object& each : policies) list.push_back(each);
  return {{"defined", defined},
          {"owner", owner},
          {"description", description},
          {"timezone", timezone},
          {"policies", std::move(list)}};
}

json::object BudgetDocument::definition(std::string_view name) const {
  json::object object{{"name", name}};
  if (!owner.empty()) object["owner"] = owner;
  if (!description.empty()) object["description"] = description;
  if (!timezone.empty()) object["timezone"] = timezone;
  json::array list;
  for (const json::object& each : policies) list.push_back(each);
  object["policies"] = std::move(list);
  return object;
}

json::object* BudgetDocument::policy(std::string_view name) {
  for (json::object& each : policies) {
    if (text_in(each, "name") == name) return &each;
  }
  return nullptr;
}

std::string etag_of(const json::object& item) {
  return '"' + to_hex(digest_of(json::serialize(item))).substr(0, 20) + '"';
}

std::expected<std::unique_ptr<RuntimePolicies>, std::string> RuntimePolicies::open(
    StateStore& store, const policy::Clock& clock, std::function<void()> changed,
    Background::OnError on_error) {
  std::unique_ptr<RuntimePolicies> made(new RuntimePolicies(store, clock, std::move(changed)));
  made->contents_ = made->read();
  if (!made->contents_) {
    return std::unexpected("cannot read the API's budgets: the store cannot be asked");
  }
  made->told_at_ = clock.now();
  made->ends_ = std::make_unique<Background>([self = made.get()] { return self->end_due(); },
                                             std::move(on_error));
  return made;
}

std::shared_ptr<const RuntimePolicies::Contents> RuntimePolicies::read() const {
  auto items = store_.list(budgets);
  auto override_items = store_.list(overrides);
  if (!items || !override_items) return nullptr;
  auto fresh = std::make_shared<Contents>();
  for (const StateItem& item : *items) fresh->documents.emplace(item.id, read_document(item));
  for (const StateItem& item : *override_items) {
    if (auto read = read_override(item)) fresh->all_overrides.push_back(std::move(*read));
  }
  std::sort(fresh->all_overrides.begin(), fresh->all_overrides.end(),
            [](const PolicyOverride& a, const PolicyOverride& b) {
              return std::tie(b.created_at, b.id) < std::tie(a.created_at, a.id);
            });
  fresh->budget_items = std::move(*items);
  fresh->override_items = std::move(*override_items);
  return fresh;
}

std::shared_ptr<const RuntimePolicies::Contents> RuntimePolicies::contents() const {
  const std::lock_guard lock(mutex_);
  return contents_;
}

void RuntimePolicies::refresh() {
  const std::lock_guard lock(refresh_mutex_);
  auto fresh = read();
  if (!fresh) return;
  {
    const std::lock_guard replace(mutex_);
    if (fresh->budget_items == contents_->budget_items &&
        fresh->override_items == contents_->override_items) {
      return;
    }
    contents_ = std::move(fresh);
  }
  tell_changed();
  if (ends_) ends_->wake();
}

void RuntimePolicies::tell_changed() {
  told_at_ = clock_.now();
  if (changed_) changed_();
}

std::chrono::milliseconds RuntimePolicies::end_due() {
  const std::lock_guard lock(refresh_mutex_);
  const policy::Time now = clock_.now();
  if (const auto due = next_end(told_at_); due && *due <= now) tell_changed();
  const auto next = next_end(now);
  return next ? std::min(*next - now, look_again) : look_again;
}

std::optional<Failure> RuntimePolicies::edit(const std::string& budget, const Change& change) {
  while (true) {
    const auto item = store_.get(budgets, budget);
    if (!item) return away();
    std::optional<BudgetDocument> document;
    std::int64_t version = 0;
    if (*item) {
      document = read_document(**item);
      version = (*item)->version;
    }
    if (auto failure = change(document)) return failure;
    std::expected<void, StateError> written;
    if (document) {
      const auto put = store_.put(budgets, budget, json::serialize(document->to_json()), version);
      if (!put) written = std::unexpected(put.error());
    } else if (version != 0) {
      const auto erased = store_.erase(budgets, budget, version);
      if (!erased) written = std::unexpected(erased.error());
    }
    if (!written && written.error() == StateError::conflict) continue;
    if (!written) return away();
    refresh();
    return std::nullopt;
  }
}

std::optional<Failure> RuntimePolicies::add(const PolicyOverride& added) {
  if (!store_.put(overrides, added.id, body_of(added), 0)) return away();
  for (const PolicyOverride& each : contents()->all_overrides) {
    if (each.until + ended_kept > added.created_at) continue;
    if (!store_.erase(overrides, each.id, std::nullopt)) return away();
  }
  refresh();
  return std::nullopt;
}

std::expected<std::size_t, Failure> RuntimePolicies::remove_overrides(std::string_view policy_id) {
  std::size_t removed = 0;
  for (const PolicyOverride& each : overrides_of(policy_id)) {
    const auto erased = store_.erase(overrides, each.id, std::nullopt);
    if (!erased) return std::unexpected(away());
    if (*erased) ++removed;
  }
  refresh();
  return removed;
}

std::vector<PolicyOverride> RuntimePolicies::overrides_of(std::string_view policy_id) const {
  std::vector<PolicyOverride> found;
  for (const PolicyOverride& each : contents()->all_overrides) {
    if (each.policy_id == policy_id) found.push_back(each);
  }
  return found;
}

std::optional<policy::Time> RuntimePolicies::next_end(policy::Time now) const {
  std::optional<policy::Time> next;
  for (const PolicyOverride& each : contents()->all_overrides) {
    if (each.until > now && (!next || each.until < *next)) next = each.until;
  }
  return next;
}

}  // namespace budget::admin
