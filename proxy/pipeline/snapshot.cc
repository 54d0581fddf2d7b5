#include "proxy/pipeline/snapshot.h"

#include <algorithm>
#include <utility>

#include "proxy/net/tls_contexts.h"

namespace budget::pipeline {
namespace {

std::string host_header_of(const ProviderConfig& config) {
  const bool ipv6 = config.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + config.host + "]" : config.host;
  const bool usual_port = config.port == (config.https ? 443 : 80);
  return usual_port ? host : host + ":" + std::to_string(config.port);
}

std::expected<Provider, std::string> make_provider(const ProviderConfig& config,
                                                   const pricing::Catalog& catalog) {
  Provider provider;
  provider.config = config;
  const std::string url = (config.https ? "https://" : "http://") + config.host;
  provider.priced = {config.name,
                     config.simulated ? "simulated" : catalog.provider_id(config.name, url),
                     config.free};
  provider.dialect =
      &wire::dialect_of(config.dialect.empty() ? config.name : config.dialect, config.host);
  provider.host_header = host_header_of(config);
  if (config.https && !config.simulated) {
    auto tls = net::client_tls_context(config.tls_ca);
    if (!tls) return std::unexpected("provider '" + config.name + "': " + tls.error());
    provider.tls = std::move(*tls);
  }
  return provider;
}

}  // namespace

std::optional<std::size_t> Snapshot::provider_named(std::string_view name) const {
  for (std::size_t i = 0; i < providers.size(); ++i) {
    if (providers[i].config.name == name) return i;
  }
  return std::nullopt;
}

std::expected<std::shared_ptr<const Snapshot>, std::string> make_snapshot(
    Config config, std::shared_ptr<const pricing::Catalog> catalog, const Snapshot* previous) {
  auto snapshot = std::make_shared<Snapshot>();
  auto policies = policy::PolicySet::compile(config.policies);
  if (!policies) return std::unexpected(policies.error());
  snapshot->policies = std::move(*policies);
  for (const ProviderConfig& provider : config.providers) {
    auto made = make_provider(provider, *catalog);
    if (!made) return std::unexpected(made.error());
    const auto before = previous ? previous->provider_named(provider.name) : std::nullopt;
    made->traffic =
        before ? previous->providers[*before].traffic : std::make_shared<admin::ProviderTraffic>();
    snapshot->providers.push_back(std::move(*made));
  }
  snapshot->require_key = keys_required(config);
  snapshot->catalog = std::move(catalog);
  snapshot->config = std::move(config);
  return snapshot;
}

std::expected<std::shared_ptr<const Snapshot>, std::string> with_policies(
    const Snapshot& snapshot, policy::PolicyConfig policies) {
  auto compiled = policy::PolicySet::compile(std::move(policies));
  if (!compiled) return std::unexpected(compiled.error());
  auto next = std::make_shared<Snapshot>(snapshot);
  next->policies = std::move(*compiled);
  return next;
}

std::shared_ptr<const Snapshot> with_catalog(const Snapshot& snapshot,
                                             std::shared_ptr<const pricing::Catalog> catalog) {
  auto next = std::make_shared<Snapshot>(snapshot);
  next->catalog = std::move(catalog);
  return next;
}

}  // namespace budget::pipeline
