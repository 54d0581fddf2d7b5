// The key table of everything but budgets and tiers.
#include <iterator>
#include <string>

#include "policy/config.h"
#include "proxy/config_read.h"

namespace budget {
namespace {

using policy::ConfigKey;
using enum policy::ConfigKey::Kind;
using Keys = std::vector<ConfigKey>;

Keys listen_keys() {
  return {
      {"listen", list, "",
       "Where the proxy listens; one listener on 127.0.0.1:8013 when not "
       "stated."},
      {"listen[].address", text, "127.0.0.1:8013",
       "Required. `HOST:PORT`, `[IPv6]:PORT`, or "
       "`:PORT` for every address. Of the first listener, the environment's BUDGET_HOST replaces "
       "the address, and BUDGET_PORT, else PENIA_PORT, the port. Without a port: 8013."},
      {"listen[].serve", texts, "[llm, admin]",
       "What the listener serves: `llm` (calls to "
       "providers), `admin` (API and console)."},
      {"listen[].tls",
       mixed,
       "off",
       "`off`, `self_signed`, or a section with a certificate.",
       {"off", "self_signed"}},
      {"listen[].tls.certificate", text, "",
       "Required in the section. The certificate and its "
       "chain, a PEM file."},
      {"listen[].tls.key", text, "", "Required in the section. The private key, a PEM file."},
      {"listen[].tls.client_ca", text, "",
       "A PEM file: clients must show a certificate that one "
       "of these signed."},
      {"workers", integer, "0", "Threads that serve calls; 0: one a core."},
      {"shutdown_timeout", duration, "30s",
       "How long calls in flight may take to end at "
       "shutdown."},
      {"limits", section, "", "Bounds of what one client may send."},
      {"limits.request_body", size, "32MiB", "The largest request body; a larger one gets 413."},
      {"limits.request_header", size, "64KiB", "The largest request head; a larger one gets 431."},
      {"limits.response_header", size, "64KiB", "The largest head of a provider's answer."},
      {"limits.header_timeout", duration, "10s", "How long a client may take to send a head."},
      {"limits.body_timeout", duration, "60s", "How long a client may take to send a body."},
      {"limits.idle_timeout", duration, "120s", "How long a kept-alive connection may be idle."},
      {"limits.connections", integer, "10000", "Client connections at one time."},
  };
}

Keys store_keys() {
  return {
      {"store", section, "", "Where counters and usage are kept."},
      {"store.kind",
       choice,
       "embedded",
       "embedded: one process, files in `path`. redis: several "
       "replicas on one Redis.",
       {"embedded", "redis"}},
      {"store.path", text, "data",
       "A folder: journal and SQLite (embedded), the journal for a "
       "store that is away (redis), and the generated admin key."},
      {"store.url", text, "redis://127.0.0.1:6379/0",
       "redis: `redis://USER:PASSWORD@HOST:PORT/DB`, "
       "`rediss://…` for TLS, `unix:///PATH`. Never shown."},
      {"store.sentinel", texts, "[]",
       "redis: `HOST:PORT` of the sentinels; the host in `url` is "
       "then not used, its user, password and database are."},
      {"store.sentinel_master", text, "mymaster",
       "redis: the name that the sentinels know the "
       "master by."},
      {"store.sentinel_password", text, "",
       "redis: what the sentinels themselves ask for, where they do. Never shown."},
      {"store.cluster", texts, "[]",
       "redis: `HOST:PORT` of some of the cluster's nodes; as "
       "`sentinel`."},
      {"store.tls", section, "", "redis: with `rediss://`."},
      {"store.tls.ca", text, "",
       "A PEM file with the authorities to trust; the system's when not "
       "stated."},
      {"store.tls.verify", flag, "true", "Whether the certificate is checked."},
      {"store.tls.server_name", text, "",
       "The name that the certificate has to be for; the host "
       "when not stated."},
      {"store.namespace", text, "budget", "redis: all keys begin with it and share one slot."},
      {"store.on_failure",
       choice,
       "deny",
       "What a hard limit does while the store cannot be "
       "asked; a policy may say otherwise.",
       {"deny", "allow"}},
      {"store.usage_retention", duration, "90d", "How long usage records are kept; whole hours."},
      {"store.journal_sync", duration, "100ms",
       "How often the journal is forced to disk. A "
       "killed process loses nothing in any case; a machine that loses power may lose this "
       "much."},
      {"errors", section, "", "What refusals tell."},
      {"errors.detail", choice, "full", "Whether refusals name amounts.", {"full", "minimal"}},
      {"identity", section, "", "Who is calling."},
      {"identity.require_key",
       choice,
       "auto",
       "Whether callers must show a proxy key. auto: "
       "unless every llm listener is loopback; `true` and `false` mean always and never.",
       {"auto", "always", "never", "true", "false"}},
      {"identity.headers", flag, "true", "Whether X-Budget-* identity headers are honoured."},
      {"identity.default_component", text, "unknown", "The component of a caller that says none."},
  };
}

Keys provider_keys() {
  return {
      {"providers", named, "",
       "Where calls are forwarded to. The name is the first segment of the "
       "path; it may not be `api`, `ws`, `ui`, `health`, `ready`, `metrics` or begin with `@`."},
      {"providers.*", section, "", "One provider."},
      {"providers.*.format",
       choice,
       "",
       "Required. The wire format; `openai` for everything "
       "compatible with it.",
       {"openai", "anthropic", "gemini", "bedrock", "cohere", "ollama", "simulated"}},
      {"providers.*.url", text, "",
       "Required, except for simulated. The provider's origin, and "
       "what stands before every path: `https://api.groq.com/openai`."},
      {"providers.*.key", secret, "",
       "The provider's key. Without one, or while the variable in "
       "it is not set, the caller's own key is passed on."},
      {"providers.*.key_file", text, "",
       "A file with the key; one line end at its end is "
       "dropped."},
      {"providers.*.key_header", text, "",
       "The header that carries the key; the format's own "
       "when not stated."},
      {"providers.*.dialect", text, "",
       "How the endpoint differs from its format: `azure`, "
       "`xai`, `mistral`, …; by name or host when not stated."},
      {"providers.*.ask_for_usage", flag, "",
       "Whether to ask for usage on streams; by dialect "
       "when not stated."},
      {"providers.*.price",
       choice,
       "catalog",
       "free: its calls cost nothing.",
       {"catalog", "free"}},
      {"providers.*.unmetered",
       choice,
       "deny",
       "Paths that cannot be metered: refuse them, or "
       "pass them and record them as unpriced.",
       {"deny", "pass"}},
      {"providers.*.timeout", section, "", "How long the provider may take."},
      {"providers.*.timeout.connect", duration, "5s",
       "Until the connection stands, TLS "
       "included."},
      {"providers.*.timeout.first_byte", duration, "120s",
       "From the request's last byte to the "
       "answer's first."},
      {"providers.*.timeout.idle", duration, "120s", "Between two pieces of an answer."},
      {"providers.*.pool", section, "", "Connections kept open to it."},
      {"providers.*.pool.max", integer, "256",
       "The most idle ones, on each worker; calls are not limited by it."},
      {"providers.*.tls", section, "", "How its certificate is checked."},
      {"providers.*.tls.ca", text, "",
       "A PEM file with the authorities to trust; the system's "
       "when not stated."},
      {"providers.*.tls.verify", flag, "true", "Whether the certificate is checked."},
      {"providers.*.tls.server_name", text, "",
       "The name that the certificate has to be for; the "
       "host when not stated."},
      {"providers.*.headers", named, "{}", "Headers added to every request to it."},
      {"providers.*.headers.*", secret, "", "The header's value. Never shown."},
      {"providers.*.sigv4", section, "", "bedrock only: sign with access keys instead of `key`."},
      {"providers.*.sigv4.access_key", secret, "", "Required in the section."},
      {"providers.*.sigv4.secret_key", secret, "", "Required in the section."},
      {"providers.*.sigv4.session_token", secret, "", "Of temporary keys."},
      {"providers.*.sigv4.region", text, "", "The region; from the url when not stated."},
  };
}

Keys steering_keys() {
  return {
      {"providers.*.simulated", section, "",
       "simulated only: how it answers. The X-Simulate-* "
       "headers of a call win."},
      {"providers.*.simulated.output_tokens", integer, "",
       "Tokens of an answer; by the request "
       "when not stated."},
      {"providers.*.simulated.cached_tokens", integer, "0", "Input tokens said to be cached."},
      {"providers.*.simulated.reasoning_tokens", integer, "0",
       "Output tokens said to be "
       "reasoning."},
      {"providers.*.simulated.latency", duration, "0s", "Before the first byte."},
      {"providers.*.simulated.gap", duration, "0s", "Between events."},
      {"providers.*.simulated.chunk_bytes", integer, "0", "Bytes a write; 0: one event a write."},
      {"providers.*.simulated.status", integer, "200", "Else the format's error body."},
      {"providers.*.simulated.break_after", integer, "",
       "Body bytes after which the connection "
       "drops."},
      {"providers.*.simulated.stall_after", integer, "", "Body bytes after which it is silent."},
      {"providers.*.simulated.usage",
       choice,
       "reported",
       "Whether answers report usage.",
       {"reported", "missing"}},
  };
}

Keys rate_keys(const std::string& price) {
  const auto key = [&](std::string_view name, std::string meaning) {
    return ConfigKey{price + "." + std::string(name), rate, "", std::move(meaning), {}};
  };
  return {
      key("input", "Per million input tokens."),
      key("output", "Per million output tokens."),
      key("cache_read", "Per million input tokens read from a cache; else as input."),
      key("cache_write", "The same as `cache_write_5m`."),
      key("cache_write_5m", "Per million tokens written to a cache for 5 minutes; else as input."),
      key("cache_write_1h", "Per million tokens written for an hour; else as `cache_write_5m`."),
      key("reasoning", "Per million reasoning tokens; else as output."),
      key("audio_input", "Per million audio tokens in; else as input."),
      key("audio_output", "Per million audio tokens out; else as output."),
      key("image_input", "Per million image tokens in; else as input."),
      key("image_output", "Per million image tokens out; else as output."),
      key("image", "Per image made."),
      key("audio_second", "Per second of audio."),
      key("character", "Per character spoken."),
      key("search_unit", "Per search unit (rerank)."),
      key("request", "Per request."),
  };
}

ConfigKey level_key(std::string_view module, std::string meaning) {
  return {"telemetry.log.levels." + std::string(module),
          choice,
          "",
          std::move(meaning),
          {"trace", "debug", "info", "warn", "error"}};
}

Keys service_keys() {
  return {
      {"alerts", section, "", "Who is told."},
      {"alerts.thresholds", shares, "[0.5, 0.8, 0.95, 1]",
       "Shares of a limit at which an alert is "
       "raised, rising."},
      {"alerts.webhooks", list, "[]", "Where alerts are posted to."},
      {"alerts.webhooks[].url", text, "", "Required."},
      {"alerts.webhooks[].secret", secret, "", "Signs what is posted."},
      {"alerts.webhooks[].secret_file", text, "", "A file with the secret."},
      {"alerts.webhooks[].format", choice, "json", "What is posted.", {"json", "slack"}},
      {"alerts.email", section, "", "Alerts by mail."},
      {"alerts.email.smtp", text, "",
       "Required. `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`. "
       "Never shown."},
      {"alerts.email.from", text, "", "Required. The sender."},
      {"alerts.email.to", texts, "", "Required. The receivers."},
      {"alerts.email.frequency",
       choice,
       "immediate",
       "One mail an alert, or a digest.",
       {"immediate", "daily", "weekly"}},
      {"admin", section, "", "Access to the admin API and the console."},
      {"admin.keys", list, "[]",
       "Without any, one is made at the first start, in "
       "`PATH/admin.key`."},
      {"admin.keys[].name", text, "", "Required. Unique."},
      {"admin.keys[].role",
       choice,
       "",
       "Required. viewer reads; operator also writes budgets; "
       "admin may do everything.",
       {"viewer", "operator", "admin"}},
      {"admin.keys[].key", secret, "",
       "Required, or `key_file`. While the variable in it is not "
       "set, the key is left out."},
      {"admin.keys[].key_file", text, "", "A file with the key."},
      {"assistant", section, "",
       "The model behind the assistant; the built-in analysis when not "
       "stated."},
      {"assistant.provider", text, "", "Required. A configured provider."},
      {"assistant.model", text, "", "Required."},
      {"assistant.component", text, "budget", "The component that its calls are counted as."},
      {"hermes", section, "", "Registration with Tekton's Hermes; none when not stated."},
      {"hermes.url", text, "",
       "Required, unless the environment's HERMES_URL says it, which replaces it. Hermes's API."},
      {"hermes.component_id", text, "budget", "What this proxy registers as."},
      {"hermes.endpoint", text, "",
       "Where the others reach this proxy; when not stated, the first listener that serves admin, "
       "by the name localhost where its address is no other machine's."},
      {"hermes.heartbeat", duration, "60s", "How often it says that it is alive."},
      {"telemetry", section, "", "What operators see."},
      {"telemetry.log", section, "", "The log."},
      {"telemetry.log.level",
       choice,
       "info",
       "From which level on.",
       {"trace", "debug", "info", "warn", "error"}},
      {"telemetry.log.levels", section, "",
       "Another level for a part of the program; as `level` when not stated."},
      level_key("calls", "What became of each call."),
      level_key("config", "The configuration, and what of it is in force."),
      level_key("server", "The start, the end, and defects."),
      level_key("store", "The ledger and its store."),
      level_key("traces", "The export of traces."),
      level_key("upstream", "Providers; `debug` has a line for each of their answers."),
      {"telemetry.log.format",
       choice,
       "json",
       "One JSON line an event, or text.",
       {"json", "text"}},
      {"telemetry.log.file", text, "",
       "Where it goes; to standard error when not stated. SIGUSR1 opens the file anew."},
      {"telemetry.otlp", section, "", "Traces by OTLP over HTTP, in JSON."},
      {"telemetry.otlp.url", text, "",
       "The collector; no traces when not stated. `/v1/traces` is added where it is not there."},
      {"telemetry.otlp.sample", share, "1",
       "Of calls whose caller does not say by its traceparent, how many are traced."},
      {"telemetry.otlp.headers", named, "{}", "Headers of each export, such as a collector's key."},
      {"telemetry.otlp.headers.*", secret, "", "The header's value. Never shown."},
      {"telemetry.metrics", flag, "true",
       "Whether `/metrics` answers; with false it is a path that is not there."},
  };
}

void append(Keys& keys, Keys more) {
  keys.insert(keys.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<ConfigKey> config_keys() {
  Keys keys = listen_keys();
  append(keys, store_keys());
  append(keys, provider_keys());
  append(keys, steering_keys());
  append(keys, policy::policy_config_keys());
  append(keys, {
                   {"prices", section, "", "Prices on top of the shipped catalog."},
                   {"prices.overrides", named, "{}",
                    "Prices by `PROVIDER/MODEL`, globs allowed; the longest "
                    "pattern wins. A price given here replaces the catalog's whole."},
                   {"prices.overrides.*", section, "",
                    "One price. With a token rate, `input` and `output` have "
                    "to be stated."},
               });
  append(keys, rate_keys("prices.overrides.*"));
  append(keys, {
                   {"prices.adjust", named, "{}",
                    "Negotiated factors by `PROVIDER/MODEL`, globs allowed."},
                   {"prices.adjust.*", share, "",
                    "A factor above 0 and at most 100: 0.9 is ten percent off."},
                   {"prices.unknown_model",
                    mixed,
                    "deny",
                    "A model without a price: `deny` it, let it be "
                    "`free`, or a price to count it at.",
                    {"deny", "free"}},
               });
  append(keys, rate_keys("prices.unknown_model"));
  append(keys, {
                   {"prices.sources", list, "[]", "Where newer prices are fetched from."},
                   {"prices.sources[].name", text, "", "Required."},
                   {"prices.sources[].format",
                    choice,
                    "budget",
                    "How it is written.",
                    {"budget", "litellm", "models_dev"}},
                   {"prices.sources[].url", text, "", "Required, or `file`."},
                   {"prices.sources[].file", text, "", "Required, or `url`."},
                   {"prices.sources[].refresh", duration, "24h", "How often it is fetched."},
                   {"prices.sources[].trust", share, "0.5",
                    "Of sources that disagree, the most trusted wins."},
                   {"prices.tolerance", share, "0.01", "Prices that differ by less agree."},
               });
  append(keys, service_keys());
  return keys;
}

}  // namespace budget
