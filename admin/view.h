// What the admin side may see of the running proxy.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/merged_policies.h"
#include "admin/price_feed/price_source.h"
#include "admin/provider_traffic.h"
#include "policy/engine.h"
#include "pricing/catalog.h"

namespace budget::admin {

// The model that the assistant asks, through the proxy itself.
struct AssistantView {
  std::string provider;  // a configured one
  std::string model;
  std::string component;  // what its calls are counted as
};

struct ProviderView {
  std::string name;
  std::string format;
  std::string url;  // without credentials; "" for the simulated provider
  pricing::PricedProvider priced;
  std::shared_ptr<const ProviderTraffic> traffic;  // null: none is counted
};

// Tekton's Hermes, and as whom the proxy registers there.
struct HermesView {
  std::string url;  // without a slash at its end
  std::string component_id;
  std::string endpoint;  // where the others reach this proxy, without a slash at its end
  std::chrono::milliseconds heartbeat{60'000};

  friend bool operator==(const HermesView&, const HermesView&) = default;
};

// A snapshot of the running configuration. Holds no secret.
struct View {
  std::shared_ptr<const policy::PolicySet> policies;  // in force
  std::shared_ptr<const MergedPolicies> merged;       // what they were made of
  std::string policies_error;  // why the latest change of them is not in force; "" when it is
  std::shared_ptr<const pricing::Catalog> catalog;
  pricing::PriceRules price_rules;
  std::vector<PriceSource> price_sources;
  std::int64_t price_tolerance_ppm = 0;  // sources that differ by less agree
  std::vector<ProviderView> providers;
  std::optional<HermesView> hermes;
  std::optional<AssistantView> assistant;
  std::string config_file;
  // Why the last reload was refused; "" when the running configuration is the
  // file's.
  std::string config_error;
  bool draining = false;
  bool metrics = true;  // whether /metrics answers
  std::string version;  // of the program
  int workers = 0;
};

// Given by the composition root; thread-safe.
using ViewSource = std::function<std::shared_ptr<const View>()>;

// One figure of the proxy's own, for /metrics.
struct Sample {
  std::string name;    // its family's; of a histogram with _bucket, _sum or _count
  std::string labels;  // `decision="allow"`, or ""
  std::int64_t value = 0;
  int decimals = 0;  // of value, which is a decimal number without its point: 15 with 1 is 1.5
};
struct MetricFamily {
  std::string name;
  std::string help;
  std::string type;  // "counter", "gauge" or "histogram"
  std::vector<Sample> samples;
};
using MetricSource = std::function<std::vector<MetricFamily>()>;

}  // namespace budget::admin
