#include "proxy/pipeline/downgrade.h"

#include "proxy/pipeline/estimate.h"
#include "proxy/pipeline/identify.h"
#include "proxy/wire/registry.h"

namespace budget::pipeline {
namespace {

// Whether the provider answers the call's path as the call's own does.
bool speaks_the_same(const Call& call, const Provider& provider) {
  const wire::Route route =
      wire::route(provider.config.format, call.request.head.method, call.path, call.request.query);
  return route.format == call.route.format && route.operation == call.route.operation &&
         route.variant == call.route.variant && route.billing == wire::Billing::metered;
}

bool can_be_told(const Call& call, std::string_view model) {
  return call.facts.model_value.has_value() ||
         call.route.format->path_with_model(call.route, call.path, model).has_value();
}

}  // namespace

DowngradeTarget target_now(const Call& call) {
  return {call.provider_index, call.model};
}

std::optional<DowngradeTarget> downgrade_target(const Call& call, const DowngradeTarget& asked,
                                                std::string_view entry) {
  DowngradeTarget target{asked.provider, std::string(entry)};
  // A model's own name may hold a slash: only a provider's name is taken off.
  if (const std::size_t slash = entry.find('/'); slash != std::string_view::npos) {
    if (const auto named = call.snapshot().provider_named(entry.substr(0, slash))) {
      target = {*named, std::string(entry.substr(slash + 1))};
    }
  }
  if (target.provider == asked.provider && target.model == asked.model) return std::nullopt;
  const Provider& provider = call.snapshot().providers[target.provider];
  const bool reachable = target.provider == asked.provider || speaks_the_same(call, provider);
  if (!reachable || !can_be_told(call, target.model) ||
      !may_use(call, provider.config.name, target.model)) {
    return std::nullopt;
  }
  return target;
}

bool use_target(Call& call, const DowngradeTarget& target) {
  call.provider_index = target.provider;
  call.provider = &call.snapshot().providers[target.provider];
  return estimate_for_model(call, target.model);
}

}  // namespace budget::pipeline
