#include "pricing/price_merge.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "pricing/catalog.h"
#include "pricing/rate.h"

namespace budget::pricing {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t plausible_factor = 10;

using Key = std::pair<std::string, std::string>;  // provider, model

bool within(std::int64_t a, std::int64_t b, std::int64_t tolerance_ppm) {
  const Wide apart = a > b ? Wide(a) - b : Wide(b) - a;
  return apart * million <= Wide(std::max(a, b)) * tolerance_ppm;
}

// In all rates that both state, of which one at least is for tokens or units.
bool agree(const Rates& a, const Rates& b, std::int64_t tolerance_ppm) {
  bool any = false;
  for (const RateField& field : rate_fields) {
    const Rate& left = a.*field.member;
    const Rate& right = b.*field.member;
    if (!left || !right) continue;
    if (!within(*left, *right, tolerance_ppm)) return false;
    any = true;
  }
  return any;
}

void overlay(Rates& base, const Rates& stated) {
  for (const RateField& field : rate_fields) {
    if (stated.*field.member) base.*field.member = stated.*field.member;
  }
}

// `base` with what `listed` states.
Price combined(const Price* base, const Price& listed) {
  Price row = base != nullptr ? *base : listed;
  if (base != nullptr) {
    overlay(row.rates, listed.rates);
    for (const LongContextTier& tier : listed.long_context) {
      const auto at =
          std::ranges::find(row.long_context, tier.above_input, &LongContextTier::above_input);
      if (at == row.long_context.end()) {
        row.long_context.push_back(tier);
      } else {
        overlay(at->rates, tier.rates);
      }
    }
    std::ranges::sort(row.long_context, {}, &LongContextTier::above_input);
    for (const ServiceTierRates& tier : listed.service_tiers) {
      const auto at = std::ranges::find(row.service_tiers, tier.tier, &ServiceTierRates::tier);
      if (at == row.service_tiers.end()) {
        row.service_tiers.push_back(tier);
      } else {
        overlay(at->rates, tier.rates);
      }
    }
    if (listed.context_window) row.context_window = listed.context_window;
    if (listed.max_output) row.max_output = listed.max_output;
    row.cache_on_request = base->cache_on_request;
  }
  row.source = listed.source;
  row.free = listed.free;
  row.manual = false;
  row.ended = false;
  row.daily.reset();
  return row;
}

bool charges_alike(const Price& a, const Price& b) {
  return resolved(a.rates) == resolved(b.rates) && a.long_context == b.long_context &&
         a.service_tiers == b.service_tiers && a.free == b.free && a.manual == b.manual &&
         a.ended == b.ended;
}

bool implausible(const Rates& before, const Rates& after) {
  const Rates old = resolved(before);
  const Rates fresh = resolved(after);
  for (Rate Rates::* const rate : {&Rates::input, &Rates::output}) {
    const std::int64_t a = (old.*rate).value_or(0);
    const std::int64_t b = (fresh.*rate).value_or(0);
    if (a <= 0) continue;
    if (Wide(b) > Wide(a) * plausible_factor || Wide(b) * plausible_factor < a) return true;
  }
  return false;
}

// What there is to say about one model.
struct Candidates {
  std::vector<std::pair<const Listing*, const Price*>> listed;  // the most trusted first
  const Price* stated = nullptr;
  const ModelEntry* own = nullptr;
};

class Merger {
 public:
  explicit Merger(const MergeRequest& request)
      : request_(request), shipped_(Catalog::of(request.shipped)), current_(current_of(request)) {}

  MergeOutcome run() {
    gather();
    for (const auto& [key, candidates] : models_) merge(key, candidates);
    for (auto& [id, models] : own_) {
      outcome_.own.providers.push_back(
          {.id = id, .hosts = {}, .names = {}, .models = std::move(models)});
    }
    outcome_.own.date = request_.shipped.date;
    outcome_.compared = static_cast<std::int64_t>(models_.size());
    return std::move(outcome_);
  }

 private:
  static std::shared_ptr<const Catalog> current_of(const MergeRequest& request) {
    PriceFile all = request.shipped;
    add_rows(all, request.own);
    return Catalog::of(std::move(all));
  }

  static Key key_of(const std::string& provider, std::string model) {
    for (char& c : model) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return {provider, std::move(model)};
  }

  template <class Take>
  void each_model(const PriceFile& file, const Take& take) {
    for (const ProviderEntry& provider : file.providers) {
      for (const ModelEntry& model : provider.models) {
        take(models_[key_of(provider.id, model.name)], model);
      }
    }
  }

  void gather() {
    each_model(request_.own, [](Candidates& of, const ModelEntry& model) { of.own = &model; });
    each_model(request_.overrides, [](Candidates& of, const ModelEntry& model) {
      if (!model.rows.empty()) of.stated = &model.rows.back();
    });
    for (const Listing& listing : request_.listings) {
      each_model(*listing.file, [&listing](Candidates& of, const ModelEntry& model) {
        if (!model.rows.empty()) of.listed.emplace_back(&listing, &model.rows.back());
      });
    }
  }

  // The price of this very model, or of one that it is another name of; not of
  // a family, which is a guess. Of one that varies by the hour, the price that
  // varies: lists state that one.
  static const Price* known(const Catalog& catalog, const Key& key, std::chrono::sys_seconds at) {
    const FoundPrice found = catalog.find({key.first, key.first, false}, key.second, at, {});
    if (found.match == PriceMatch::family || found.match == PriceMatch::unknown) return nullptr;
    const Price* row = found.price;
    while (row->daily) --row;  // a model's rows lie together, and the first has no window
    return row;
  }

  void merge(const Key& key, const Candidates& of) {
    const Price* now = known(*current_, key, request_.now);
    std::optional<Price> target;
    bool verified = false;
    if (of.stated != nullptr) {
      target = stated_price(*of.stated, now);
    } else if (!of.listed.empty()) {
      target = listed_price(key, of, now, verified);
    }
    const bool taken_back = now != nullptr && now->manual && of.stated == nullptr;
    if (!target && taken_back) target = shipped_or_none(key, *now);
    std::optional<bool> mark;
    if (!of.listed.empty() && of.stated == nullptr) mark = verified;
    settle(key, of, now, std::move(target), mark);
  }

  static Price stated_price(const Price& stated, const Price* now) {
    Price row = stated;
    row.manual = true;
    row.free = false;
    if (now != nullptr) {
      row.model = now->model;
      if (!row.context_window) row.context_window = now->context_window;
      if (!row.max_output) row.max_output = now->max_output;
      row.cache_on_request = now->cache_on_request;
    }
    return row;
  }

  std::optional<Price> listed_price(const Key& key, const Candidates& of, const Price* now,
                                    bool& verified) {
    const auto& [listing, best] = of.listed.front();
    PriceConflict conflict{key.first, best->model, {{listing->source, best->rates}}, false};
    bool agreed = false;
    bool disagreed = false;
    for (std::size_t i = 1; i < of.listed.size(); ++i) {
      const auto& [other, price] = of.listed[i];
      if (agree(best->rates, price->rates, request_.tolerance_ppm)) {
        agreed = true;
        continue;
      }
      disagreed = true;
      conflict.sides.push_back({other->source, price->rates});
    }
    // What was shipped may confirm; an operator's own price is no evidence.
    const Price* shipped = known(*shipped_, key, request_.now);
    const bool confirmed =
        shipped != nullptr && agree(best->rates, shipped->rates, request_.tolerance_ppm);
    verified = (agreed || confirmed) && !disagreed;
    const Price* base = now != nullptr && !now->manual ? now : shipped;
    if (!agreed && base != nullptr && !base->free && implausible(base->rates, best->rates)) {
      conflict.implausible = true;
      conflict.sides.push_back({base->source, base->rates});
      verified = false;
    }
    const bool held_back = conflict.implausible;
    if (conflict.sides.size() > 1) outcome_.conflicts.push_back(std::move(conflict));
    if (held_back) return std::nullopt;
    return combined(base, *best);
  }

  Price shipped_or_none(const Key& key, const Price& now) {
    if (const Price* shipped = known(*shipped_, key, request_.now)) return *shipped;
    Price none;
    none.model = now.model;
    none.source = now.source;
    none.ended = true;
    return none;
  }

  // Adds a row where there is something new to say.
  void settle(const Key& key, const Candidates& of, const Price* now, std::optional<Price> target,
              std::optional<bool> verified) {
    ModelEntry entry;
    if (of.own != nullptr) entry = *of.own;
    const bool changed =
        target && (now == nullptr ? !target->ended : !charges_alike(*target, *now));
    if (changed) {
      target->provider = key.first;
      target->model = name_of(key, of, *target);
      target->effective_from = request_.now;
      target->verified = verified.value_or(false);
      entry.name = target->model;
      entry.rows.push_back(std::move(*target));
      name_rows(entry, request_.shipped.date);
      tell(key, now, entry.rows.back());
      if (entry.rows.size() > own_rows_max) entry.rows.erase(entry.rows.begin());
    }
    // Another name of a model says nothing about the model's own row.
    const bool own_name = now != nullptr && key_of(key.first, now->model) == key;
    const bool marks = !changed && own_name && verified && now->verified != *verified;
    if (marks && entry.name.empty()) entry.name = now->model;
    if (marks || changed) entry.verified = verified;
    outcome_.own_changed = outcome_.own_changed || changed || marks;
    if (!entry.name.empty()) own_[key.first].push_back(std::move(entry));
  }

  // As people write it: by the source, else as it was known.
  static std::string name_of(const Key& key, const Candidates& of, const Price& target) {
    if (of.own != nullptr) return of.own->name;
    if (of.stated != nullptr) return of.stated->model;
    if (!of.listed.empty()) return of.listed.front().second->model;
    return target.model.empty() ? key.second : target.model;
  }

  void tell(const Key& key, const Price* now, const Price& after) {
    PriceChange change{key.first, after.model, std::nullopt, std::nullopt, 0};
    if (now != nullptr) change.before = *now;
    if (!after.ended) change.after = after;
    if (now != nullptr && !after.ended) change.change_ppm = change_ppm(now->rates, after.rates);
    outcome_.changes.push_back(std::move(change));
  }

  const MergeRequest& request_;
  std::shared_ptr<const Catalog> shipped_;
  std::shared_ptr<const Catalog> current_;
  std::map<Key, Candidates> models_;
  std::map<std::string, std::vector<ModelEntry>> own_;
  MergeOutcome outcome_;
};

}  // namespace

MergeOutcome merge_prices(const MergeRequest& request) {
  return Merger(request).run();
}

Rates resolved(const Rates& rates) {
  Rates all = rates;
  if (!all.input) all.input = all.output;
  if (!all.output) all.output = all.input;
  for (Rate Rates::* const rate :
       {&Rates::cache_read, &Rates::cache_write_5m, &Rates::audio_input, &Rates::image_input}) {
    if (!(all.*rate)) all.*rate = all.input;
  }
  if (!all.cache_write_1h) all.cache_write_1h = all.cache_write_5m;
  for (Rate Rates::* const rate : {&Rates::reasoning, &Rates::audio_output, &Rates::image_output}) {
    if (!(all.*rate)) all.*rate = all.output;
  }
  for (const RateField& field : rate_fields) {
    Rate& rate = all.*field.member;
    if (!rate) rate = 0;
  }
  return all;
}

std::int64_t change_ppm(const Rates& before, const Rates& after) {
  const Rates old = resolved(before);
  const Rates fresh = resolved(after);
  std::int64_t most = 0;
  for (Rate Rates::* const rate : {&Rates::input, &Rates::output}) {
    const std::int64_t a = (old.*rate).value_or(0);
    const std::int64_t b = (fresh.*rate).value_or(0);
    if (a <= 0) continue;
    const Wide ppm = (Wide(b) - a) * million / a;
    const auto change =
        static_cast<std::int64_t>(std::clamp<Wide>(ppm, -million, Wide(million) * million));
    if (std::abs(change) > std::abs(most)) most = change;
  }
  return most;
}

}  // namespace budget::pricing
