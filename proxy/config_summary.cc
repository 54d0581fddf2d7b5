// What would be enforced, on one screen.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "policy/yaml/scalars.h"
#include "proxy/config_read.h"

namespace budget {
namespace {

using policy::Budget;
using policy::Limits;
using policy::Policy;

constexpr std::size_t policies_shown_max = 24;
constexpr std::size_t providers_shown_max = 16;

std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string listener_line(const ListenConfig& listen) {
  const bool ipv6 = listen.address.contains(':');
  std::string tls = "no TLS";
  if (listen.tls) tls = listen.tls->self_signed ? "TLS, self-signed" : "TLS";
  if (listen.tls && !listen.tls->client_ca.empty()) tls += ", client certificates";
  return fmt::format("{}:{} ({}{}{}; {})", ipv6 ? "[" + listen.address + "]" : listen.address,
                     listen.port, listen.llm ? "llm" : "", listen.llm && listen.admin ? ", " : "",
                     listen.admin ? "admin" : "", tls);
}

std::string store_line(const StoreConfig& store) {
  const std::string_view failure =
      store.on_failure == policy::OnStoreFailure::deny ? "deny" : "allow";
  if (store.kind == StoreConfig::Kind::embedded) {
    return fmt::format("embedded in {}", store.path);
  }
  std::string where;
  if (!store.sentinel.empty()) {
    where = counted(store.sentinel.size(), "sentinel", "sentinels");
  } else if (!store.cluster.empty()) {
    where = fmt::format("cluster of {}", counted(store.cluster.size(), "node", "nodes"));
  } else if (const auto url = parse_url(store.url)) {
    where = url->scheme == "unix" ? url->path
                                  : fmt::format("{}:{}", url->host, url->port.value_or(6379));
  }
  return fmt::format("redis at {}, namespace {}; while it is away: {}", where, store.name_space,
                     failure);
}

std::string key_words(const ProviderConfig& provider) {
  if (provider.simulated) return "no key needed";
  if (provider.sigv4) return "signs with access keys";
  return provider.key.empty() ? "the caller's own key" : "key set";
}

std::string provider_line(const ProviderConfig& provider) {
  std::string line = fmt::format(
      "  {:<14} {:<10} {:<46} {}", provider.name, name_of(provider.format),
      provider.simulated ? "built in"
                         : fmt::format("{}://{}:{}{}", provider.https ? "https" : "http",
                                       provider.host, provider.port, provider.base_path),
      key_words(provider));
  if (provider.free) line += ", free";
  if (provider.pass_unmetered) line += ", unmetered paths pass";
  if (!provider.tls_verify) line += ", certificate not checked";
  return line;
}

std::string_view type_word(policy::PolicyType type) {
  constexpr std::array<std::string_view, 4> words = {"ignore", "warn", "soft_limit", "hard_limit"};
  return words[static_cast<std::size_t>(type)];
}

std::string period_words(const policy::Period& period) {
  constexpr std::array<std::string_view, 9> words = {"minute", "hourly",      "daily",
                                                     "weekly", "monthly",     "yearly",
                                                     "total",  "per_session", "per_task"};
  if (period.kind != policy::Period::Kind::rolling) {
    return std::string(words[static_cast<std::size_t>(period.kind)]);
  }
  return "rolling " + policy::duration_text(period.rolling);
}

std::string limit_words(const Limits& limits) {
  std::vector<std::string> parts;
  if (limits.cost) parts.push_back(pricing::to_usd_short(*limits.cost) + " USD");
  const auto tokens = [&](const std::optional<policy::Tokens>& amount, std::string_view what) {
    if (amount) parts.push_back(fmt::format("{} {}", grouped(amount->value()), what));
  };
  tokens(limits.tokens, "tokens");
  tokens(limits.input_tokens, "input tokens");
  tokens(limits.output_tokens, "output tokens");
  if (limits.requests) parts.push_back(grouped(*limits.requests) + " calls");
  if (limits.concurrent) parts.push_back(grouped(*limits.concurrent) + " at a time");
  return parts.empty() ? "no limit" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string per_words(const std::vector<policy::Partition>& per) {
  constexpr std::array<std::string_view, 11> words = {
      "component", "user",    "key",  "provider",  "model", "tier",
      "task_type", "context", "task", "operation", "tag"};
  std::vector<std::string> parts;
  for (const policy::Partition& partition : per) {
    parts.emplace_back(words[static_cast<std::size_t>(partition.kind)]);
    if (!partition.tag.empty()) parts.back() += " " + partition.tag;
  }
  return parts.empty() ? "" : fmt::format(", for each {}", fmt::join(parts, " and "));
}

std::string match_words(const policy::Match& match) {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view name, const std::vector<std::string>& globs) {
    if (!globs.empty()) parts.push_back(fmt::format("{} {}", name, fmt::join(globs, "|")));
  };
  add("provider", match.provider);
  add("model", match.model);
  add("component", match.component);
  add("tier", match.tier);
  add("task_type", match.task_type);
  add("user", match.user);
  add("key", match.key);
  add("operation", match.operation);
  for (const auto& [tag, values] : match.tags) add("tag " + tag, values);
  return parts.empty() ? "every call" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string policy_line(const Policy& policy) {
  std::string line =
      fmt::format("    {:<22} {:<10} {:<12} {}{}; {}", policy.name, type_word(policy.type),
                  period_words(policy.period), limit_words(policy.limits), per_words(policy.per),
                  match_words(policy.match));
  if (policy.shadow) line += "; shadow";
  if (!policy.enabled) line += "; disabled";
  return line;
}

void append_budgets(std::vector<std::string>& lines, const std::vector<Budget>& budgets) {
  std::size_t shown = 0;
  std::size_t left = 0;
  for (const Budget& budget : budgets) {
    if (shown < policies_shown_max) {
      lines.push_back(fmt::format("  {} ({}{}{})", budget.name, budget.timezone,
                                  budget.owner.empty() ? "" : ", owner ", budget.owner));
    }
    for (const Policy& policy : budget.policies) {
      if (shown == policies_shown_max) {
        ++left;
        continue;
      }
      lines.push_back(policy_line(policy));
      ++shown;
    }
  }
  if (left > 0)
    lines.push_back(fmt::format("    and {}", counted(left, "policy more", "policies more")));
}

void append_providers(std::vector<std::string>& lines,
                      const std::vector<ProviderConfig>& providers) {
  const std::size_t shown = std::min(providers.size(), providers_shown_max);
  for (std::size_t at = 0; at < shown; ++at) lines.push_back(provider_line(providers[at]));
  if (shown < providers.size())
    lines.push_back(fmt::format("  and {} more", providers.size() - shown));
}

std::string price_words(const Config& config) {
  using Unknown = pricing::PriceRules::Unknown;
  const Unknown unknown = config.prices.unknown_model;
  return fmt::format("{}, {}, {}; a model without a price is {}",
                     counted(config.prices.overrides.size(), "override", "overrides"),
                     counted(config.prices.adjustments.size(), "factor", "factors"),
                     counted(config.price_sources.size(), "source", "sources"),
                     unknown == Unknown::deny   ? "refused"
                     : unknown == Unknown::free ? "free"
                                                : "counted at a fixed price");
}

}  // namespace

std::string summarize(const Config& config) {
  std::vector<std::string> lines;
  for (const ListenConfig& listen : config.listen) {
    lines.push_back((lines.empty() ? "listen     " : "           ") + listener_line(listen));
  }
  lines.push_back("store      " + store_line(config.store));
  lines.push_back(fmt::format("callers    {}; who says nothing is '{}'",
                              keys_required(config) ? "need a proxy key" : "need no key",
                              config.identity.default_component));
  lines.push_back(
      fmt::format("admin      {}", config.admin_keys.empty()
                                       ? "a key is made at the first start"
                                       : counted(config.admin_keys.size(), "key", "keys")));
  lines.push_back("prices     " + price_words(config));
  lines.push_back(fmt::format("alerts     {}{}",
                              counted(config.alerts.webhooks.size(), "webhook", "webhooks"),
                              config.alerts.email ? ", mail" : ""));
  lines.push_back(counted(config.providers.size(), "provider", "providers"));
  append_providers(lines, config.providers);
  lines.push_back(counted(config.policies.budgets.size(), "budget", "budgets"));
  append_budgets(lines, config.policies.budgets);
  for (const policy::ConfigProblem& warning : config.warnings) {
    lines.push_back("warning: " + warning.to_string());
  }
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

}  // namespace budget
