#include "admin/analytics/recommend.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "admin/analytics/model_cost.h"
#include "admin/find.h"

namespace budget::admin {
namespace {

using pricing::Money;
using pricing::Tokens;

__extension__ using Wide = __int128;

constexpr std::size_t cheaper_most = 3;
constexpr std::int64_t class_divisor = 5;
constexpr std::int64_t least_share = 100;
constexpr std::int64_t long_input = 2048;
constexpr std::int64_t assumed_ppm = 500'000;
constexpr std::int64_t million = 1'000'000;

bool worth_it(Money saving, Money cost) {
  return saving > Money(0) && Wide(saving.value()) * least_share >= cost.value();
}

// Known to be no smaller; what is not known of the used model asks for nothing.
bool no_smaller(std::optional<Tokens> choice, std::optional<Tokens> used) {
  return !used || (choice && *choice >= *used);
}

bool comparable(const ModelChoice& choice, const ModelChoice& used) {
  const pricing::Price* const to = choice.found.price;
  const pricing::Price* const from = used.found.price;
  if (choice.provider->format != used.provider->format || choice.tier != used.tier) return false;
  if (choice.provider == used.provider && to == from) return false;
  return no_smaller(to->context_window, from->context_window) &&
         no_smaller(to->max_output, from->max_output);
}

const ProviderView* provider_named(const View& view, std::string_view name) {
  const auto at = std::ranges::find(view.providers, name, &ProviderView::name);
  return at == view.providers.end() ? nullptr : &*at;
}

void recommend_cheaper(const ModelChoice& used, const ledger::UsageSum& sum,
                       const std::vector<ModelChoice>& choices, std::vector<Recommendation>& all) {
  const Money cost = cost_at(sum, used.found);
  std::vector<Recommendation> found;
  std::set<std::string_view> models;
  for (const ModelChoice& choice : choices) {
    if (!comparable(choice, used)) continue;
    const Money other = cost_at(sum, choice.found);
    const Money saving = cost - other;
    if (!worth_it(saving, cost) || Wide(other.value()) * class_divisor < cost.value()) continue;
    Recommendation one;
    one.provider = sum.group[0];
    one.model = sum.group[1];
    one.to_provider = choice.provider->name;
    one.to_model = choice.model;
    one.requests = sum.requests;
    one.cost = cost;
    one.saving = saving;
    found.push_back(std::move(one));
  }
  std::ranges::sort(found, [](const Recommendation& a, const Recommendation& b) {
    return std::tuple(b.saving, a.to_provider, a.to_model) <
           std::tuple(a.saving, b.to_provider, b.to_model);
  });
  if (found.size() > cheaper_most) found.resize(cheaper_most);
  std::ranges::move(found, std::back_inserter(all));
}

void recommend_cache(const ModelChoice& used, const ledger::UsageSum& sum,
                     std::vector<Recommendation>& all) {
  if (sum.requests <= 0 || sum.input.value() / sum.requests < long_input) return;
  const auto cached_ppm =
      static_cast<std::int64_t>(Wide(sum.cache_read.value()) * million / sum.input.value());
  if (cached_ppm >= million / 5) return;
  const Tokens fresh = std::max(sum.input - sum.cache_read - sum.cache_write, Tokens(0));
  ledger::UsageSum repeated;
  repeated.cache_read = Tokens(fresh.value() / million * assumed_ppm +
                               fresh.value() % million * assumed_ppm / million);
  const Money saving = saved_by_cache(repeated, used.found);
  const Money cost = cost_at(sum, used.found);
  if (!worth_it(saving, cost)) return;
  Recommendation one;
  one.kind = Recommendation::Kind::prompt_cache;
  one.provider = sum.group[0];
  one.model = sum.group[1];
  one.requests = sum.requests;
  one.cost = cost;
  one.saving = saving;
  one.cached_ppm = cached_ppm;
  one.assumed_ppm = assumed_ppm;
  all.push_back(std::move(one));
}

}  // namespace

std::string_view name_of(Recommendation::Kind kind) {
  return kind == Recommendation::Kind::cheaper_model ? "cheaper_model" : "prompt_cache";
}

std::vector<ModelChoice> model_choices(const View& view, policy::Time now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  std::vector<ModelChoice> choices;
  for (const ProviderView& provider : view.providers) {
    if (provider.priced.free) continue;
    std::set<std::string_view> seen;
    for (const pricing::Price& row : view.catalog->prices()) {
      if (row.provider != provider.priced.catalog || !seen.insert(row.model).second) continue;
      const auto found = view.catalog->find(provider.priced, row.model, second, view.price_rules);
      const bool own = found.match == pricing::PriceMatch::exact ||
                       found.match == pricing::PriceMatch::override_;
      // A name for people is found as somebody else's, or not at all.
      if (!own || found.price == nullptr || found.price->model != row.model) continue;
      const pricing::Rates& rates = found.stated != nullptr ? *found.stated : found.price->rates;
      if (rates.input.value_or(0) <= 0 || rates.output.value_or(0) <= 0) continue;
      choices.push_back({&provider, row.model, found, view.policies->tier_of(row.model)});
    }
  }
  return choices;
}

std::vector<Recommendation> recommend(const View& view, const std::vector<ledger::UsageSum>& used,
                                      policy::Time now) {
  const std::vector<ModelChoice> choices = model_choices(view, now);
  std::vector<Recommendation> all;
  for (const ledger::UsageSum& sum : used) {
    const ProviderView* provider = provider_named(view, sum.group[0]);
    if (provider == nullptr || provider->priced.free) continue;
    ModelChoice from{provider, sum.group[1], find_price(view, sum.group[0], sum.group[1], now),
                     view.policies->tier_of(sum.group[1])};
    if (!from.found.priced() || from.found.price == nullptr) continue;
    recommend_cheaper(from, sum, choices, all);
    recommend_cache(from, sum, all);
  }
  std::ranges::sort(all, [](const Recommendation& a, const Recommendation& b) {
    return std::tie(b.saving, a.provider, a.model, a.to_model) <
           std::tie(a.saving, b.provider, b.model, b.to_model);
  });
  return all;
}

Money total_saving(const std::vector<Recommendation>& all) {
  std::map<std::pair<std::string, std::string>, Money> best;
  for (const Recommendation& each : all) {
    Money& of = best[{each.provider, each.model}];
    of = std::max(of, each.saving);
  }
  Money total;
  for (const auto& [model, saving] : best) total += saving;
  return total;
}

}  // namespace budget::admin
