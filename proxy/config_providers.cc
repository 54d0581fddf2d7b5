// The providers that calls are forwarded to.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "policy/config.h"
#include "policy/yaml/nearest.h"
#include "proxy/config_read.h"
#include "proxy/wire/dialect.h"

namespace budget {
namespace {

using policy::Place;
using policy::Section;
using policy::YamlMember;
using std::chrono::milliseconds;
using wire::ProviderFormat;

constexpr milliseconds hour{3'600'000};
constexpr std::int64_t no_most = std::numeric_limits<std::int64_t>::max();

// First segments of the proxy's own paths.
constexpr std::array<std::string_view, 6> own_paths = {"api",    "ws",    "ui",
                                                       "health", "ready", "metrics"};

// Headers that frame a message or name its target; the proxy writes them.
constexpr std::array<std::string_view, 7> framing_headers = {
    "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade"};

// The URL that most people want, for the hint.
std::string_view usual_url(ProviderFormat format) {
  switch (format) {
    case ProviderFormat::openai:
      return "https://api.openai.com";
    case ProviderFormat::anthropic:
      return "https://api.anthropic.com";
    case ProviderFormat::gemini:
      return "https://generativelanguage.googleapis.com";
    case ProviderFormat::bedrock:
      return "https://bedrock-runtime.us-east-1.amazonaws.com";
    case ProviderFormat::cohere:
      return "https://api.cohere.com";
    case ProviderFormat::ollama:
      return "http://127.0.0.1:11434";
    case ProviderFormat::any:
      return "";
  }
  return "";
}

void check_name(const YamlMember& member, policy::ConfigReader& reader) {
  if (std::ranges::find(own_paths, member.key) != own_paths.end()) {
    reader.problem(member.place, fmt::format("a provider cannot be called '{}', which is a path of "
                                             "the proxy itself; call it '{}-provider'",
                                             member.key, member.key));
  } else if (member.key.starts_with('@')) {
    reader.problem(member.place,
                   "a provider's name cannot begin with '@', which begins a caller's name in "
                   "paths; remove it");
  } else if (!policy::is_config_name(member.key)) {
    reader.problem(member.place,
                   fmt::format("a provider's name is made of letters, digits, '.', '_' and '-', "
                               "for it stands in paths; write '{}'",
                               policy::config_name_for(member.key)));
  }
}

void read_format(const Section& section, ProviderConfig& provider) {
  if (!section.has("format")) {
    section.reader().problem(
        section.place(),
        "'format' is missing; write openai for everything that is compatible "
        "with it, else anthropic, gemini, bedrock, cohere, ollama or simulated");
    return;
  }
  const auto word = section.word("format");
  if (!word) return;
  const auto format = wire::provider_format_named(*word);
  if (!format) {
    section.not_allowed("format", *word);
    return;
  }
  provider.format = *format;
  provider.simulated = *format == ProviderFormat::any;
}

void read_url(const Section& section, ProviderConfig& provider) {
  std::string text;
  if (provider.simulated) {
    if (section.has("url")) {
      section.problem("url", "the simulated provider is built in and has no url; remove it");
    }
    return;
  }
  if (!section.required(
          "url", text,
          fmt::format("write the provider's address such as {}", usual_url(provider.format)))) {
    return;
  }
  const auto url = parse_url(text);
  const auto report = [&](std::string_view what) {
    section.problem("url", fmt::format("not an address of a provider: {}; write it like {}", what,
                                       usual_url(provider.format)));
  };
  if (!url) return report(url.error());
  if (url->scheme != "https" && url->scheme != "http") {
    return report("the scheme has to be https or http");
  }
  if (!url->userinfo.empty()) return report("no user and password are allowed here, use 'key'");
  if (url->query) return report("no '?' or '#' is allowed here");
  if (url->path.contains("/../") || url->path.ends_with("/..") || url->path.contains("//")) {
    return report("no '..' and no empty segments are allowed in its path");
  }
  provider.https = url->scheme == "https";
  provider.host = url->host;
  provider.port = url->port.value_or(provider.https ? 443 : 80);
  provider.base_path = url->path;
  while (provider.base_path.ends_with('/')) provider.base_path.pop_back();
}

bool is_header_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(
      value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

}  // namespace

void read_headers(const Section& section,
                  std::vector<std::pair<std::string, std::string>>& headers) {
  policy::ConfigReader& reader = section.reader();
  for (const YamlMember& member : section.named("headers")) {
    std::string lower = member.key;
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!is_header_name(member.key)) {
      reader.problem(member.place, "not the name of an HTTP header; write one such as x-team");
      continue;
    }
    if (std::ranges::find(framing_headers, lower) != framing_headers.end()) {
      reader.problem(member.place,
                     fmt::format("the header '{}' is the proxy's own to write; remove "
                                 "it",
                                 member.key));
      continue;
    }
    auto value = reader.secret(member.value, false);
    if (!value) continue;
    if (!is_header_value(*value)) {
      reader.problem(member.value.place,
                     "a header's value cannot have line ends or control "
                     "characters");
      continue;
    }
    headers.emplace_back(member.key, *std::move(value));
  }
}

namespace {

void read_key(const Section& section, ProviderConfig& provider) {
  const bool stated = section.has("key") || section.has("key_file");
  section.secret("key", "key_file", provider.key, true);
  if (!is_header_value(provider.key)) {
    section.problem(section.has("key") ? "key" : "key_file",
                    "the key has line ends or control characters in it and cannot be sent");
  }
  if (section.text("key_header", provider.key_header) && !is_header_name(provider.key_header)) {
    section.problem("key_header", "not the name of an HTTP header; write one such as api-key");
  }
  if (provider.simulated && stated) {
    section.problem(section.has("key") ? "key" : "key_file",
                    "the simulated provider needs no key; remove it");
  }
  if (!provider.key.empty() && !provider.https && !is_loopback(provider.host)) {
    section.warn("url", "the provider's key and every prompt travel in the clear; use https://");
  }
}

// "bedrock-runtime.us-east-1.amazonaws.com" says its region.
std::string region_of(std::string_view host) {
  constexpr std::string_view service = "bedrock-runtime.";
  if (!host.starts_with(service)) return "";
  host.remove_prefix(service.size());
  return std::string(host.substr(0, host.find('.')));
}

void read_sigv4(const Section& section, ProviderConfig& provider) {
  if (!section.has("sigv4")) return;
  const Section keys = section.section("sigv4");
  ProviderConfig::Sigv4 sigv4;
  const auto secret = [&](std::string_view name, std::string& target, bool required) {
    const policy::YamlValue* value = keys.value(name);
    if (value == nullptr && required) {
      section.reader().problem(keys.place(),
                               fmt::format("'{0}' is missing; write {0}: \"${{NAME}}\"", name));
    }
    if (value == nullptr) return;
    if (auto read = section.reader().secret(*value, false)) target = *std::move(read);
  };
  secret("access_key", sigv4.access_key, true);
  secret("secret_key", sigv4.secret_key, true);
  secret("session_token", sigv4.session_token, false);
  keys.text("region", sigv4.region);
  if (sigv4.region.empty()) sigv4.region = region_of(provider.host);
  if (sigv4.region.empty()) {
    section.reader().problem(keys.place(),
                             "'region' is missing and the url does not say it; write one such as "
                             "us-east-1");
  }
  if (provider.format != ProviderFormat::bedrock) {
    section.problem("sigv4", "sigv4 is for the format bedrock; remove it");
  }
  if (section.has("key") || section.has("key_file")) {
    section.problem("sigv4", "'key' and 'sigv4' are both there; keep one");
  }
  provider.sigv4 = std::move(sigv4);
}

void read_connection(const Section& section, ProviderConfig& provider) {
  const Section timeout = section.section("timeout");
  timeout.duration("connect", provider.connect_timeout, milliseconds(1), hour);
  timeout.duration("first_byte", provider.first_byte_timeout, milliseconds(1), hour);
  timeout.duration("idle", provider.idle_timeout, milliseconds(1), hour);
  section.section("pool").integer("max", provider.pool_max, 1, 100'000);
  const Section tls = section.section("tls");
  if (tls.text("ca", provider.tls_ca) && !provider.tls_ca.empty()) {
    check_pem(tls, "ca", "CERTIFICATE");
  }
  tls.flag("verify", provider.tls_verify);
  tls.text("server_name", provider.tls_server_name);
  if (!provider.tls_verify) {
    tls.warn("verify",
             "the provider's certificate is not checked: anyone on the way can read its "
             "key");
  }
}

void read_steering(const Section& section, ProviderConfig& provider) {
  if (!section.has("simulated")) return;
  if (!provider.simulated) {
    section.problem("simulated", "simulated is for the format simulated; remove it");
    return;
  }
  const Section keys = section.section("simulated");
  simulated::Steering& steering = provider.steering;
  std::int64_t number = 0;
  if (keys.integer("output_tokens", number, 0, no_most)) steering.output_tokens = number;
  keys.integer("cached_tokens", steering.cached_tokens, 0, no_most);
  keys.integer("reasoning_tokens", steering.reasoning_tokens, 0, no_most);
  keys.duration("latency", steering.latency, milliseconds(0), hour);
  keys.duration("gap", steering.gap, milliseconds(0), hour);
  keys.integer("chunk_bytes", steering.chunk_bytes, 0, no_most);
  if (keys.integer("status", number, 200, 599)) steering.status = static_cast<int>(number);
  if (keys.integer("break_after", number, 0, no_most)) {
    steering.break_after = static_cast<std::uint64_t>(number);
  }
  if (keys.integer("stall_after", number, 0, no_most)) {
    steering.stall_after = static_cast<std::uint64_t>(number);
  }
  constexpr std::pair<std::string_view, bool> usages[] = {{"reported", false}, {"missing", true}};
  keys.choice("usage", steering.usage_missing, usages);
}

ProviderConfig read_provider(const std::string& name, const Section& section) {
  ProviderConfig provider;
  provider.name = name;
  read_format(section, provider);
  read_url(section, provider);
  read_key(section, provider);
  read_sigv4(section, provider);
  if (section.text("dialect", provider.dialect) && !wire::dialect_named(provider.dialect)) {
    section.problem("dialect",
                    fmt::format("no dialect is called {}{}", policy::shown(provider.dialect),
                                policy::hint_for(provider.dialect, wire::dialect_names())));
  }
  bool ask = false;
  if (section.flag("ask_for_usage", ask)) provider.ask_for_usage = ask;
  constexpr std::pair<std::string_view, bool> prices[] = {{"catalog", false}, {"free", true}};
  section.choice("price", provider.free, prices);
  constexpr std::pair<std::string_view, bool> unmetered[] = {{"deny", false}, {"pass", true}};
  section.choice("unmetered", provider.pass_unmetered, unmetered);
  read_connection(section, provider);
  read_headers(section, provider.headers);
  read_steering(section, provider);
  return provider;
}

}  // namespace

void read_providers(const Section& root, Config& config) {
  for (const YamlMember& member : root.named("providers")) {
    check_name(member, root.reader());
    config.providers.push_back(read_provider(member.key, root.entry("providers", member)));
  }
  if (config.providers.empty()) {
    root.warn("providers", "no providers: every call will be answered 404");
  }
}

std::vector<std::string> provider_names(const Config& config) {
  std::vector<std::string> names;
  for (const ProviderConfig& provider : config.providers) names.push_back(provider.name);
  return names;
}

}  // namespace budget
