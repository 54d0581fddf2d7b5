// The admin API's implementation, as main.cc makes it.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/alerts/alert.h"
#include "admin/api.h"
#include "admin/events.h"
#include "admin/http_client.h"
#include "admin/keys.h"
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
  EventSink* events = nullptr;  // must outlive the service; null: nobody watches
  AlertSink* alerts = nullptr;  // must outlive the service; null: nobody is told
  HttpClient* http = nullptr;   // must outlive the service; null: nobody is reached
  // Prices have changed: new calls are to be priced by this catalog, those
  // under way by theirs. Called on any thread, one at a time, perhaps before
  // make_service() returns.
  std::function<void(std::shared_ptr<const pricing::Catalog>)> use_catalog;
};

// Owns the threads that may block (the usage store, files). Thread-safe.
class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual Api& api() = 0;
  [[nodiscard]] virtual const KeyDirectory& keys() const = 0;
  // The configuration that the view tells of is another.
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
