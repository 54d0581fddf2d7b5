// Alerts, the assistant, Hermes and telemetry.
#include <fmt/format.h>

#include <algorithm>

#include "policy/yaml/nearest.h"
#include "proxy/config_read.h"

namespace budget {
namespace {

using policy::Section;
using std::chrono::milliseconds;

void read_webhooks(const Section& alerts, Config& config) {
  using Format = WebhookConfig::Format;
  constexpr std::pair<std::string_view, Format> formats[] = {{"json", Format::json},
                                                             {"slack", Format::slack}};
  for (const Section& section : alerts.sections("webhooks")) {
    WebhookConfig webhook;
    if (auto url = read_web_url(section, "url")) webhook.url = *std::move(url);
    if (!section.has("url")) {
      section.reader().problem(section.place(),
                               "'url' is missing; write where alerts are posted to");
    }
    section.secret("secret", "secret_file", webhook.secret, false);
    section.choice("format", webhook.format, formats);
    config.alerts.webhooks.push_back(std::move(webhook));
  }
}

void check_mail_address(const Section& section, std::string_view text, policy::Place place) {
  const std::size_t at = text.find('@');
  const bool fits = at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
                    text.find_first_of(" <>,\r\n") == std::string_view::npos;
  if (fits) return;
  section.reader().problem(place, fmt::format("expected a mail address such as ops@example.com, "
                                              "found {}",
                                              policy::shown(text)));
}

void read_email(const Section& alerts, Config& config) {
  if (!alerts.has("email")) return;
  using Frequency = EmailConfig::Frequency;
  constexpr std::pair<std::string_view, Frequency> frequencies[] = {
      {"immediate", Frequency::immediate},
      {"daily", Frequency::daily},
      {"weekly", Frequency::weekly}};
  const Section section = alerts.section("email");
  EmailConfig email;
  if (section.required("smtp", email.smtp, "write the mail server such as smtp://mail:587")) {
    const auto url = parse_url(email.smtp);
    if (!url || (url->scheme != "smtp" && url->scheme != "smtps")) {
      section.problem("smtp",
                      "not the address of a mail server; write smtp://HOST:PORT or "
                      "smtps://HOST:PORT (it is not shown, it may hold a password)");
    }
  }
  if (section.required("from", email.from, "write the sender's address")) {
    check_mail_address(section, email.from, section.place("from"));
  }
  if (!section.has("to")) {
    section.reader().problem(section.place(), "'to' is missing; write the receivers' addresses");
  }
  for (auto& [text, place] : section.placed_texts("to")) {
    check_mail_address(section, text, place);
    email.to.push_back(std::move(text));
  }
  section.choice("frequency", email.frequency, frequencies);
  config.alerts.email = std::move(email);
}

void read_assistant(const Section& root, Config& config) {
  if (!root.has("assistant")) return;
  const Section section = root.section("assistant");
  AssistantConfig assistant;
  if (section.required("provider", assistant.provider, "name a configured provider")) {
    const std::vector<std::string> names = provider_names(config);
    if (std::ranges::find(names, assistant.provider) == names.end()) {
      section.problem("provider",
                      fmt::format("there is no provider {}{}", policy::shown(assistant.provider),
                                  policy::hint_for(assistant.provider, names)));
    }
  }
  section.required("model", assistant.model, "name the model that answers");
  section.text("component", assistant.component);
  config.assistant = std::move(assistant);
}

void read_hermes(const Section& root, Config& config) {
  if (!root.has("hermes")) return;
  const Section section = root.section("hermes");
  HermesConfig hermes;
  if (auto url = read_web_url(section, "url")) hermes.url = *std::move(url);
  const auto named = section.reader().variable("HERMES_URL");
  if (named && !named->empty()) {
    const auto url = parse_url(*named);
    if (url && (url->scheme == "https" || url->scheme == "http")) {
      hermes.url = *named;
    } else {
      section.reader().problem(section.place(),
                               "the environment variable HERMES_URL has to be an address such as "
                               "http://localhost:8001/api; correct it, or unset it");
    }
  } else if (!section.has("url")) {
    section.reader().problem(section.place(),
                             "'url' is missing; write Hermes's address such as "
                             "http://localhost:8001/api");
  }
  section.text("component_id", hermes.component_id);
  if (auto endpoint = read_web_url(section, "endpoint")) hermes.endpoint = *std::move(endpoint);
  section.duration("heartbeat", hermes.heartbeat, milliseconds(1'000), milliseconds(3'600'000));
  config.hermes = std::move(hermes);
}

void read_log(const Section& section, LogConfig& log) {
  constexpr std::pair<std::string_view, std::string_view> levels[] = {{"trace", "trace"},
                                                                      {"debug", "debug"},
                                                                      {"info", "info"},
                                                                      {"warn", "warn"},
                                                                      {"error", "error"}};
  constexpr std::pair<std::string_view, bool> formats[] = {{"json", true}, {"text", false}};
  std::string_view level;
  if (section.choice("level", level, levels)) log.level = level;
  const Section modules = section.section("levels");
  for (std::size_t i = 0; i < log_module_names.size(); ++i) {
    if (modules.choice(log_module_names[i], level, levels)) log.levels[i] = level;
  }
  section.choice("format", log.json, formats);
  section.text("file", log.file);
}

void read_otlp(const Section& section, OtlpConfig& otlp) {
  if (auto url = read_web_url(section, "url")) otlp.url = *std::move(url);
  section.share("sample", otlp.sample_ppm, 1'000'000);
  read_headers(section, otlp.headers);
}

void read_telemetry(const Section& root, Config& config) {
  const Section section = root.section("telemetry");
  read_log(section.section("log"), config.telemetry.log);
  read_otlp(section.section("otlp"), config.telemetry.otlp);
  section.flag("metrics", config.telemetry.metrics);
}

}  // namespace

std::optional<std::string> read_web_url(const Section& section, std::string_view name) {
  std::string text;
  if (!section.text(name, text)) return std::nullopt;
  const auto url = parse_url(text);
  if (url && (url->scheme == "https" || url->scheme == "http")) return text;
  section.problem(name, fmt::format("not an address: {}; write it like https://example.com/path",
                                    url ? "the scheme has to be https or http" : url.error()));
  return std::nullopt;
}

void read_services(const Section& root, Config& config) {
  const Section alerts = root.section("alerts");
  alerts.shares("thresholds", config.alerts.thresholds_ppm);
  read_webhooks(alerts, config);
  read_email(alerts, config);
  read_assistant(root, config);
  read_hermes(root, config);
  read_telemetry(root, config);
}

}  // namespace budget
