#include "proxy/program_views.h"

#include <utility>

#include "proxy/metric.h"
#include "proxy/version.h"

namespace budget {
namespace {

std::string url_of(const ProviderConfig& config) {
  if (config.simulated) return "";
  return (config.https ? "https://" : "http://") + config.host + ":" + std::to_string(config.port) +
         config.base_path;
}

pricing::ListFormat list_format(PriceSourceConfig::Format format) {
  switch (format) {
    case PriceSourceConfig::Format::budget:
      return pricing::ListFormat::budget;
    case PriceSourceConfig::Format::litellm:
      return pricing::ListFormat::litellm;
    case PriceSourceConfig::Format::models_dev:
      return pricing::ListFormat::models_dev;
  }
  return pricing::ListFormat::budget;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// Where other components reach the API: components of one machine, where the
// listener says no more.
std::string endpoint_of(const Config& config) {
  if (!config.hermes->endpoint.empty()) return without_slash(config.hermes->endpoint);
  for (const ListenConfig& listen : config.listen) {
    if (!listen.admin) continue;
    const bool any = listen.address == "0.0.0.0" || listen.address == "::";
    std::string host = any || is_loopback(listen.address) ? "localhost" : listen.address;
    if (host.contains(':')) host.insert(0, "[").append("]");
    return (listen.tls ? "https://" : "http://") + host + ":" + std::to_string(listen.port);
  }
  return "";
}

std::optional<admin::HermesView> hermes_of(const Config& config) {
  if (!config.hermes) return std::nullopt;
  return admin::HermesView{without_slash(config.hermes->url), config.hermes->component_id,
                           endpoint_of(config), config.hermes->heartbeat};
}

std::int64_t value(const pipeline::Metrics::Counter& counter) {
  return counter.load(std::memory_order_relaxed);
}

admin::MetricFamily calls(const pipeline::Metrics& metrics) {
  admin::MetricFamily family{
      "budget_calls_total", "Metered calls by what was decided about them", "counter", {}};
  for (std::size_t i = 0; i < metrics.calls_by_verdict.size(); ++i) {
    const auto verdict = policy::name_of(static_cast<policy::Verdict>(i));
    family.samples.push_back({family.name, "decision=\"" + std::string(verdict) + "\"",
                              value(metrics.calls_by_verdict[i])});
  }
  return family;
}

admin::MetricFamily tokens(const pipeline::Metrics& metrics) {
  admin::MetricFamily family{
      "budget_tokens_total", "Tokens of ended calls, each in one kind", "counter", {}};
  const auto put = [&family](std::string_view kind, const pipeline::Metrics::Counter& counter) {
    family.samples.push_back({family.name, "kind=\"" + std::string(kind) + "\"", value(counter)});
  };
  put("input", metrics.tokens_input);
  put("cache_read", metrics.tokens_cached);
  put("output", metrics.tokens_output);
  put("reasoning", metrics.tokens_reasoning);
  return family;
}

admin::MetricFamily cost(const pipeline::Metrics& metrics) {
  admin::MetricFamily family{
      "budget_cost_usd_total", "What ended calls cost, in US dollars", "counter", {}};
  family.samples.push_back({family.name, "", value(metrics.cost_nano), 9});
  return family;
}

}  // namespace

std::shared_ptr<const admin::View> view_of(const pipeline::Snapshot& snapshot,
                                           std::string config_error, bool draining,
                                           std::size_t workers,
                                           std::shared_ptr<const admin::MergedPolicies> merged,
                                           std::string policies_error) {
  auto view = std::make_shared<admin::View>();
  view->policies = snapshot.policies;
  view->merged = std::move(merged);
  view->policies_error = std::move(policies_error);
  view->catalog = snapshot.catalog;
  view->price_rules = snapshot.config.prices;
  view->price_tolerance_ppm = snapshot.config.price_tolerance_ppm;
  for (const PriceSourceConfig& source : snapshot.config.price_sources) {
    view->price_sources.push_back({source.name, list_format(source.format), source.url, source.file,
                                   source.refresh, source.trust_ppm});
  }
  for (const pipeline::Provider& provider : snapshot.providers) {
    view->providers.push_back({provider.config.name,
                               std::string(wire::name_of(provider.config.format)),
                               url_of(provider.config), provider.priced, provider.traffic});
  }
  if (const auto& assistant = snapshot.config.assistant) {
    view->assistant =
        admin::AssistantView{assistant->provider, assistant->model, assistant->component};
  }
  view->hermes = hermes_of(snapshot.config);
  view->config_file = snapshot.config.file;
  view->config_error = std::move(config_error);
  view->draining = draining;
  view->metrics = snapshot.config.telemetry.metrics;
  view->version = version;
  view->workers = static_cast<int>(workers);
  return view;
}

std::shared_ptr<const admin::AlertChannels> alert_channels_of(const Config& config) {
  auto channels = std::make_shared<admin::AlertChannels>();
  channels->thresholds_ppm = config.alerts.thresholds_ppm;
  for (const WebhookConfig& webhook : config.alerts.webhooks) {
    channels->webhooks.push_back(
        {webhook.url, webhook.secret, webhook.format == WebhookConfig::Format::slack});
  }
  if (const auto& email = config.alerts.email) {
    using Frequency = admin::EmailChannel::Frequency;
    const Frequency frequency = email->frequency == EmailConfig::Frequency::daily ? Frequency::daily
                                : email->frequency == EmailConfig::Frequency::weekly
                                    ? Frequency::weekly
                                    : Frequency::immediate;
    channels->email = admin::EmailChannel{email->smtp, email->from, email->to, frequency};
  }
  return channels;
}

std::vector<admin::MetricFamily> metric_families(const pipeline::Metrics& metrics) {
  return {
      calls(metrics),
      cost(metrics),
      tokens(metrics),
      single_metric("budget_upstream_errors_total", "Calls that their provider failed or broke off",
                    "counter", value(metrics.upstream_errors)),
      single_metric("budget_client_aborts_total", "Calls whose client hung up", "counter",
                    value(metrics.client_aborts)),
      single_metric("budget_streams_cut_total", "Streams ended because a budget was reached",
                    "counter", value(metrics.streams_cut)),
      single_metric("budget_overrun_total", "Calls billed above what was held for them", "counter",
                    value(metrics.overruns)),
      single_metric("budget_input_counts_compared_total",
                    "Calls whose input was counted here and told by the provider", "counter",
                    value(metrics.counts_compared)),
      single_metric("budget_input_counts_drifted_total", "Of those, counts that were far apart",
                    "counter", value(metrics.counts_drifted)),
      single_metric("budget_settle_failures_total",
                    "Settlements that the ledger did not take at once", "counter",
                    value(metrics.settle_failures)),
      single_metric("budget_shadow_denials_total", "What shadow policies would have refused",
                    "counter", value(metrics.shadow_denials)),
      single_metric("budget_fail_open_total", "Calls let through while the store was away",
                    "counter", value(metrics.fail_open)),
      single_metric("budget_client_connections", "Client connections open now", "gauge",
                    value(metrics.connections)),
      single_metric("budget_client_connections_total", "Client connections accepted", "counter",
                    value(metrics.connections_total)),
  };
}

}  // namespace budget
