#include "proxy/pipeline/call_series.h"

#include <algorithm>
#include <string_view>

namespace budget::pipeline {
namespace {

bool priced_by_name(const Call& call) {
  const std::string_view provider = call.provider->config.name;
  const auto names_it = [&](const pricing::PriceRules::Override& rule) {
    const std::string_view pattern = rule.pattern;
    return pattern.size() == provider.size() + 1 + call.model.size() &&
           pattern.starts_with(provider) && pattern[provider.size()] == '/' &&
           pattern.ends_with(call.model);
  };
  // A name with a star in it is a pattern that anybody can send.
  return !call.model.contains('*') &&
         std::ranges::any_of(call.snapshot().config.prices.overrides, names_it);
}

}  // namespace

telemetry::CallSeries& series_of(Call& call) {
  if (call.series) return *call.series;
  std::string_view model = telemetry::CallTable::other;
  if (call.price.price) {
    model = call.price.price->model;
  } else if (priced_by_name(call)) {
    model = call.model;
  }
  call.series = &call.services().metrics.models.find(call.provider->config.name, model,
                                                     wire::name_of(call.route.operation));
  return *call.series;
}

}  // namespace budget::pipeline
