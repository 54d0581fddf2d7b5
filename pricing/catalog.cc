#include "pricing/catalog.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <unordered_map>

#include "pricing/catalog_json.h"
#include "pricing/model_name.h"

// pricing/data/catalog.S: the file pricing/data/catalog.json as it is.
extern "C" {
extern const char budget_catalog_begin[];
extern const char budget_catalog_end[];
}

namespace budget::pricing {
namespace {

// Model ids are short; ARNs are the longest. What is longer has no price.
constexpr std::size_t name_bytes_max = 512;
// Enough for every mark of a version that a name carries ("-20241022-v1:0").
constexpr int versions_max = 4;

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <class Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

struct Named {
  std::uint32_t model;
  bool own;  // the model's own name, not an alias
};

struct Family {
  std::string pattern;
  std::size_t literals;  // what "longest" is measured by
  std::uint32_t model;
};

// A model's rows are prices_[first, first + count).
struct Rows {
  std::uint32_t first;
  std::uint32_t count;
};

struct ProviderIndex {
  StringMap<Named> names;
  std::vector<Family> families;  // longest first
};

struct HostPattern {
  std::string pattern;
  std::string provider;
};

// A lower-case copy without an allocation.
class LowerName {
 public:
  explicit LowerName(std::string_view name) {
    if (name.size() > name_bytes_max) return;
    std::ranges::transform(name, bytes_.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    length_ = name.size();
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), length_}; }

 private:
  std::array<char, name_bytes_max> bytes_;
  std::size_t length_ = 0;
};

struct Hit {
  std::uint32_t model;
  PriceMatch match;
};

std::optional<Hit> named(const ProviderIndex& provider, std::string_view name) {
  if (const auto at = provider.names.find(name); at != provider.names.end()) {
    return Hit{at->second.model, at->second.own ? PriceMatch::exact : PriceMatch::alias};
  }
  return std::nullopt;
}

// `name` with fewer and fewer marks of a version, each also as "NAME-latest".
std::optional<Hit> dated(const ProviderIndex& provider, std::string_view name) {
  std::array<char, name_bytes_max + 8> latest;
  constexpr std::string_view suffix = "-latest";
  for (int taken = 0; taken <= versions_max; ++taken) {
    if (const auto hit = named(provider, name)) return Hit{hit->model, PriceMatch::alias};
    std::ranges::copy(name, latest.begin());
    std::ranges::copy(suffix, latest.begin() + static_cast<std::ptrdiff_t>(name.size()));
    if (const auto hit = named(provider, {latest.data(), name.size() + suffix.size()})) {
      return Hit{hit->model, PriceMatch::alias};
    }
    const auto shorter = without_version(name);
    if (!shorter) break;
    name = *shorter;
  }
  return std::nullopt;
}

std::size_t literals_of(std::string_view pattern) {
  return static_cast<std::size_t>(std::ranges::count_if(pattern, [](char c) { return c != '*'; }));
}

// The longest of two kinds: the provider's own patterns, and a known model's
// name that `name` extends.
std::optional<Hit> in_family(const ProviderIndex& provider, std::string_view name,
                             const std::function<bool(std::uint32_t)>& is_free) {
  std::optional<Hit> found;
  std::size_t length = 0;
  for (const Family& family : provider.families) {
    if (matches_glob(family.pattern, name, true) && !names_another_product(name, family.pattern)) {
      found = Hit{family.model, PriceMatch::family};
      length = family.literals;
      break;
    }
  }
  for (std::string_view stem = name; const auto shorter = without_last_piece(stem);) {
    stem = *shorter;
    if (stem.size() <= length) break;
    const auto hit = named(provider, stem);
    // An unknown model is never guessed to be free.
    if (hit && !is_free(hit->model)) return Hit{hit->model, PriceMatch::family};
  }
  return found;
}

// The longest matching of an operator's patterns over "provider/model".
template <class Rule>
const Rule* longest_match(const std::vector<Rule>& rules, std::string_view provider,
                          std::string_view model) {
  if (rules.empty()) return nullptr;
  std::array<char, 2 * name_bytes_max> buffer;
  if (provider.size() + 1 + model.size() > buffer.size()) return nullptr;
  auto end = std::ranges::copy(provider, buffer.begin()).out;
  *end++ = '/';
  end = std::ranges::copy(model, end).out;
  const std::string_view name(buffer.data(), static_cast<std::size_t>(end - buffer.begin()));
  const Rule* best = nullptr;
  for (const Rule& rule : rules) {
    if ((best == nullptr || rule.pattern.size() > best->pattern.size()) &&
        matches_glob(rule.pattern, name)) {
      best = &rule;
    }
  }
  return best;
}

std::string lower_copy(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// "host/path" of a URL, lower-case, without user, port and query.
std::string host_and_path(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
  }
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t slash = url.find('/');
  std::string_view host = url.substr(0, slash);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  host = host.substr(0, host.find(':'));
  return lower_copy(host) +
         (slash == std::string_view::npos ? std::string() : lower_copy(url.substr(slash)));
}

}  // namespace

struct Catalog::Index {
  StringMap<ProviderIndex> providers;
  std::vector<Rows> models;
  StringMap<std::string> provider_names;
  std::vector<HostPattern> hosts;

  void add(ProviderEntry entry, std::vector<Price>& prices);
  [[nodiscard]] std::optional<Hit> look_up(std::string_view provider, std::string_view model,
                                           const std::vector<Price>& prices) const;
  [[nodiscard]] const Price* in_force(std::uint32_t model, std::chrono::sys_seconds at,
                                      const std::vector<Price>& prices) const;
};

void Catalog::Index::add(ProviderEntry entry, std::vector<Price>& prices) {
  ProviderIndex& index = providers[entry.id];
  for (std::string& host : entry.hosts) hosts.push_back({std::move(host), entry.id});
  for (std::string& name : entry.names) provider_names.emplace(std::move(name), entry.id);
  provider_names.insert_or_assign(entry.id, entry.id);
  const auto first_model = static_cast<std::uint32_t>(models.size());
  for (ModelEntry& model : entry.models) {
    if (model.rows.empty()) continue;  // only says that others agree
    const auto number = static_cast<std::uint32_t>(models.size());
    models.push_back(
        {static_cast<std::uint32_t>(prices.size()), static_cast<std::uint32_t>(model.rows.size())});
    std::ranges::move(model.rows, std::back_inserter(prices));
    if (!model.label) index.names.emplace(lower_copy(model.name), Named{number, true});
    for (std::string& pattern : model.families) {
      const std::size_t literals = literals_of(pattern);
      index.families.push_back({std::move(pattern), literals, number});
    }
  }
  // Aliases after all names: a model's own name is never another's alias.
  // Of two models with one alias the first has it.
  std::uint32_t number = first_model;
  for (ModelEntry& model : entry.models) {
    if (model.rows.empty()) continue;
    for (std::string& alias : model.aliases) {
      index.names.emplace(std::move(alias), Named{number, false});
    }
    ++number;
  }
  // Of equally long ones, the file's order decides.
  std::ranges::sort(index.families, [](const Family& a, const Family& b) {
    return a.literals != b.literals ? a.literals > b.literals : a.model < b.model;
  });
}

std::optional<Hit> Catalog::Index::look_up(std::string_view provider, std::string_view model,
                                           const std::vector<Price>& prices) const {
  const auto at = providers.find(provider);
  if (at == providers.end() || model.empty()) return std::nullopt;
  const ProviderIndex& known = at->second;
  if (const auto hit = named(known, model)) return hit;
  const std::string_view base = without_resource_path(model, provider);
  if (const auto hit = dated(known, base)) return hit;
  const auto everywhere =
      provider == "bedrock" || provider == "simulated" ? without_region(base) : std::nullopt;
  if (everywhere) {
    if (const auto hit = dated(known, *everywhere)) return hit;
  }
  const auto is_free = [this, &prices](std::uint32_t number) {
    return prices[models[number].first].free;
  };
  if (const auto hit = in_family(known, base, is_free)) return hit;
  if (everywhere) return in_family(known, *everywhere, is_free);
  return std::nullopt;
}

const Price* Catalog::Index::in_force(std::uint32_t model, std::chrono::sys_seconds at,
                                      const std::vector<Price>& prices) const {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::seconds time_of_day = at - day;
  const Price* found = nullptr;
  const Rows rows = models[model];
  for (std::uint32_t i = rows.first; i < rows.first + rows.count; ++i) {
    const Price& row = prices[i];
    if (row.effective_from && *row.effective_from > at) break;
    if (!row.daily || row.daily->contains(time_of_day)) found = &row;
  }
  // A model whose first known price starts later had some price before.
  return found != nullptr ? found : &prices[rows.first];
}

Catalog::Catalog() : index_(std::make_unique<Index>()) {}
Catalog::~Catalog() = default;

std::expected<std::shared_ptr<const Catalog>, std::string> Catalog::parse(std::string_view json) {
  auto file = read_price_file(json);
  if (!file) return std::unexpected(std::move(file.error()));
  return of(std::move(*file));
}

std::shared_ptr<const Catalog> Catalog::of(PriceFile file) {
  std::shared_ptr<Catalog> catalog(new Catalog);
  catalog->date_ = std::move(file.date);
  std::size_t rows = 0;
  for (const ProviderEntry& provider : file.providers) {
    for (const ModelEntry& model : provider.models) rows += model.rows.size();
  }
  catalog->prices_.reserve(rows);
  for (ProviderEntry& provider : file.providers) {
    catalog->index_->add(std::move(provider), catalog->prices_);
  }
  return catalog;
}

PriceFile Catalog::shipped_file() {
  const auto size = static_cast<std::size_t>(budget_catalog_end - budget_catalog_begin);
  auto file = read_price_file({budget_catalog_begin, size});
  if (!file) {
    // Built in and tested: only a broken binary comes here.
    std::fprintf(stderr, "the built-in price catalog is broken: %s\n", file.error().c_str());
    std::abort();
  }
  return std::move(*file);
}

std::shared_ptr<const Catalog> Catalog::shipped() {
  return of(shipped_file());
}

std::string Catalog::provider_id(std::string_view name, std::string_view url) const {
  const std::string place = host_and_path(url);
  const std::string_view host = std::string_view(place).substr(0, place.find('/'));
  for (const HostPattern& known : index_->hosts) {
    const bool claims = known.pattern.contains('/') ? matches_glob(known.pattern, place) ||
                                                          matches_glob(known.pattern + "/*", place)
                                                    : matches_glob(known.pattern, host);
    if (claims) return known.provider;
  }
  std::string id = lower_copy(name);
  if (const auto at = index_->provider_names.find(id); at != index_->provider_names.end()) {
    return at->second;
  }
  return id;
}

FoundPrice Catalog::find(const PricedProvider& provider, std::string_view model,
                         std::chrono::sys_seconds at, const PriceRules& rules) const {
  FoundPrice found;
  const LowerName name(model);
  auto hit = index_->look_up(provider.catalog, name.view(), prices_);
  if (hit) {
    found.price = index_->in_force(hit->model, at, prices_);
    found.match = hit->match;
    if (found.price->ended) {
      found = {};
      hit.reset();
    }
  }
  if (provider.free) {
    found.match = PriceMatch::free;
    return found;
  }
  if (const auto* rule = longest_match(rules.overrides, provider.name, model)) {
    found.stated = &rule->rates;
    found.match = PriceMatch::override_;
    return found;
  }
  if (!hit) {
    if (rules.unknown_model == PriceRules::Unknown::price) found.stated = &rules.unknown_rates;
    if (rules.unknown_model == PriceRules::Unknown::free) found.match = PriceMatch::free;
    return found;
  }
  if (found.price->manual) {
    found.match = PriceMatch::override_;
    return found;
  }
  if (const auto* rule = longest_match(rules.adjustments, provider.name, model)) {
    found.adjust_ppm = rule->factor_ppm;
  }
  return found;
}

std::string_view name_of(PriceMatch match) {
  switch (match) {
    case PriceMatch::exact:
      return "exact";
    case PriceMatch::alias:
      return "alias";
    case PriceMatch::family:
      return "family";
    case PriceMatch::override_:
      return "override";
    case PriceMatch::free:
      return "free";
    case PriceMatch::unknown:
      return "unknown";
  }
  return "unknown";
}

std::string_view FoundPrice::id() const {
  const bool listed = stated == nullptr && price != nullptr && match != PriceMatch::free &&
                      match != PriceMatch::unknown;
  return listed ? std::string_view(price->id) : name_of(match);
}

}  // namespace budget::pricing
