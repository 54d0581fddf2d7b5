// Between the files that read the configuration; not for others. Each function
// reads one part of the document `root` into `config` and reports what is
// wrong to the section's reader.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/yaml/key.h"
#include "policy/yaml/section.h"
#include "proxy/config.h"
#include "proxy/config_url.h"

namespace budget {

// Every key there is, in the order of the reference.
[[nodiscard]] std::vector<policy::ConfigKey> config_keys();

void read_listeners(const policy::Section& root, Config& config);
void read_limits(const policy::Section& root, Config& config);
void read_store(const policy::Section& root, Config& config);
void read_identity(const policy::Section& root, Config& config);  // errors, identity, admin
void read_providers(const policy::Section& root, Config& config);
void read_prices(const policy::Section& root, Config& config);    // after providers
void read_services(const policy::Section& root, Config& config);  // after providers: alerts,
                                                                  // assistant, hermes, telemetry

// Reports a file at `name` that cannot be read or is not PEM with `marker`
// ("CERTIFICATE", "PRIVATE KEY").
void check_pem(const policy::Section& section, std::string_view name, std::string_view marker);

// An http or https URL at `name`; nullopt, and reported, when it is another,
// and without a report when there is none.
[[nodiscard]] std::optional<std::string> read_web_url(const policy::Section& section,
                                                      std::string_view name);

// The named values at `headers`: of requests that the proxy makes.
void read_headers(const policy::Section& section,
                  std::vector<std::pair<std::string, std::string>>& headers);

// The configured providers' names.
[[nodiscard]] std::vector<std::string> provider_names(const Config& config);

}  // namespace budget
