#include "proxy/pipeline/route.h"

#include <utility>

#include "proxy/wire/registry.h"

namespace budget::pipeline {

namespace {

// Takes "/segment" off the front of `path`.
std::string_view take_segment(std::string_view& path) {
  if (path.empty()) return {};
  const std::size_t end = path.find('/', 1);
  const std::string_view segment = path.substr(1, end == std::string_view::npos ? end : end - 1);
  path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  return segment;
}

// Whether the segment is ".", ".." or one of them with encoded dots.
bool is_dot_segment(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    if (segment.front() == '.') {
      segment.remove_prefix(1);
    } else if (segment.size() >= 3 && segment[0] == '%' && segment[1] == '2' &&
               (segment[2] == 'e' || segment[2] == 'E')) {
      segment.remove_prefix(3);
    } else {
      return false;
    }
    ++dots;
  }
  return dots == 1 || dots == 2;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

wire::Problem problem(wire::ProblemKind kind, std::string message) {
  wire::Problem result;
  result.kind = kind;
  result.message = std::move(message);
  return result;
}

std::string provider_names(const Snapshot& snapshot) {
  std::string names;
  for (const Provider& provider : snapshot.providers) {
    if (!names.empty()) names += ", ";
    names += provider.config.name;
  }
  return names;
}

}  // namespace

PathParts split_path(std::string_view path) {
  PathParts parts;
  if (path.starts_with("/@")) parts.labels = take_segment(path).substr(1);
  parts.provider = take_segment(path);
  parts.rest = path.empty() ? std::string_view("/") : path;
  return parts;
}

bool ambiguous_path(std::string_view path, bool encoded_slashes_allowed) {
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view segment = take_segment(rest);
    // An empty segment is only fine as the path's end ("/v1/").
    if ((segment.empty() && !rest.empty()) || is_dot_segment(segment)) return true;
  }
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') return true;
    if (path[i] != '%') continue;
    if (i + 2 >= path.size() || !is_hex(path[i + 1]) || !is_hex(path[i + 2])) return true;
    const char high = path[i + 1];
    const char low = static_cast<char>(path[i + 2] | 0x20);
    if (high == '0' || high == '1' || (high == '7' && low == 'f'))
      return true;  // control characters
    if (high == '2' && low == 'f' && !encoded_slashes_allowed) return true;
    if (high == '5' && low == 'c') return true;
  }
  return false;
}

std::optional<wire::Problem> route_call(Call& call) {
  const PathParts parts = split_path(call.request.path);
  call.labels = parts.labels;
  call.path = parts.rest;
  const auto index = call.snapshot().provider_named(parts.provider);
  if (!index) {
    call.route.format = &wire::format_for_errors(parts.rest);
    return problem(
        wire::ProblemKind::unknown_provider,
        "There is no provider '" + std::string(parts.provider.substr(0, 64)) +
            "' here. The base URL must end in one of: " + provider_names(call.snapshot()) + ".");
  }
  call.provider_index = *index;
  call.provider = &call.snapshot().providers[*index];

  const auto format = call.provider->config.format;
  call.route = wire::route(format, call.request.head.method, parts.rest, call.request.query);
  const bool bedrock_id = parts.rest.starts_with("/model/");
  if (ambiguous_path(call.request.path, bedrock_id)) {
    return problem(wire::ProblemKind::invalid_request,
                   "The path can be read in more than one way (dot segments, empty segments or "
                   "encoded slashes). Send it in its plain form.");
  }
  if (call.route.billing == wire::Billing::unmetered && !call.provider->config.pass_unmetered) {
    return problem(wire::ProblemKind::unmetered_path,
                   std::string(call.request.head.method) + " " + std::string(parts.rest) +
                       " may cost money and cannot be metered, so it is not forwarded. If the "
                       "provider should be reachable there, set `unmetered: pass` for it.");
  }
  if (call.route.billing != wire::Billing::metered) return std::nullopt;

  auto facts = call.route.format->facts(call.route, call.view());
  if (!facts) return problem(wire::ProblemKind::invalid_request, std::move(facts.error()));
  call.facts = std::move(*facts);
  call.model = call.facts.model;
  return std::nullopt;
}

}  // namespace budget::pipeline
