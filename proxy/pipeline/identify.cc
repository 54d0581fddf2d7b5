#include "proxy/pipeline/identify.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "policy/glob.h"
#include "proxy/net/http_parser.h"

namespace budget::pipeline {
namespace {

using net::equal_ignoring_case;

constexpr std::size_t label_bytes_max = 256;
constexpr std::size_t tags_max = 32;

// The labels a caller can say of itself, by their name in the path; a header's
// name is "X-Budget-" and the same with dashes.
enum class Label : std::uint8_t {
  component,
  context,
  task,
  task_type,
  user,
  tags,
  priority,
  allocation
};
constexpr std::array<std::pair<std::string_view, Label>, 8> labels{{
    {"component", Label::component},
    {"context", Label::context},
    {"task", Label::task},
    {"task_type", Label::task_type},
    {"user", Label::user},
    {"tags", Label::tags},
    {"priority", Label::priority},
    {"allocation", Label::allocation},
}};

std::string header_name(std::string_view label) {
  std::string name = "x-budget-";
  for (const char c : label) name += c == '_' ? '-' : c;
  return name;
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

bool set_tags(policy::Caller& caller, std::string_view text) {
  std::vector<std::pair<std::string, std::string>> tags;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view pair = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos || tags.size() == tags_max) return false;
    tags.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  std::sort(tags.begin(), tags.end());
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::adjacent_find(tags.begin(), tags.end(), same_name) != tags.end()) return false;
  caller.tags = std::move(tags);
  return true;
}

bool set_priority(policy::Caller& caller, std::string_view text) {
  int priority = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), priority);
  if (error != std::errc{} || end != text.data() + text.size() || priority < 1 || priority > 10) {
    return false;
  }
  caller.priority = priority;
  return true;
}

// False when the value is not one that the label takes.
bool set_label(policy::Caller& caller, Label label, std::string_view value) {
  if (value.size() > label_bytes_max * (label == Label::tags ? 8 : 1) || !printable(value)) {
    return false;
  }
  switch (label) {
    case Label::component:
      caller.component = value;
      return true;
    case Label::context:
      caller.context_id = value;
      return true;
    case Label::task:
      caller.task_id = value;
      return true;
    case Label::task_type:
      caller.task_type = value;
      return true;
    case Label::user:
      caller.user = value;
      return true;
    case Label::allocation:
      caller.allocation_id = value;
      return true;
    case Label::tags:
      return set_tags(caller, value);
    case Label::priority:
      return set_priority(caller, value);
  }
  return false;
}

wire::Problem problem(wire::ProblemKind kind, std::string message) {
  wire::Problem result;
  result.kind = kind;
  result.message = std::move(message);
  return result;
}

wire::Problem bad_label(std::string_view where, std::string_view name) {
  return problem(wire::ProblemKind::invalid_request,
                 "The " + std::string(where) + " '" + std::string(name) +
                     "' has a value it cannot have: labels are at most 256 printable characters, "
                     "priority is 1 to 10, tags are k=v,k=v with each name once.");
}

// Whether a key leaves this label to its holder.
bool may_set(const admin::KeyGrant* grant, std::string_view label) {
  if (!grant) return true;
  return std::find(grant->may_set.begin(), grant->may_set.end(), label) != grant->may_set.end();
}

// "apollo;task_type=coding;context=c1"
std::optional<wire::Problem> read_path_labels(Call& call) {
  std::string_view rest = call.labels;
  bool first = true;
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const std::size_t equals = part.find('=');
    const bool bare = equals == std::string_view::npos;
    const std::string_view name = bare ? "component" : part.substr(0, equals);
    const std::string value = percent_decoded(bare ? part : part.substr(equals + 1));
    const auto known = std::find_if(labels.begin(), labels.end(),
                                    [name](const auto& l) { return l.first == name; });
    if (known == labels.end() || (bare && !first) || value.empty()) {
      return bad_label("path label", name);
    }
    first = false;
    if (!may_set(call.grant.get(), name)) continue;
    if (!set_label(call.caller, known->second, value)) return bad_label("path label", name);
  }
  return std::nullopt;
}

std::optional<wire::Problem> read_headers(Call& call) {
  if (!call.snapshot().config.identity.headers) return std::nullopt;
  for (const net::Field& field : call.request.head.fields) {
    if (field.name.size() < 9 || !equal_ignoring_case(field.name.substr(0, 9), "x-budget-"))
      continue;
    for (const auto& [name, label] : labels) {
      if (!equal_ignoring_case(field.name, header_name(name))) continue;
      if (!may_set(call.grant.get(), name)) continue;
      if (!set_label(call.caller, label, field.value)) return bad_label("header", field.name);
    }
  }
  return std::nullopt;
}

// What stands in a header for credentials or in `?key=`, first to last, until one
// is accepted, which is returned; "" when none is.
template <class Accepts>
std::string_view credential(const Request& request, const Accepts& accepts) {
  for (const net::Field& field : request.head.fields) {
    if (!is_credential_header(field.name)) continue;
    std::string_view value = field.value;
    if (value.size() > 7 && equal_ignoring_case(value.substr(0, 7), "bearer "))
      value.remove_prefix(7);
    if (accepts(value)) return value;
  }
  std::string_view query = request.query;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with("key=") && accepts(pair.substr(4))) return pair.substr(4);
  }
  return {};
}

std::optional<wire::Problem> check_key(Call& call) {
  const std::string_view key = credential(call.request, admin::looks_like_proxy_key);
  if (key.empty()) {
    const auto is_admin_key = [&keys = call.services().keys](std::string_view text) {
      return !text.empty() && keys.is_admin_key(text);
    };
    // It would go on to the provider as if it were the caller's own there.
    if (!credential(call.request, is_admin_key).empty()) {
      return problem(wire::ProblemKind::key_invalid,
                     "This is a key of the admin API, which is not for calling models.");
    }
    if (!call.snapshot().require_key) return std::nullopt;
    return problem(wire::ProblemKind::key_missing,
                   "This proxy needs a key of its own (bk_…) where the provider's key would be. "
                   "Ask whoever runs it for one.");
  }
  call.grant = call.services().keys.find(key, call.admitted_at);
  if (!call.grant) {
    return problem(wire::ProblemKind::key_invalid,
                   "The proxy key is not valid: unknown, expired or revoked.");
  }
  return std::nullopt;
}

bool matches_any(const std::vector<std::string>& globs, std::string_view value) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [value](const std::string& glob) {
           return policy::Glob(glob).matches(value);
         });
}

std::optional<wire::Problem> check_grant(const Call& call) {
  if (!call.grant) return std::nullopt;
  if (!matches_any(call.grant->providers, call.provider->config.name)) {
    return problem(wire::ProblemKind::not_allowed,
                   "This key may not use provider '" + call.provider->config.name + "'.");
  }
  const bool metered = call.route.billing == wire::Billing::metered;
  if (metered && !matches_any(call.grant->models, call.facts.model)) {
    return problem(wire::ProblemKind::not_allowed,
                   "This key may not use model '" + call.facts.model + "'.");
  }
  return std::nullopt;
}

void pin(Call& call) {
  const admin::KeyGrant& grant = *call.grant;
  call.caller.key_id = grant.id;
  if (!grant.component.empty()) call.caller.component = grant.component;
  if (!grant.user.empty()) call.caller.user = grant.user;
  for (const auto& [name, value] : grant.tags) {
    std::erase_if(call.caller.tags, [&name](const auto& tag) { return tag.first == name; });
    call.caller.tags.emplace_back(name, value);
  }
  std::sort(call.caller.tags.begin(), call.caller.tags.end());
}

}  // namespace

bool may_use(const Call& call, std::string_view provider, std::string_view model) {
  return !call.grant ||
         (matches_any(call.grant->providers, provider) && matches_any(call.grant->models, model));
}

bool is_own_header(std::string_view name) {
  return name.size() >= 9 && equal_ignoring_case(name.substr(0, 9), "x-budget-");
}

bool is_credential_header(std::string_view name) {
  static constexpr std::array<std::string_view, 4> names{"authorization", "x-api-key",
                                                         "x-goog-api-key", "api-key"};
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view n) { return equal_ignoring_case(n, name); });
}

std::optional<wire::Problem> identify_caller(Call& call) {
  if (auto refused = check_key(call)) return refused;
  if (auto refused = check_grant(call)) return refused;
  if (auto refused = read_path_labels(call)) return refused;
  if (auto refused = read_headers(call)) return refused;
  if (call.grant) pin(call);
  if (call.caller.user.empty() && call.facts.end_user.size() <= label_bytes_max &&
      printable(call.facts.end_user)) {
    call.caller.user = call.facts.end_user;
  }
  if (call.caller.component.empty()) {
    call.caller.component = call.snapshot().config.identity.default_component;
  }
  call.dry_run = equal_ignoring_case(call.request.head.field("x-budget-dry-run"), "true");
  return std::nullopt;
}

}  // namespace budget::pipeline
