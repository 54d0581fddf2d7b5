// The admin API's implementation, as main.cc makes it.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "admin/api.h"
#include "admin/keys.h"
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

struct ServiceOptions {
  const policy::Clock& clock;
  ledger::Ledger& ledger;
  ledger::UsageStore& usage;
  ViewSource view;
  MetricSource metrics;
  std::string folder;  // keys and admin.key live here; exists
  std::vector<AdminKey> admin_keys;  // empty: one is generated into FOLDER/admin.key
};

// Owns the threads that may block (the usage store, files). Thread-safe.
class Service {
 public:
  virtual ~Service() = default;
  [[nodiscard]] virtual Api& api() = 0;
  [[nodiscard]] virtual const KeyDirectory& keys() const = 0;
  // Where the generated admin key is; "" when keys are configured.
  [[nodiscard]] virtual std::string generated_key_file() const = 0;
};

// The error is a sentence that names the file.
[[nodiscard]] std::expected<std::unique_ptr<Service>, std::string> make_service(
    ServiceOptions options);

}  // namespace budget::admin
