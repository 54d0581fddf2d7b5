#include "admin/analytics/model_cost.h"

#include <algorithm>

#include "pricing/price_merge.h"

namespace budget::admin {
namespace {

using pricing::Money;
using pricing::Tokens;

Tokens at_least_zero(Tokens tokens) {
  return std::max(tokens, Tokens(0));
}

}  // namespace

pricing::Rates rates_of(const pricing::FoundPrice& found) {
  if (found.stated != nullptr) return pricing::resolved(*found.stated);
  if (found.price != nullptr) return pricing::resolved(found.price->rates);
  return {};
}

Money cost_at(const ledger::UsageSum& sum, const pricing::FoundPrice& found) {
  if (found.match == pricing::PriceMatch::free) return Money(0);
  pricing::Rates rates = rates_of(found);
  // What is charged for each call is charged once for a usage.
  if (rates.request) {
    std::int64_t all = 0;
    if (__builtin_mul_overflow(*rates.request, sum.requests, &all)) all = Money::max().value();
    rates.request = all;
  }
  pricing::Usage usage;
  usage.input = at_least_zero(sum.input - sum.cache_read - sum.cache_write);
  usage.cache_read = sum.cache_read;
  usage.cache_write_5m = sum.cache_write;
  usage.output = at_least_zero(sum.output - sum.reasoning);
  usage.reasoning = sum.reasoning;
  pricing::FoundPrice flat;
  flat.stated = &rates;
  flat.match = pricing::PriceMatch::override_;
  flat.adjust_ppm = found.adjust_ppm;
  return pricing::cost_of(usage, flat, pricing::ServiceTier::standard).total;
}

Money saved_by_cache(const ledger::UsageSum& sum, const pricing::FoundPrice& found) {
  ledger::UsageSum read;
  read.input = read.cache_read = sum.cache_read;
  ledger::UsageSum fresh;
  fresh.input = sum.cache_read;
  return std::max(cost_at(fresh, found) - cost_at(read, found), Money(0));
}

}  // namespace budget::admin
