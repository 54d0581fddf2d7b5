#include "admin/find.h"

#include <chrono>
#include <string>

namespace budget::admin {

const policy::Budget* find_budget(const View& view, std::string_view name) {
  for (const policy::Budget& budget : view.policies->config().budgets) {
    if (budget.name == name) return &budget;
  }
  return nullptr;
}

std::pair<const policy::Policy*, const policy::Budget*> find_policy(const View& view,
                                                                    std::string_view id) {
  for (const policy::Budget& budget : view.policies->config().budgets) {
    for (const policy::Policy& policy : budget.policies) {
      if (policy.id == id) return {&policy, &budget};
    }
  }
  return {nullptr, nullptr};
}

pricing::PricedProvider priced_provider(const View& view, std::string_view name) {
  for (const ProviderView& provider : view.providers) {
    if (provider.name == name) return provider.priced;
  }
  return {std::string(name), view.catalog->provider_id(name, ""), false};
}

pricing::FoundPrice find_price(const View& view, std::string_view provider, std::string_view model,
                               policy::Time at) {
  return view.catalog->find(priced_provider(view, provider), model,
                            std::chrono::floor<std::chrono::seconds>(at), view.price_rules);
}

}  // namespace budget::admin
