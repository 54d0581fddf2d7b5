// The configuration as calls use it: immutable, shared, replaced whole.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/provider_traffic.h"
#include "policy/engine.h"
#include "pricing/catalog.h"
#include "proxy/config.h"
#include "proxy/wire/dialect.h"

namespace budget::pipeline {

struct Provider {
  ProviderConfig config;
  pricing::PricedProvider priced;
  const wire::Dialect* dialect = nullptr;
  std::string host_header;  // "api.openai.com", with the port where it is not the scheme's own
  std::shared_ptr<boost::asio::ssl::context> tls;   // null for plain HTTP
  std::shared_ptr<admin::ProviderTraffic> traffic;  // never null
};

// Thread-safe: all const. A call keeps the snapshot it began with.
struct Snapshot {
  Config config;
  std::shared_ptr<const policy::PolicySet> policies;
  std::shared_ptr<const pricing::Catalog> catalog;
  std::vector<Provider> providers;
  bool require_key = false;

  // Index into providers; nullopt when no provider has that name.
  [[nodiscard]] std::optional<std::size_t> provider_named(std::string_view name) const;
};

// The error is a sentence for the operator: a CA file that cannot be read, a
// policy that does not compile. What `previous` has counted of a provider that
// stays under its name is counted on.
[[nodiscard]] std::expected<std::shared_ptr<const Snapshot>, std::string> make_snapshot(
    Config config, std::shared_ptr<const pricing::Catalog> catalog,
    const Snapshot* previous = nullptr);

// `snapshot` with other policies than its configuration's own: those of the API
// too. The providers are the same objects. The error names what does not compile.
[[nodiscard]] std::expected<std::shared_ptr<const Snapshot>, std::string> with_policies(
    const Snapshot& snapshot, policy::PolicyConfig policies);
// `snapshot` with other prices. The providers are the same objects.
[[nodiscard]] std::shared_ptr<const Snapshot> with_catalog(
    const Snapshot& snapshot, std::shared_ptr<const pricing::Catalog> catalog);

}  // namespace budget::pipeline
