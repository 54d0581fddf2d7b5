#include "admin/price_json.h"

#include "admin/json_parts.h"
#include "pricing/rate.h"

namespace budget::admin {
namespace {

std::string_view name_of(pricing::ServiceTier tier) {
  switch (tier) {
    case pricing::ServiceTier::standard:
      return "standard";
    case pricing::ServiceTier::batch:
      return "batch";
    case pricing::ServiceTier::flex:
      return "flex";
    case pricing::ServiceTier::priority:
      return "priority";
  }
  return "standard";
}

json::value tokens_or_null(const std::optional<pricing::Tokens>& tokens) {
  if (!tokens) return nullptr;
  return tokens->value();
}

// A day where it is a midnight, as sources state them; else the second.
json::value date_of(const std::optional<std::chrono::sys_seconds>& instant) {
  if (!instant) return nullptr;
  const std::string text = policy::rfc3339(policy::Time(*instant));
  const bool midnight = std::chrono::floor<std::chrono::days>(*instant) == *instant;
  return json::value(midnight ? text.substr(0, 10) : text);
}

}  // namespace

json::object to_json(const pricing::Rates& rates) {
  json::object per_million;
  json::object per_unit;
  for (const pricing::RateField& field : pricing::rate_fields) {
    const pricing::Rate& rate = rates.*field.member;
    if (!rate) continue;
    if (field.per_token) {
      per_million[field.name] = pricing::to_usd_per_million(*rate);
    } else {
      per_unit[field.name] = pricing::to_usd_per_unit(*rate);
    }
  }
  return {{"usd_per_million_tokens", std::move(per_million)},
          {"usd_per_unit", std::move(per_unit)}};
}

json::object to_json(const pricing::Price& price) {
  json::array long_context;
  for (const pricing::LongContextTier& tier : price.long_context) {
    long_context.push_back(json::object{{"above_input_tokens", tier.above_input.value()},
                                        {"rates", to_json(tier.rates)}});
  }
  json::object service_tiers;
  for (const pricing::ServiceTierRates& tier : price.service_tiers) {
    service_tiers[name_of(tier.tier)] = to_json(tier.rates);
  }
  return {{"price_id", price.id},
          {"provider", price.provider},
          {"model", price.model},
          {"rates", to_json(price.rates)},
          {"long_context", std::move(long_context)},
          {"service_tiers", std::move(service_tiers)},
          {"context_window", tokens_or_null(price.context_window)},
          {"max_output_tokens", tokens_or_null(price.max_output)},
          {"source", price.source},
          {"effective_from", date_of(price.effective_from)},
          {"verified", price.verified},
          {"manual", price.manual},
          {"free", price.free}};
}

json::object to_json(const pricing::FoundPrice& found) {
  json::object object{{"price_id", found.id()},
                      {"match", pricing::name_of(found.match)},
                      {"adjust", static_cast<double>(found.adjust_ppm) / 1e6}};
  object["price"] = found.price ? json::value(to_json(*found.price)) : json::value(nullptr);
  object["stated_rates"] =
      found.stated ? json::value(to_json(*found.stated)) : json::value(nullptr);
  return object;
}

}  // namespace budget::admin
