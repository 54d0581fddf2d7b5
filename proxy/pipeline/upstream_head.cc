// What of a request's head goes on to the provider.
#include <algorithm>
#include <array>
#include <string>

#include "proxy/net/http_rules.h"
#include "proxy/pipeline/forward.h"
#include "proxy/pipeline/identify.h"
#include "proxy/wire/sigv4.h"

namespace budget::pipeline {
namespace {

using net::equal_ignoring_case;

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

bool configured(const ProviderConfig& config, std::string_view name) {
  return std::any_of(config.headers.begin(), config.headers.end(),
                     [name](const auto& h) { return equal_ignoring_case(h.first, name); });
}

// What an AWS client adds when it signs: not for a request that we sign anew,
// or send with a key of ours.
bool is_signature_header(std::string_view name) {
  static constexpr std::array<std::string_view, 3> names{"x-amz-date", "x-amz-security-token",
                                                         "x-amz-content-sha256"};
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view n) { return equal_ignoring_case(n, name); });
}

bool replaces_credentials(const ProviderConfig& config) {
  return !config.key.empty() || config.sigv4.has_value();
}

// The caller's credentials end here where ours replace them, where they are a
// proxy key, and where a downgrade goes to a provider they are not for.
bool drops_credentials(const Call& call) {
  return replaces_credentials(call.provider->config) || call.grant || call.rerouted;
}

bool goes_on(const Call& call, const net::Field& field) {
  const ProviderConfig& config = call.provider->config;
  if (net::is_hop_by_hop(field.name) || is_own_header(field.name)) return false;
  if (equal_ignoring_case(field.name, "host") || equal_ignoring_case(field.name, "expect") ||
      equal_ignoring_case(field.name, "content-length")) {
    return false;
  }
  if (is_credential_header(field.name) && drops_credentials(call)) return false;
  if (is_signature_header(field.name) && drops_credentials(call)) return false;
  // Only an answer that is not compressed can be filtered and cut
  // (docs/decisions/0014).
  if (equal_ignoring_case(field.name, "accept-encoding")) {
    return call.route.billing != wire::Billing::metered;
  }
  if (!config.simulated && field.name.size() > 11 &&
      equal_ignoring_case(field.name.substr(0, 11), "x-simulate-")) {
    return false;
  }
  if (call.trace && replaces_traceparent(*call.trace)) {
    if (equal_ignoring_case(field.name, "traceparent")) return false;
    // It belongs to a traceparent that could not be read.
    if (!call.trace->parent && equal_ignoring_case(field.name, "tracestate")) return false;
  }
  return !configured(config, field.name) &&
         !net::named_by_connection(call.request.head, field.name);
}

// `?key=` is a credential of Gemini's: dropped where ours replaces it.
std::string upstream_query(const Call& call) {
  if (!drops_credentials(call)) return std::string(call.request.query);
  std::string kept;
  std::string_view query = call.request.query;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with("key=")) continue;
    if (!kept.empty()) kept += '&';
    kept += pair;
  }
  return kept;
}

void add_key(std::string& out, const ProviderConfig& config) {
  if (config.key.empty()) return;
  if (!config.key_header.empty() && !equal_ignoring_case(config.key_header, "authorization")) {
    add_line(out, config.key_header, config.key);
    return;
  }
  if (config.key_header.empty() && config.format == wire::ProviderFormat::anthropic) {
    add_line(out, "x-api-key", config.key);
  } else if (config.key_header.empty() && config.format == wire::ProviderFormat::gemini) {
    add_line(out, "x-goog-api-key", config.key);
  } else {
    add_line(out, "authorization", "Bearer " + config.key);
  }
}

void add_signature(std::string& out, const Call& call, std::string_view path,
                   std::string_view query, std::string_view body) {
  const auto& keys = *call.provider->config.sigv4;
  wire::SigningRequest request{
      .method = call.request.head.method, .path = path, .query = query, .body = body};
  request.headers.emplace_back("host", call.provider->host_header);
  if (const auto type = call.request.head.field("content-type"); !type.empty()) {
    request.headers.emplace_back("content-type", type);
  }
  const wire::AwsCredentials credentials{.access_key_id = keys.access_key,
                                         .secret_access_key = keys.secret_key,
                                         .session_token = keys.session_token};
  const auto now = std::chrono::floor<std::chrono::seconds>(call.admitted_at);
  for (const auto& [name, value] :
       wire::sign_v4(request, credentials, keys.region, "bedrock", now)) {
    add_line(out, name, value);
  }
}

}  // namespace

std::string upstream_head(const Call& call, std::string_view body, bool body_rewritten) {
  const ProviderConfig& config = call.provider->config;
  const net::Head& head = call.request.head;
  std::string path = config.base_path;
  const auto renamed = call.rewrite.model ? call.route.format->path_with_model(
                                                call.route, call.path, *call.rewrite.model)
                                          : std::nullopt;
  path += renamed ? std::string_view(*renamed) : call.path;
  const std::string query = upstream_query(call);

  std::string out;
  out.reserve(1024);
  out += head.method;
  out += ' ';
  out += path;
  if (!query.empty()) {
    out += '?';
    out += query;
  }
  out += " HTTP/1.1\r\n";
  add_line(out, "host", call.provider->host_header);
  for (const net::Field& field : head.fields) {
    if (goes_on(call, field)) add_line(out, field.name, field.value);
  }
  for (const auto& [name, value] : config.headers) add_line(out, name, value);
  if (call.route.billing == wire::Billing::metered) out += "accept-encoding: identity\r\n";
  if (!head.has("x-request-id")) add_line(out, "x-request-id", call.request_id);
  if (call.trace && replaces_traceparent(*call.trace)) {
    add_line(out, "traceparent", telemetry::traceparent_of(call.trace->context));
  }
  if (config.sigv4) {
    add_signature(out, call, path, query, body);
  } else {
    add_key(out, config);
  }
  const bool has_body = !body.empty() || head.content_length || head.chunked || body_rewritten;
  if (has_body) add_line(out, "content-length", std::to_string(body.size()));
  out += "\r\n";
  return out;
}

}  // namespace budget::pipeline
