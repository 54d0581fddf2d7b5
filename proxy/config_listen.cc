// Where the proxy listens.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/yaml/nearest.h"
#include "proxy/config_read.h"

namespace budget {
namespace {

using policy::Place;
using policy::Section;
using policy::YamlValue;

bool is_any(std::string_view address) {
  return address == "0.0.0.0" || address == "::";
}

void read_address(const Section& section, ListenConfig& listen) {
  std::string text;
  if (!section.required("address", text, "write HOST:PORT such as 127.0.0.1:8013")) return;
  auto address = parse_host_port(text);
  if (!address) {
    section.problem("address",
                    fmt::format("expected HOST:PORT such as 127.0.0.1:8013, found {}: {}",
                                policy::shown(text), address.error()));
    return;
  }
  listen.address = std::move(address->host);
  if (address->port) listen.port = *address->port;
}

void read_serve(const Section& section, ListenConfig& listen) {
  if (!section.has("serve")) return;
  listen.llm = false;
  listen.admin = false;
  for (const auto& [word, place] : section.placed_texts("serve")) {
    if (word == "llm") {
      listen.llm = true;
    } else if (word == "admin") {
      listen.admin = true;
    } else {
      const std::vector<std::string> known = {"llm", "admin"};
      section.reader().problem(place,
                               fmt::format("a listener cannot serve {}{}", policy::shown(word),
                                           policy::hint_for(word, known)));
    }
  }
  const YamlValue* value = section.value("serve");
  if (value->kind == YamlValue::Kind::list && value->items.empty()) {
    section.problem("serve", "this listener serves nothing; write llm, admin or both");
  }
}

void read_tls(const Section& section, ListenConfig& listen) {
  const YamlValue* value = section.value("tls");
  if (value == nullptr) return;
  constexpr std::string_view expected =
      "off, self_signed or {certificate: FILE, key: FILE, client_ca: FILE}";
  if (value->kind != YamlValue::Kind::map) {
    const auto word = section.reader().scalar(*value, expected);
    if (!word || *word == "off") return;
    if (*word == "self_signed") {
      listen.tls = TlsServerConfig{.self_signed = true};
    } else {
      section.not_allowed("tls", *word);
    }
    return;
  }
  const Section tls(section.reader(), value, section.path_of("tls"), value->place);
  TlsServerConfig config;
  if (tls.required("certificate", config.certificate,
                   "name the server's certificate, a PEM file")) {
    check_pem(tls, "certificate", "CERTIFICATE");
  }
  if (tls.required("key", config.key, "name the certificate's private key, a PEM file")) {
    check_pem(tls, "key", "PRIVATE KEY");
  }
  if (tls.text("client_ca", config.client_ca) && !config.client_ca.empty()) {
    check_pem(tls, "client_ca", "CERTIFICATE");
  }
  listen.tls = std::move(config);
}

// The environment's address and port, for the first listener.
void override_address(const Section& root, Config& config) {
  const auto host = root.reader().variable("BUDGET_HOST");
  if (host && !host->empty()) {
    const bool bracketed = host->starts_with('[') && host->ends_with(']');
    const std::string name = bracketed ? host->substr(1, host->size() - 2) : *host;
    const bool fits = !name.empty() && name.find_first_of(" /[]") == std::string::npos;
    if (fits) {
      config.listen.front().address = name;
    } else {
      root.problem("listen",
                   "the environment variable BUDGET_HOST has to be an address or a host name, such "
                   "as 127.0.0.1; correct it, or unset it");
    }
  }
  for (const std::string_view name : {"BUDGET_PORT", "PENIA_PORT"}) {
    const auto text = root.reader().variable(name);
    if (!text || text->empty()) continue;
    if (const auto port = parse_port(*text)) {
      config.listen.front().port = *port;
    } else {
      root.problem("listen", fmt::format("the environment variable {} has to be a port from 1 to "
                                         "65535; correct it, or unset it",
                                         name));
    }
    return;
  }
}

void check_addresses(const Config& config, const std::vector<Place>& places,
                     policy::ConfigReader& reader) {
  for (std::size_t at = 0; at < places.size(); ++at) {
    for (std::size_t other = 0; other < at; ++other) {
      const ListenConfig& a = config.listen[at];
      const ListenConfig& b = config.listen[other];
      const bool same = a.address == b.address || is_any(a.address) || is_any(b.address);
      if (a.port == 0 || a.port != b.port || !same) continue;
      reader.problem(places[at], fmt::format("the listener on line {} already takes port {} of "
                                             "this address; choose another port",
                                             places[other].line, a.port));
    }
  }
}

void warn_of_exposure(const Config& config, const std::vector<Place>& places,
                      policy::ConfigReader& reader) {
  for (std::size_t at = 0; at < places.size(); ++at) {
    const ListenConfig& listen = config.listen[at];
    if (is_loopback(listen.address)) continue;
    if (!listen.tls) {
      reader.warn(places[at],
                  "other machines reach this listener without TLS: keys, prompts and answers "
                  "travel in the clear; add tls, or listen on 127.0.0.1");
    }
    if (listen.llm && config.identity.require_key == IdentityConfig::RequireKey::never) {
      reader.warn(places[at],
                  "other machines reach this listener and need no key (identity.require_key: "
                  "never): anyone there can spend your budgets; use auto");
    }
  }
}

}  // namespace

bool is_loopback(std::string_view address) {
  return address == "localhost" || address == "::1" || address.starts_with("127.");
}

bool keys_required(const Config& config) {
  using RequireKey = IdentityConfig::RequireKey;
  if (config.identity.require_key != RequireKey::automatic) {
    return config.identity.require_key == RequireKey::always;
  }
  return std::ranges::any_of(config.listen, [](const ListenConfig& listen) {
    return listen.llm && !is_loopback(listen.address);
  });
}

void check_pem(const Section& section, std::string_view name, std::string_view marker) {
  std::string path;
  if (!section.text(name, path)) return;
  const auto contents = section.reader().file(path, section.place(name));
  if (!contents) return;
  const std::size_t begin = contents->find("-----BEGIN ");
  const std::size_t end = contents->find(fmt::format("{}-----", marker), begin);
  if (begin == std::string::npos || end == std::string::npos) {
    section.problem(name, fmt::format("the file '{}' holds no PEM {}; it begins with '-----BEGIN' "
                                      "and is text",
                                      path, marker));
  }
}

void read_listeners(const Section& root, Config& config) {
  std::vector<Place> places;
  for (const Section& section : root.sections("listen")) {
    ListenConfig listen;
    read_address(section, listen);
    read_serve(section, listen);
    read_tls(section, listen);
    config.listen.push_back(std::move(listen));
    places.push_back(section.place("address"));
  }
  if (const YamlValue* value = root.value("listen");
      value != nullptr && value->kind == YamlValue::Kind::list && value->items.empty()) {
    root.problem("listen", "no listeners; write at least '- address: 127.0.0.1:8013'");
  }
  if (config.listen.empty()) {
    config.listen.emplace_back();
    places.push_back(root.place("listen"));
  }
  override_address(root, config);
  check_addresses(config, places, root.reader());
  warn_of_exposure(config, places, root.reader());
  if (std::ranges::none_of(config.listen, &ListenConfig::llm)) {
    root.warn("listen", "no listener serves llm: no call can be made through this proxy");
  }
}

}  // namespace budget
