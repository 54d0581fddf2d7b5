// The configurations that ship are right, and do what they say.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/config/fixture.h"

namespace budget {
namespace {

std::string shipped(const std::string& name) {
  std::ifstream file(std::string(BUDGET_SOURCE_DIR) + "/configs/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ShippedConfig : public testing::TestWithParam<const char*> {};

TEST_P(ShippedConfig, IsReadWithoutAWarningAndWithoutASecretSet) {
  const Config config = parsed(shipped(GetParam()));
  for (const auto& warning : config.warnings) {
    EXPECT_TRUE(warning.message.contains("has no value and is left out")) << warning.to_string();
  }
  EXPECT_FALSE(config.policies.budgets.empty());
  const std::string summary = summarize(config);
  EXPECT_LE(std::ranges::count(summary, '\n'), 60) << summary;
}

INSTANTIATE_TEST_SUITE_P(Files, ShippedConfig,
                         testing::Values("budget.yaml", "demo.yaml", "tekton.yaml", "redis.yaml"),
                         [](const auto& info) {
                           const std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(ShippedConfigs, DemoIsOfflineAndRefusesTheLimitedComponent) {
  const Config demo = parsed(shipped("demo.yaml"));
  ASSERT_EQ(demo.providers.size(), 1U);
  EXPECT_TRUE(demo.providers[0].simulated);
  EXPECT_EQ(demo.listen.at(0).address, "127.0.0.1");
  EXPECT_EQ(demo.listen.at(0).port, 8013);
  EXPECT_TRUE(demo.listen.at(0).tls->self_signed);
  EXPECT_EQ(demo.store.path, "data/demo");
  EXPECT_EQ(demo.store.kind, StoreConfig::Kind::embedded);
  const policy::Policy& tiny = demo.policies.budgets.at(1).policies.at(0);
  EXPECT_EQ(tiny.match.component.at(0), "demo-limited");
  EXPECT_EQ(tiny.type, policy::PolicyType::hard_limit);
  // One input token alone costs more than the limit: pico-USD and nano-USD.
  const pricing::Rates& rates = demo.prices.overrides.at(0).rates;
  EXPECT_GT(*rates.input / 1000, tiny.limits.cost->value());
}

TEST(ShippedConfigs, TektonHasEveryTierAndComponent) {
  const Config tekton = parsed(shipped("tekton.yaml"));
  ASSERT_EQ(tekton.policies.tiers.size(), 3U);
  std::vector<std::string> components;
  for (const policy::Budget& budget : tekton.policies.budgets) {
    for (const policy::Policy& policy : budget.policies) {
      components.insert(components.end(), policy.match.component.begin(),
                        policy.match.component.end());
    }
  }
  for (const char* component :
       {"apollo", "rhetor", "engram", "hermes", "ergon", "athena", "prometheus", "harmonia",
        "telos", "synthesis", "tekton_core", "metis", "sophia", "terma", "hephaestus", "budget",
        "numa", "noesis", "codex"}) {
    EXPECT_TRUE(std::ranges::find(components, component) != components.end()) << component;
  }
}

// Compares what the reference file says is the default with what the
// structures start with.
TEST(ShippedConfigs, TheReferenceStatesTheDefaults) {
  const Config stated = parsed(shipped("budget.yaml"));
  const Config fresh = parsed("");
  const ListenConfig& listen = stated.listen.at(0);
  EXPECT_EQ(listen.address, fresh.listen[0].address);
  EXPECT_EQ(listen.port, fresh.listen[0].port);
  EXPECT_EQ(listen.llm, fresh.listen[0].llm);
  EXPECT_EQ(listen.admin, fresh.listen[0].admin);
  EXPECT_EQ(listen.tls.has_value(), fresh.listen[0].tls.has_value());
  EXPECT_EQ(stated.workers, fresh.workers);
  EXPECT_EQ(stated.shutdown_timeout, fresh.shutdown_timeout);
  EXPECT_EQ(stated.limits.request_body, fresh.limits.request_body);
  EXPECT_EQ(stated.limits.request_header, fresh.limits.request_header);
  EXPECT_EQ(stated.limits.response_header, fresh.limits.response_header);
  EXPECT_EQ(stated.limits.header_timeout, fresh.limits.header_timeout);
  EXPECT_EQ(stated.limits.body_timeout, fresh.limits.body_timeout);
  EXPECT_EQ(stated.limits.idle_timeout, fresh.limits.idle_timeout);
  EXPECT_EQ(stated.limits.connections, fresh.limits.connections);
  EXPECT_EQ(stated.store.kind, fresh.store.kind);
  EXPECT_EQ(stated.store.path, fresh.store.path);
  EXPECT_EQ(stated.store.url, fresh.store.url);
  EXPECT_EQ(stated.store.sentinel, fresh.store.sentinel);
  EXPECT_EQ(stated.store.sentinel_master, fresh.store.sentinel_master);
  EXPECT_EQ(stated.store.sentinel_password, fresh.store.sentinel_password);
  EXPECT_EQ(stated.store.cluster, fresh.store.cluster);
  EXPECT_EQ(stated.store.tls_ca, fresh.store.tls_ca);
  EXPECT_EQ(stated.store.tls_verify, fresh.store.tls_verify);
  EXPECT_EQ(stated.store.tls_server_name, fresh.store.tls_server_name);
  EXPECT_EQ(stated.store.name_space, fresh.store.name_space);
  EXPECT_EQ(stated.store.on_failure, fresh.store.on_failure);
  EXPECT_EQ(stated.store.usage_retention, fresh.store.usage_retention);
  EXPECT_EQ(stated.store.journal_sync, fresh.store.journal_sync);
  EXPECT_EQ(stated.error_amounts, fresh.error_amounts);
  EXPECT_EQ(stated.identity.require_key, fresh.identity.require_key);
  EXPECT_EQ(stated.identity.headers, fresh.identity.headers);
  EXPECT_EQ(stated.identity.default_component, fresh.identity.default_component);
  EXPECT_EQ(stated.prices.unknown_model, fresh.prices.unknown_model);
  EXPECT_EQ(stated.price_tolerance_ppm, fresh.price_tolerance_ppm);
  EXPECT_EQ(stated.alerts.thresholds_ppm, fresh.alerts.thresholds_ppm);
  EXPECT_EQ(stated.telemetry.log.level, fresh.telemetry.log.level);
  EXPECT_EQ(stated.telemetry.log.json, fresh.telemetry.log.json);
  EXPECT_EQ(stated.telemetry.log.file, fresh.telemetry.log.file);
  EXPECT_EQ(stated.telemetry.otlp.url, fresh.telemetry.otlp.url);
  EXPECT_EQ(stated.telemetry.otlp.sample_ppm, fresh.telemetry.otlp.sample_ppm);
  EXPECT_EQ(stated.telemetry.metrics, fresh.telemetry.metrics);
}

TEST(ShippedConfigs, TheReferenceStatesAProvidersAndAPolicysDefaults) {
  const Config stated = parsed(shipped("budget.yaml"));
  const ProviderConfig& provider = stated.providers.at(0);
  const ProviderConfig fresh;
  EXPECT_EQ(provider.free, fresh.free);
  EXPECT_EQ(provider.pass_unmetered, fresh.pass_unmetered);
  EXPECT_EQ(provider.connect_timeout, fresh.connect_timeout);
  EXPECT_EQ(provider.first_byte_timeout, fresh.first_byte_timeout);
  EXPECT_EQ(provider.idle_timeout, fresh.idle_timeout);
  EXPECT_EQ(provider.pool_max, fresh.pool_max);
  EXPECT_EQ(provider.tls_ca, fresh.tls_ca);
  EXPECT_EQ(provider.tls_verify, fresh.tls_verify);
  EXPECT_EQ(provider.tls_server_name, fresh.tls_server_name);
  EXPECT_EQ(provider.headers, fresh.headers);
  const policy::Policy& policy = stated.policies.budgets.at(0).policies.at(0);
  const policy::Policy plain;
  EXPECT_EQ(policy.type, plain.type);
  EXPECT_EQ(policy.period.kind, plain.period.kind);
  EXPECT_EQ(policy.period.reset_day, plain.period.reset_day);
  EXPECT_EQ(policy.per, plain.per);
  EXPECT_EQ(policy.warning_threshold_ppm, plain.warning_threshold_ppm);
  EXPECT_EQ(policy.action_threshold_ppm, plain.action_threshold_ppm);
  EXPECT_TRUE(policy.when_exceeded.empty());
  EXPECT_EQ(policy.clamp_min, plain.clamp_min);
  EXPECT_EQ(policy.reserve, plain.reserve);
  EXPECT_EQ(policy.stream_overrun, plain.stream_overrun);
  EXPECT_EQ(policy.on_client_abort, plain.on_client_abort);
  EXPECT_EQ(policy.shadow, plain.shadow);
  EXPECT_EQ(policy.deny_status, plain.deny_status);
  EXPECT_EQ(policy.enabled, plain.enabled);
}

}  // namespace
}  // namespace budget
