// The admin API's implementation, as main.cc makes it.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/alerts/channels.h"
#include "admin/allocation_directory.h"
#include "admin/api.h"
#include "admin/background.h"
#include "admin/call_watcher.h"
#include "admin/http_client.h"
#include "admin/keys.h"
#include "admin/mailer.h"
#include "admin/state/state_store.h"
#include "admin/view.h"
#include "policy/clock.h"
#include "policy/ledger/ledger.h"
#include "policy/ledger/usage_store.h"

namespace budget::admin {

struct AdminKey {
  std::string name;
  std::string role;  // viewer | operator | admin
  std::string key;   // hashed at once, not kept
};

// Seam: the counters that the ledger holds something on, those of past periods
// among them or not. Which values a policy has counted apart is known from
// nothing else. Thread-safe; may block.
using CounterSource = std::function<std::vector<policy::CounterRef>()>;

struct ServiceOptions {
  const policy::Clock& clock;
  ledger::Ledger& ledger;
  ledger::UsageStore& usage;
  ViewSource view;
  MetricSource metrics;
  CounterSource counters;            // empty: summaries show no policy that counts apart
  std::string folder;                // admin.key and admin.db live here; exists
  std::vector<AdminKey> admin_keys;  // empty: one is generated into FOLDER/admin.key
  // What is made at run time; must outlive the service. Null: FOLDER/admin.db,
  // for one process.
  StateStore* state = nullptr;
  HttpClient* http = nullptr;  // must outlive the service; null: no other server is asked
  Mailer* mailer = nullptr;    // the same; null: no mail is sent
  // Empty: alerts are kept and told live, by the usual thresholds.
  AlertChannelSource alert_channels;
  // What the API made has changed, here or on another replica, or an override
  // has ended: merge_policies() anew and put the result in force before this
  // returns. Called on threads that may block, one at a time, perhaps before
  // make_service() returns.
  std::function<void()> policies_changed;
  // Work that goes on without a request has thrown, which is a defect, and is
  // tried again in a minute. Any thread.
  Background::OnError background_failed = [](const std::string&) {};
  // The registration with Hermes is in another state; `why` it is away. Called
  // on a thread that may block.
  std::function<void(std::string_view state, std::string_view why)> hermes_changed;
  // Where this machine reaches the proxy's own listener for models, such as
  // "http://127.0.0.1:8013"; "" while there is none. Any thread.
  std::function<std::string()> own_url;
  // Prices have changed: calls from now on are to be priced by this catalog,
  // those under way by theirs. Called on threads that may block, one at a time,
  // and before make_service() returns where prices are stored.
  std::function<void(std::shared_ptr<const pricing::Catalog>)> use_catalog;
};

// Owns the threads that may block (the usage store, files). Thread-safe.
class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual Api& api() = 0;
  // What is to be told of calls; until close().
  [[nodiscard]] virtual CallWatcher& calls() = 0;
  [[nodiscard]] virtual const KeyDirectory& keys() const = 0;
  [[nodiscard]] virtual const AllocationDirectory& allocations() const = 0;
  // The file's budgets and policies with the API's, as of now. Any thread; does
  // not block.
  [[nodiscard]] virtual std::shared_ptr<const MergedPolicies> merge_policies(
      policy::PolicyConfig file, policy::PolicyContext context) const = 0;
  // Begins what goes on without a request. The view has to be there.
  virtual void start() = 0;
  // The configuration that the view tells of is another, or it began to drain.
  virtual void config_changed() = 0;
  // Where the generated admin key is; "" when keys are configured.
  [[nodiscard]] virtual std::string generated_key_file() const = 0;
  // Ends the threads, once what they have begun is done. Afterwards no request
  // may be handled. To be called while the io_contexts that handle() ran on
  // still exist; the destructor does the same. Idempotent.
  virtual void close() = 0;
};

// The error is a sentence that names the file.
[[nodiscard]] std::expected<std::unique_ptr<Service>, std::string> make_service(
    ServiceOptions options);

}  // namespace budget::admin
