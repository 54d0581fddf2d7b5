// What is written is what is read.
#include "tests/config/fixture.h"

namespace budget {
namespace {

using policy::Action;
using policy::Partition;
using policy::Period;
using policy::PolicyType;
using pricing::Money;
using pricing::Tokens;
using std::chrono::milliseconds;

TEST(Configuration, HasADefaultForEverything) {
  const Config config = parsed("");
  ASSERT_EQ(config.listen.size(), 1U);
  EXPECT_EQ(config.listen[0].address, "127.0.0.1");
  EXPECT_EQ(config.listen[0].port, 8013);
  EXPECT_FALSE(config.listen[0].tls);
  EXPECT_EQ(config.limits.request_body, std::size_t{32} << 20);
  EXPECT_EQ(config.store.path, "data");
  EXPECT_TRUE(config.policies.budgets.empty());
  ASSERT_EQ(config.warnings.size(), 1U);
  EXPECT_TRUE(config.warnings[0].message.starts_with("no providers"));
}

TEST(Configuration, ReadsListeners) {
  const Words files = {{"c.pem", std::string(pem_certificate)}, {"k.pem", std::string(pem_key)}};
  const Config config = parsed(
      "listen:\n"
      "  - {address: \"[::1]:9000\", serve: llm, tls: self_signed}\n"
      "  - {address: \":9001\", serve: [admin], tls: {certificate: c.pem, key: k.pem, client_ca: "
      "c.pem}}\n"
      "  - {address: localhost, tls: off}\n",
      {}, files);
  ASSERT_EQ(config.listen.size(), 3U);
  EXPECT_EQ(config.listen[0].address, "::1");
  EXPECT_EQ(config.listen[0].port, 9000);
  EXPECT_TRUE(config.listen[0].llm);
  EXPECT_FALSE(config.listen[0].admin);
  EXPECT_TRUE(config.listen[0].tls->self_signed);
  EXPECT_EQ(config.listen[1].address, "0.0.0.0");
  EXPECT_FALSE(config.listen[1].llm);
  EXPECT_EQ(config.listen[1].tls->certificate, "c.pem");
  EXPECT_EQ(config.listen[1].tls->key, "k.pem");
  EXPECT_EQ(config.listen[1].tls->client_ca, "c.pem");
  EXPECT_EQ(config.listen[2].port, 8013);
  EXPECT_FALSE(config.listen[2].tls);
}

TEST(Configuration, LetsListenersTakeAnyFreePort) {
  const Config config =
      parsed("listen: [{address: \"127.0.0.1:0\"}, {address: \"127.0.0.1:0\"}]\n");
  ASSERT_EQ(config.listen.size(), 2U);
  EXPECT_EQ(config.listen[0].port, 0);
  EXPECT_EQ(config.listen[1].port, 0);
}

TEST(Configuration, TakesThePortFromTheEnvironment) {
  const std::string_view text = "listen:\n  - address: 127.0.0.1:1\n  - address: 127.0.0.1:2\n";
  EXPECT_EQ(parsed(text, {{"PENIA_PORT", "7000"}}).listen[0].port, 7000);
  EXPECT_EQ(parsed(text, {{"PENIA_PORT", "7000"}, {"BUDGET_PORT", "7001"}}).listen[0].port, 7001);
  EXPECT_EQ(parsed(text, {{"BUDGET_PORT", "7001"}}).listen[1].port, 2);
  EXPECT_EQ(parsed("", {{"BUDGET_PORT", "7001"}}).listen[0].port, 7001);
}

TEST(Configuration, TakesTheAddressFromTheEnvironment) {
  const std::string_view text = "listen:\n  - address: 127.0.0.1:1\n  - address: 127.0.0.1:2\n";
  const Config config = parsed(text, {{"BUDGET_HOST", "localhost"}});
  EXPECT_EQ(config.listen[0].address, "localhost");
  EXPECT_EQ(config.listen[0].port, 1);
  EXPECT_EQ(config.listen[1].address, "127.0.0.1");
  EXPECT_EQ(parsed("", {{"BUDGET_HOST", "[::1]"}}).listen[0].address, "::1");
  EXPECT_EQ(parsed(text, {{"BUDGET_HOST", ""}}).listen[0].address, "127.0.0.1");
  EXPECT_TRUE(keys_required(parsed(text, {{"BUDGET_HOST", "0.0.0.0"}})));
}

TEST(Configuration, TakesHermesFromTheEnvironmentWhereTheFileHasASection) {
  const Words environment = {{"HERMES_URL", "http://hermes:8001/api"}};
  EXPECT_EQ(parsed("hermes: {url: \"http://h\"}\n", environment).hermes->url,
            "http://hermes:8001/api");
  EXPECT_EQ(parsed("hermes: {component_id: b}\n", environment).hermes->url,
            "http://hermes:8001/api");
  EXPECT_FALSE(parsed("", environment).hermes);
}

TEST(Configuration, RequiresKeysUnlessEveryLlmListenerIsLoopback) {
  EXPECT_FALSE(keys_required(parsed("listen: [{address: 127.0.0.1:1}]\n")));
  EXPECT_TRUE(keys_required(parsed("listen: [{address: 127.0.0.1:1}, {address: 10.0.0.1:1}]\n")));
  EXPECT_FALSE(keys_required(
      parsed("listen: [{address: \"[::1]:1\"}, {address: 10.0.0.1:1, serve: admin}]\n")));
  EXPECT_TRUE(keys_required(parsed("identity: {require_key: always}\n")));
  EXPECT_FALSE(
      keys_required(parsed("listen: [{address: 10.0.0.1:1}]\nidentity: {require_key: never}\n")));
}

TEST(Configuration, WarnsOfWhatOtherMachinesReach) {
  const Config open = parsed(
      "listen:\n  - address: 0.0.0.0:1\nidentity: {require_key: never}\n"
      "providers: {simulated: {format: simulated}}\n");
  ASSERT_EQ(open.warnings.size(), 2U) << words_of(open.warnings);
  EXPECT_EQ(open.warnings[0].line, 2);
  EXPECT_TRUE(words_of(open.warnings).contains("without TLS"));
  EXPECT_TRUE(words_of(open.warnings).contains("anyone there can spend your budgets"));
}

TEST(Configuration, ReadsTheStore) {
  const Config config = parsed(
      "store:\n  kind: redis\n  url: rediss://u:p@h:6380/2\n  namespace: tekton\n"
      "  sentinel: [a:26379, \"[::1]:26379\"]\n  sentinel_master: m\n  sentinel_password: s3\n"
      "  tls: {verify: false, server_name: n}\n  on_failure: allow\n  usage_retention: 36h\n"
      "  journal_sync: 0s\n");
  EXPECT_EQ(config.store.kind, StoreConfig::Kind::redis);
  EXPECT_EQ(config.store.url, "rediss://u:p@h:6380/2");
  EXPECT_EQ(config.store.name_space, "tekton");
  EXPECT_EQ(config.store.sentinel.size(), 2U);
  EXPECT_EQ(config.store.sentinel_master, "m");
  EXPECT_EQ(config.store.sentinel_password, "s3");
  EXPECT_FALSE(config.store.tls_verify);
  EXPECT_EQ(config.store.tls_server_name, "n");
  EXPECT_EQ(config.store.on_failure, policy::OnStoreFailure::allow);
  EXPECT_EQ(config.store.usage_retention, std::chrono::hours(36));
  EXPECT_EQ(config.store.journal_sync, milliseconds(0));
}

TEST(Configuration, ReadsProviders) {
  const Config config = parsed(
      "providers:\n"
      "  azure: {format: openai, url: \"https://NAME.openai.azure.com/\", key: \"${K}\", "
      "key_header: "
      "api-key, dialect: azure, ask_for_usage: false}\n"
      "  bedrock: {format: bedrock, url: \"https://bedrock-runtime.eu-west-1.amazonaws.com\", "
      "sigv4: "
      "{access_key: a, secret_key: s}}\n"
      "  ollama: {format: ollama, url: \"http://127.0.0.1:11434/base/\", price: free, unmetered: "
      "pass, timeout: {connect: 1s, first_byte: 2s, idle: 3s}, pool: {max: 4}, headers: {X-Team: "
      "\"${K}\"}}\n"
      "  simulated: {format: simulated, simulated: {output_tokens: 7, latency: 20ms, status: 500, "
      "usage: missing, break_after: 9}}\n",
      {{"K", "secret"}});
  ASSERT_EQ(config.providers.size(), 4U);
  const ProviderConfig& azure = config.providers[0];
  EXPECT_EQ(azure.name, "azure");
  EXPECT_EQ(azure.host, "NAME.openai.azure.com");
  EXPECT_EQ(azure.port, 443);
  EXPECT_EQ(azure.base_path, "");
  EXPECT_EQ(azure.key, "secret");
  EXPECT_EQ(azure.key_header, "api-key");
  EXPECT_EQ(azure.dialect, "azure");
  EXPECT_EQ(azure.ask_for_usage, false);
  EXPECT_EQ(config.providers[1].sigv4->region, "eu-west-1");
  const ProviderConfig& ollama = config.providers[2];
  EXPECT_FALSE(ollama.https);
  EXPECT_EQ(ollama.port, 11434);
  EXPECT_EQ(ollama.base_path, "/base");
  EXPECT_TRUE(ollama.free);
  EXPECT_TRUE(ollama.pass_unmetered);
  EXPECT_EQ(ollama.idle_timeout, milliseconds(3000));
  EXPECT_EQ(ollama.pool_max, 4U);
  ASSERT_EQ(ollama.headers.size(), 1U);
  EXPECT_EQ(ollama.headers[0].second, "secret");
  const ProviderConfig& simulated = config.providers[3];
  EXPECT_TRUE(simulated.simulated);
  EXPECT_EQ(simulated.format, wire::ProviderFormat::any);
  EXPECT_EQ(simulated.steering.output_tokens, 7);
  EXPECT_EQ(simulated.steering.latency, milliseconds(20));
  EXPECT_EQ(simulated.steering.status, 500);
  EXPECT_EQ(simulated.steering.break_after, 9U);
  EXPECT_TRUE(simulated.steering.usage_missing);
}

TEST(Configuration, ReadsAPolicyKeyByKey) {
  const Config config = parsed(
      "store: {on_failure: allow}\n"
      "providers: {openai: {format: openai, url: \"https://h\"}}\n"
      "tiers: {big: [\"gpt-4*\"], rest: \"*\"}\n"
      "budgets:\n"
      "- name: b\n  owner: o\n  description: d\n  timezone: America/New_York\n  policies:\n"
      "  - name: p\n    type: soft_limit\n    period: weekly\n    reset_day: friday\n"
      "    match: {provider: open*, model: [a, b], component: c, tier: big, task_type: t, user: u, "
      "key: k, operation: chat, tags: {team: [x, y]}}\n"
      "    per: [component, \"tag:team\"]\n"
      "    cost_limit: 5.00\n    token_limit: 1\n    input_token_limit: 2\n"
      "    output_token_limit: 3\n    request_limit: 4\n    concurrent_limit: 5\n"
      "    warning_threshold: 0.5\n    action_threshold: 0.95\n"
      "    when_exceeded: [clamp, {downgrade: m}, {queue: 5s}]\n    clamp_min_tokens: 6\n"
      "    reserve: incremental\n    stream_overrun: finish\n    on_client_abort: drain\n"
      "    shadow: true\n    deny_status: 402\n    priority_bypass: 8\n    enabled: false\n"
      "  - {name: q, period: {rolling: 5h}, cost_limit: 0, on_store_failure: deny}\n"
      "  - {name: r, period: monthly, reset_day: last, request_limit: 1}\n");
  const policy::Budget& budget = config.policies.budgets.at(0);
  EXPECT_EQ(budget.timezone, "America/New_York");
  const policy::Policy& p = budget.policies.at(0);
  EXPECT_EQ(p.id, "b/p");
  EXPECT_EQ(p.type, PolicyType::soft_limit);
  EXPECT_EQ(p.period.kind, Period::Kind::weekly);
  EXPECT_EQ(p.period.reset_weekday, std::chrono::Friday);
  EXPECT_EQ(p.match.model, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(p.match.tags.at(0).second, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(p.match.operation.at(0), "chat");
  EXPECT_EQ(p.per.at(0), (Partition{Partition::Kind::component, ""}));
  EXPECT_EQ(p.per.at(1), (Partition{Partition::Kind::tag, "team"}));
  EXPECT_EQ(p.limits,
            (policy::Limits{Money(5'000'000'000), Tokens(1), Tokens(2), Tokens(3), 4, 5}));
  EXPECT_EQ(p.warning_threshold_ppm, 500'000);
  EXPECT_EQ(p.action_threshold_ppm, 950'000);
  ASSERT_EQ(p.when_exceeded.size(), 3U);
  EXPECT_EQ(p.when_exceeded[1].kind, Action::Kind::downgrade);
  EXPECT_EQ(p.when_exceeded[2].wait, milliseconds(5000));
  EXPECT_EQ(p.clamp_min, Tokens(6));
  EXPECT_EQ(p.reserve, policy::Reserve::incremental);
  EXPECT_EQ(p.stream_overrun, policy::StreamOverrun::finish);
  EXPECT_EQ(p.on_client_abort, policy::OnClientAbort::drain);
  EXPECT_EQ(p.on_store_failure, policy::OnStoreFailure::allow) << "inherited from the store";
  EXPECT_TRUE(p.shadow);
  EXPECT_EQ(p.deny_status, 402);
  EXPECT_EQ(p.priority_bypass, 8);
  EXPECT_FALSE(p.enabled);
  const policy::Policy& q = budget.policies.at(1);
  EXPECT_EQ(q.type, PolicyType::hard_limit);
  EXPECT_EQ(q.period.rolling, std::chrono::hours(5));
  EXPECT_EQ(q.limits.cost, Money(0));
  EXPECT_EQ(q.on_store_failure, policy::OnStoreFailure::deny);
  EXPECT_EQ(budget.policies.at(2).period.reset_day, 0);
  EXPECT_EQ(config.policies.tiers.at(1).models.at(0), "*");
}

TEST(Configuration, ReadsPrices) {
  const Config config = parsed(
      "providers: {openai: {format: openai, url: \"https://h\"}}\n"
      "prices:\n"
      "  overrides:\n"
      "    \"openai/gpt-4o\": {input: 2.50, output: 10.00, cache_read: 1.25, cache_write: 3, "
      "request: 0.01}\n"
      "  adjust: {\"openai/*\": 0.9}\n"
      "  unknown_model: {input: 1, output: 2}\n"
      "  sources: [{name: s, format: litellm, url: \"https://h/p.json\", refresh: 1h, trust: "
      "0.9}]\n"
      "  tolerance: 0.05\n");
  const pricing::Rates& rates = config.prices.overrides.at(0).rates;
  EXPECT_EQ(config.prices.overrides.at(0).pattern, "openai/gpt-4o");
  EXPECT_EQ(rates.input, 2'500'000);
  EXPECT_EQ(rates.output, 10'000'000);
  EXPECT_EQ(rates.cache_write_5m, 3'000'000);
  EXPECT_EQ(rates.request, 10'000'000'000);
  EXPECT_EQ(config.prices.adjustments.at(0).factor_ppm, 900'000);
  EXPECT_EQ(config.prices.unknown_model, pricing::PriceRules::Unknown::price);
  EXPECT_EQ(config.prices.unknown_rates.output, 2'000'000);
  EXPECT_EQ(config.price_sources.at(0).format, PriceSourceConfig::Format::litellm);
  EXPECT_EQ(config.price_sources.at(0).trust_ppm, 900'000);
  EXPECT_EQ(config.price_tolerance_ppm, 50'000);
}

TEST(Configuration, ReadsTheServices) {
  const Config config = parsed(
      "providers: {simulated: {format: simulated}}\n"
      "alerts:\n"
      "  thresholds: [0.25, 1.0]\n"
      "  webhooks: [{url: \"https://h/x\", secret: s, format: slack}]\n"
      "  email: {smtp: \"smtps://u:p@mail:465\", from: a@b, to: c@d, frequency: weekly}\n"
      "admin: {keys: [{name: root, role: operator, key: 0123456789abcdef}]}\n"
      "assistant: {provider: simulated, model: m}\n"
      "hermes: {url: \"http://localhost:8001/api\", heartbeat: 5s}\n"
      "telemetry: {log: {level: debug, levels: {upstream: error}, format: text, file: b.log},\n"
      "            otlp: {url: \"http://o:4318\", sample: 0.25, headers: {x-key: s}},\n"
      "            metrics: false}\n");
  EXPECT_EQ(config.alerts.thresholds_ppm, (std::vector<std::int64_t>{250'000, 1'000'000}));
  EXPECT_EQ(config.alerts.webhooks.at(0).format, WebhookConfig::Format::slack);
  EXPECT_EQ(config.alerts.email->frequency, EmailConfig::Frequency::weekly);
  EXPECT_EQ(config.admin_keys.at(0).role, "operator");
  EXPECT_EQ(config.assistant->component, "budget");
  EXPECT_EQ(config.hermes->heartbeat, milliseconds(5000));
  EXPECT_EQ(config.telemetry.log.level, "debug");
  EXPECT_FALSE(config.telemetry.log.json);
  for (std::size_t i = 0; i < log_module_names.size(); ++i) {
    const bool upstream = log_module_names[i] == "upstream";
    EXPECT_EQ(config.telemetry.log.levels[i], upstream ? "error" : "") << log_module_names[i];
  }
  EXPECT_EQ(config.telemetry.log.file, "b.log");
  EXPECT_EQ(config.telemetry.otlp.url, "http://o:4318");
  EXPECT_EQ(config.telemetry.otlp.sample_ppm, 250'000);
  EXPECT_EQ(config.telemetry.otlp.headers.at(0).second, "s");
  EXPECT_FALSE(config.telemetry.metrics);
  EXPECT_TRUE(config.warnings.empty()) << words_of(config.warnings);
}

TEST(Configuration, LeavesOutAKeyWhoseVariableIsUnset) {
  const Config config = parsed(
      "providers: {openai: {format: openai, url: \"https://h\", key: \"${OPENAI_API_KEY}\"}}\n"
      "admin: {keys: [{name: root, role: admin, key: \"${BUDGET_ADMIN_KEY}\"}]}\n");
  EXPECT_EQ(config.providers.at(0).key, "") << "callers' own keys are passed on";
  EXPECT_TRUE(config.admin_keys.empty()) << "an empty admin key would let everyone in";
  EXPECT_TRUE(words_of(config.warnings).contains("the admin key 'root' has no value"));
}

TEST(Configuration, ReadsAKeyFromAFileWithoutItsLineEnd) {
  const std::string_view text =
      "providers: {openai: {format: openai, url: \"https://h\", key_file: k}}\n";
  EXPECT_EQ(parsed(text, {}, {{"k", "secret\n"}}).providers[0].key, "secret");
  EXPECT_EQ(parsed(text, {}, {{"k", "secret\r\n"}}).providers[0].key, "secret");
  EXPECT_EQ(parsed(text, {}, {{"k", "secret"}}).providers[0].key, "secret");
  EXPECT_FALSE(parse(text, {}, {{"k", "\n"}})) << "an empty file is no key";
  EXPECT_FALSE(parse(text, {}, {{"k", "two\nlines\n"}})) << "it could split a header";
}

TEST(Configuration, NeverReadsAVariableAsYaml) {
  const Config config = parsed(
      "providers: {simulated: {format: simulated}}\n"
      "identity: {default_component: \"${C}\"}\n",
      {{"C", "x}\nstore: {path: /}\n#${HOME}"}});
  EXPECT_EQ(config.identity.default_component, "x}\nstore: {path: /}\n#${HOME}");
  EXPECT_EQ(config.store.path, "data");
}

}  // namespace
}  // namespace budget
