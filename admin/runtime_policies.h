// Budgets, policies and overrides that the API made: kept, changed, and put
// together with the file's.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/answer.h"
#include "admin/background.h"
#include "admin/merged_policies.h"
#include "admin/state/state_store.h"

namespace budget::admin {

// What is stored of one budget, so that a write of it is one write.
struct BudgetDocument {
  bool defined = true;  // false: the file's, to which these policies are added
  std::string owner;
  std::string description;
  std::string timezone;                // "": as the configuration's default
  std::vector<json::object> policies;  // with the configuration's keys, name among them

  [[nodiscard]] json::object to_json() const;
  // In the configuration's keys, for check_budget().
  [[nodiscard]] json::object definition(std::string_view name) const;
  // nullptr: it has no policy of that name.
  [[nodiscard]] json::object* policy(std::string_view name);
};

[[nodiscard]] std::string etag_of(const json::object& item);

// Thread-safe. Reading looks at memory only; the others block on the store, and
// return once what they changed is in force in this process.
class RuntimePolicies {
 public:
  static constexpr std::string_view budgets = "budgets";
  static constexpr std::string_view overrides = "overrides";

  // `store` and `clock` must outlive this. `changed` merges again and puts the
  // result in force; it may be empty. `on_error` is for the thread that ends
  // overrides. The error is a sentence.
  [[nodiscard]] static std::expected<std::unique_ptr<RuntimePolicies>, std::string> open(
      StateStore& store, const policy::Clock& clock, std::function<void()> changed,
      Background::OnError on_error);

  [[nodiscard]] std::shared_ptr<const MergedPolicies> merge(policy::PolicyConfig file,
                                                            policy::PolicyContext context,
                                                            policy::Time now) const;
  // Newest first, ended ones among them.
  [[nodiscard]] std::vector<PolicyOverride> overrides_of(std::string_view policy_id) const;

  // Changes what is stored of a budget, nullopt being nothing; called again
  // where another was quicker. A failure that it returns leaves all as it was.
  using Change = std::function<std::optional<Failure>(std::optional<BudgetDocument>& document)>;
  std::optional<Failure> edit(const std::string& budget, const Change& change);
  std::optional<Failure> add(const PolicyOverride& added);
  // How many there were.
  std::expected<std::size_t, Failure> remove_overrides(std::string_view policy_id);
  // Reads all again, and puts it in force where anything has changed. While the
  // store cannot be asked, what was read before stays.
  void refresh();
  // Afterwards no override ends by itself any more. Idempotent.
  void close() { ends_.reset(); }

 private:
  struct Contents {
    std::vector<StateItem> budget_items, override_items;  // as read, to tell a change by
    std::map<std::string, BudgetDocument> documents;
    std::vector<PolicyOverride> all_overrides;  // newest first
  };

  RuntimePolicies(StateStore& store, const policy::Clock& clock, std::function<void()> changed)
      : store_(store), clock_(clock), changed_(std::move(changed)) {}
  [[nodiscard]] std::shared_ptr<const Contents> read() const;  // null: the store is away
  [[nodiscard]] std::shared_ptr<const Contents> contents() const;
  // When, after `now`, an override ends first.
  [[nodiscard]] std::optional<policy::Time> next_end(policy::Time now) const;
  // Puts the end of an override in force; how long until there may be another.
  std::chrono::milliseconds end_due();
  void tell_changed();

  StateStore& store_;
  const policy::Clock& clock_;
  std::function<void()> changed_;
  std::mutex refresh_mutex_;  // held until what was read is in force
  policy::Time told_at_;      // under refresh_mutex_
  mutable std::mutex mutex_;  // held only to copy or replace the pointer
  std::shared_ptr<const Contents> contents_ = std::make_shared<const Contents>();
  std::unique_ptr<Background> ends_;  // the last member: its thread uses the others
};

}  // namespace budget::admin
