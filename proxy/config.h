// The whole configuration, read, checked and defaulted.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/config.h"
#include "policy/policy.h"
#include "policy/problem_list.h"
#include "pricing/catalog.h"
#include "proxy/log_module.h"
#include "proxy/simulated/simulator.h"
#include "proxy/wire/registry.h"

namespace budget {

struct TlsServerConfig {
  bool self_signed = false;
  std::string certificate;  // PEM files
  std::string key;
  std::string client_ca;  // "" or a PEM file: clients must show a certificate
};

struct ListenConfig {
  std::string address = "127.0.0.1";  // IPv4, IPv6 (no brackets) or a host name
  std::uint16_t port = 8013;
  bool llm = true;
  bool admin = true;
  std::optional<TlsServerConfig> tls;  // nullopt: plain HTTP
};

struct LimitsConfig {
  std::size_t request_body = std::size_t{32} << 20;
  std::size_t request_header = std::size_t{64} << 10;
  std::size_t response_header = std::size_t{64} << 10;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds idle_timeout{120'000};
  std::size_t connections = 10'000;
};

struct StoreConfig {
  enum class Kind : std::uint8_t { embedded, redis };
  Kind kind = Kind::embedded;
  std::string path = "data";
  std::string url = "redis://127.0.0.1:6379/0";  // may hold a password: never log it
  std::vector<std::string> sentinel;             // HOST:PORT each; then url's host is not used
  std::string sentinel_master = "mymaster";      // the name that the sentinels know it by
  std::string sentinel_password;                 // of the sentinels themselves; "": they ask none
  std::vector<std::string> cluster;              // HOST:PORT each, some of the cluster's nodes
  std::string tls_ca;                            // rediss: "": the system's
  bool tls_verify = true;
  std::string tls_server_name;  // "": the host
  std::string name_space = "budget";
  policy::OnStoreFailure on_failure = policy::OnStoreFailure::deny;
  std::chrono::hours usage_retention{24 * 90};
  std::chrono::milliseconds journal_sync{100};
};

struct IdentityConfig {
  enum class RequireKey : std::uint8_t { automatic, always, never };
  RequireKey require_key = RequireKey::automatic;
  bool headers = true;
  std::string default_component = "unknown";
};

struct ProviderConfig {
  std::string name;
  wire::ProviderFormat format = wire::ProviderFormat::openai;
  bool simulated = false;
  simulated::Steering steering;  // simulated only
  // Split from `url`.
  bool https = true;
  std::string host;
  std::uint16_t port = 443;
  std::string base_path;  // "" or "/openai": put before every forwarded path

  std::string key;                    // the provider's secret; "" : the caller's own is passed on
  std::string key_header;             // "" : the format's own
  std::string dialect;                // "" : by name or host
  std::optional<bool> ask_for_usage;  // overrides the dialect
  bool free = false;                  // price: free
  bool pass_unmetered = false;

  struct Sigv4 {  // bedrock with access keys instead of a bearer key
    std::string access_key, secret_key, session_token, region;
  };
  std::optional<Sigv4> sigv4;

  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{120'000};
  std::chrono::milliseconds idle_timeout{120'000};
  std::size_t pool_max = 256;
  std::string tls_ca;  // "" : the system's
  bool tls_verify = true;
  std::string tls_server_name;                               // "" : host
  std::vector<std::pair<std::string, std::string>> headers;  // added to every request
};

struct AdminKeyConfig {
  std::string name;
  std::string role;  // viewer | operator | admin
  std::string key;   // never empty
};

struct WebhookConfig {
  enum class Format : std::uint8_t { json, slack };
  std::string url;     // http or https; may hold a token (Slack): never log it
  std::string secret;  // "": not signed
  Format format = Format::json;
};

struct EmailConfig {
  enum class Frequency : std::uint8_t { immediate, daily, weekly };
  std::string smtp;  // smtp:// or smtps://, may hold a password: never log it
  std::string from;
  std::vector<std::string> to;
  Frequency frequency = Frequency::immediate;
};

struct AlertsConfig {
  std::vector<std::int64_t> thresholds_ppm{500'000, 800'000, 950'000, 1'000'000};
  std::vector<WebhookConfig> webhooks;
  std::optional<EmailConfig> email;
};

// Where prices come from besides the shipped catalog.
struct PriceSourceConfig {
  enum class Format : std::uint8_t { budget, litellm, models_dev };
  std::string name;
  Format format = Format::budget;
  std::string url;   // either this
  std::string file;  // or this
  std::chrono::milliseconds refresh{std::chrono::hours(24)};
  std::int64_t trust_ppm = 500'000;
};

struct AssistantConfig {
  std::string provider;  // a configured one
  std::string model;
  std::string component = "budget";  // what its calls are counted as
};

struct HermesConfig {
  std::string url;
  std::string component_id = "budget";
  std::string endpoint;  // where the others reach this proxy; "": the first listener of admin
  std::chrono::milliseconds heartbeat{60'000};
};

struct LogConfig {
  std::string level = "info";  // trace | debug | info | warn | error
  // By LogModule; "": as `level`.
  std::array<std::string, log_module_names.size()> levels;
  bool json = true;
  std::string file;  // "": standard error
};

struct OtlpConfig {
  std::string url;                                           // "": no traces
  std::int64_t sample_ppm = 1'000'000;                       // of calls whose caller does not say
  std::vector<std::pair<std::string, std::string>> headers;  // secrets, as a rule: never log them
};

struct TelemetryConfig {
  LogConfig log;
  OtlpConfig otlp;
  bool metrics = true;
};

struct Config {
  std::string file;  // where it was read from
  std::vector<ListenConfig> listen;
  std::size_t workers = 0;  // 0: one a core
  std::chrono::milliseconds shutdown_timeout{30'000};
  LimitsConfig limits;
  StoreConfig store;
  bool error_amounts = true;  // errors.detail: full
  IdentityConfig identity;
  std::vector<ProviderConfig> providers;
  policy::PolicyConfig policies;
  pricing::PriceRules prices;
  std::vector<PriceSourceConfig> price_sources;
  std::int64_t price_tolerance_ppm = 10'000;  // sources that differ by less agree
  AlertsConfig alerts;
  std::vector<AdminKeyConfig> admin_keys;
  std::optional<AssistantConfig> assistant;
  std::optional<HermesConfig> hermes;
  TelemetryConfig telemetry;
  // What is allowed and yet worth a second look.
  policy::ProblemList warnings;
};

// What policies may refer to in `config`, and what they inherit from it.
[[nodiscard]] policy::PolicyContext policy_context(const Config& config);

// Whether callers must show a proxy key: always, or automatically because a
// listener for LLM calls can be reached from other machines.
[[nodiscard]] bool keys_required(const Config& config);
// Whether only this machine can reach `address`.
[[nodiscard]] bool is_loopback(std::string_view address);

// Looks an environment variable up; nullopt when unset.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
// Reads a file that the configuration names (key_file); the error is a sentence.
using FileReader = std::function<std::expected<std::string, std::string>(const std::string& path)>;

// Reads `text` as the configuration file `file`. Collects every problem, not
// only the first, in the order of the file. BUDGET_HOST
// replaces the first listener's address, BUDGET_PORT, else PENIA_PORT, its
// port, and HERMES_URL hermes.url. No problem or warning holds a secret.
// Pure but for `environment`, `files` and the system's time zones.
[[nodiscard]] std::expected<Config, policy::ProblemList> parse_config(
    std::string_view text, const std::string& file, const Environment& environment,
    const FileReader& files);

// The same for a file on disk and the process's environment.
[[nodiscard]] std::expected<Config, policy::ProblemList> load_config(const std::string& file);

// One screen: what would be enforced. For `budget check`.
[[nodiscard]] std::string summarize(const Config& config);

}  // namespace budget
