#include "pricing/cost.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "pricing/rate.h"

namespace budget::pricing {
namespace {

// Sums are kept in pico-USD/1000, so that milliseconds times a rate per second
// need no division, times the adjustment in parts per million: one division
// and one rounding, at the end.
__extension__ using Wide = unsigned __int128;
constexpr std::int64_t per_token = 1000;
constexpr Wide scale = 1'000'000'000'000;  // to nano-USD, with the adjustment
constexpr auto money_max = static_cast<Wide>(Money::max().value());

std::uint64_t amount(std::int64_t value) {
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

Wide plus(Wide a, Wide b) {
  Wide sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? ~Wide{0} : sum;
}

Wide times(Wide a, Wide b) {
  Wide product = 0;
  return __builtin_mul_overflow(a, b, &product) ? ~Wide{0} : product;
}

Wide of(std::int64_t count, std::int64_t rate, std::int64_t unit = per_token) {
  return times(times(amount(count), amount(rate)), amount(unit));
}

// Rounded up: a fraction of a nano-USD is never given away.
Money to_money(Wide sum, std::int64_t adjust_ppm) {
  const Wide adjusted = times(sum, amount(adjust_ppm));
  const Wide nano = adjusted / scale + (adjusted % scale != 0 ? 1 : 0);
  return Money(static_cast<std::int64_t>(std::min(nano, money_max)));
}

// The parts are rounded so that they make up the total exactly.
Cost to_cost(Wide input, Wide output, std::int64_t adjust_ppm) {
  const Money total = to_money(plus(input, output), adjust_ppm);
  const Money in = to_money(input, adjust_ppm);
  return {.input = in, .output = total - in, .total = total};
}

// Rates with every fall-back taken; what is not stated at all is 0.
struct Billed {
  std::int64_t input, cache_read, cache_write_5m, cache_write_1h, audio_input, image_input;
  std::int64_t output, reasoning, audio_output, image_output;
  std::int64_t image, audio_second, character, search_unit, request;
};

Billed with_fallbacks(const Rates& r) {
  const std::int64_t input = r.input ? *r.input : r.output.value_or(0);
  const std::int64_t output = r.output ? *r.output : input;
  const std::int64_t write = r.cache_write_5m.value_or(input);
  return {
      .input = input,
      .cache_read = r.cache_read.value_or(input),
      .cache_write_5m = write,
      .cache_write_1h = r.cache_write_1h.value_or(write),
      .audio_input = r.audio_input.value_or(input),
      .image_input = r.image_input.value_or(input),
      .output = output,
      .reasoning = r.reasoning.value_or(output),
      .audio_output = r.audio_output.value_or(output),
      .image_output = r.image_output.value_or(output),
      .image = r.image.value_or(0),
      .audio_second = r.audio_second.value_or(0),
      .character = r.character.value_or(0),
      .search_unit = r.search_unit.value_or(0),
      .request = r.request.value_or(0),
  };
}

// A service tier's rate where the long context has one of its own, see price.h.
std::int64_t scaled_rate(std::int64_t tier, std::int64_t longer, Rate base) {
  if (base.value_or(0) <= 0) return std::max(tier, longer);
  const Wide product = times(amount(tier), amount(longer));
  const Wide divisor = amount(*base);
  const Wide rate = product / divisor + (product % divisor != 0 ? 1 : 0);
  return static_cast<std::int64_t>(std::min(rate, money_max));
}

Rates rates_in(const Price& price, ServiceTier tier, Tokens input_total) {
  Rates rates = price.rates;
  const Rates* longer = nullptr;
  for (const LongContextTier& step : price.long_context) {
    if (input_total > step.above_input) longer = &step.rates;
  }
  const auto service = std::ranges::find(price.service_tiers, tier, &ServiceTierRates::tier);
  const Rates* tiered = service == price.service_tiers.end() ? nullptr : &service->rates;
  if (longer == nullptr && tiered == nullptr) return rates;
  for (const RateField& field : rate_fields) {
    const Rate in_long = longer == nullptr ? Rate() : longer->*field.member;
    const Rate in_tier = tiered == nullptr ? Rate() : tiered->*field.member;
    Rate& rate = rates.*field.member;
    if (in_long && in_tier) {
      rate = scaled_rate(*in_tier, *in_long, rate);
    } else if (in_long || in_tier) {
      rate = in_long ? in_long : in_tier;
    }
  }
  return rates;
}

Billed dearer(const Billed& a, const Billed& b) {
  const auto max = [&a, &b](std::int64_t Billed::* rate) { return std::max(a.*rate, b.*rate); };
  return {
      .input = max(&Billed::input),
      .cache_read = max(&Billed::cache_read),
      .cache_write_5m = max(&Billed::cache_write_5m),
      .cache_write_1h = max(&Billed::cache_write_1h),
      .audio_input = max(&Billed::audio_input),
      .image_input = max(&Billed::image_input),
      .output = max(&Billed::output),
      .reasoning = max(&Billed::reasoning),
      .audio_output = max(&Billed::audio_output),
      .image_output = max(&Billed::image_output),
      .image = max(&Billed::image),
      .audio_second = max(&Billed::audio_second),
      .character = max(&Billed::character),
      .search_unit = max(&Billed::search_unit),
      .request = max(&Billed::request),
  };
}

// Every rate at its dearest over the tiers that the call may end up in.
Billed dearest(const WorstCase& worst, const FoundPrice& found) {
  if (found.stated != nullptr) return with_fallbacks(*found.stated);
  Billed most{};
  for (const ServiceTier tier :
       {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex, ServiceTier::priority}) {
    if (tier == ServiceTier::priority && worst.tier != tier) continue;
    most = dearer(most, with_fallbacks(rates_in(*found.price, tier, Tokens(0))));
    for (const LongContextTier& step : found.price->long_context) {
      if (worst.input <= step.above_input) continue;
      most =
          dearer(most, with_fallbacks(rates_in(*found.price, tier, step.above_input + Tokens(1))));
    }
  }
  return most;
}

// A worst case as a line: what is fixed, and what every output token adds.
struct WorstLine {
  Wide input = 0;
  Wide output_fixed = 0;
  Wide output_token = 0;
};

WorstLine worst_line(const WorstCase& worst, const FoundPrice& found) {
  if (found.match == PriceMatch::free) return {};
  const Billed rates = dearest(worst, found);
  const bool unasked = found.price == nullptr || !found.price->cache_on_request;
  std::int64_t input = std::max(rates.input, rates.cache_read);
  if (unasked || worst.cache_write_5m || worst.cache_write_1h) {
    input = std::max(input, rates.cache_write_5m);
  }
  if (unasked || worst.cache_write_1h) input = std::max(input, rates.cache_write_1h);
  if (worst.audio_input) input = std::max(input, rates.audio_input);
  if (worst.image_input) input = std::max(input, rates.image_input);
  const std::int64_t output =
      std::max({rates.output, rates.reasoning, rates.audio_output, rates.image_output});
  return {
      .input = plus(of(worst.input.value(), input),
                    plus(of(worst.search_units, rates.search_unit), of(1, rates.request))),
      .output_fixed = plus(of(worst.images, rates.image),
                           plus(of(worst.audio_milliseconds, rates.audio_second, 1),
                                of(worst.characters, rates.character))),
      .output_token = of(1, output),
  };
}

}  // namespace

Cost cost_of(const Usage& usage, const FoundPrice& found, ServiceTier tier) {
  if (found.match == PriceMatch::free) return {};
  const Billed rates = with_fallbacks(
      found.stated != nullptr ? *found.stated : rates_in(*found.price, tier, usage.input_total()));
  Wide input = plus(of(usage.search_units, rates.search_unit), of(1, rates.request));
  for (const auto& [tokens, rate] : std::initializer_list<std::pair<Tokens, std::int64_t>>{
           {usage.input, rates.input},
           {usage.cache_read, rates.cache_read},
           {usage.cache_write_5m, rates.cache_write_5m},
           {usage.cache_write_1h, rates.cache_write_1h},
           {usage.audio_input, rates.audio_input},
           {usage.image_input, rates.image_input}}) {
    input = plus(input, of(tokens.value(), rate));
  }
  Wide output =
      plus(of(usage.images, rates.image), plus(of(usage.audio_milliseconds, rates.audio_second, 1),
                                               of(usage.characters, rates.character)));
  for (const auto& [tokens, rate] : std::initializer_list<std::pair<Tokens, std::int64_t>>{
           {usage.output, rates.output},
           {usage.reasoning, rates.reasoning},
           {usage.audio_output, rates.audio_output},
           {usage.image_output, rates.image_output}}) {
    output = plus(output, of(tokens.value(), rate));
  }
  return to_cost(input, output, found.adjust_ppm);
}

Cost worst_case_cost(const WorstCase& worst, const FoundPrice& found) {
  const WorstLine line = worst_line(worst, found);
  const Wide output =
      plus(line.output_fixed, times(line.output_token, amount(worst.output_ceiling.value())));
  return to_cost(line.input, output, found.adjust_ppm);
}

Tokens output_that_fits(const WorstCase& worst, const FoundPrice& found, Money room) {
  const Tokens nothing(-1);
  const Tokens ceiling = std::max(worst.output_ceiling, Tokens(0));
  if (room < Money(0)) return nothing;
  // An amount that saturated fits only into the largest room there is.
  if (room == Money::max()) return ceiling;
  const WorstLine line = worst_line(worst, found);
  const Wide fixed = plus(line.input, line.output_fixed);
  if (found.adjust_ppm <= 0) return ceiling;
  // total <= room, when sum * adjust <= room * scale.
  const Wide most = times(amount(room.value()), scale) / amount(found.adjust_ppm);
  if (fixed > most) return nothing;
  if (line.output_token == 0) return ceiling;
  const Wide fits = (most - fixed) / line.output_token;
  return Tokens(static_cast<std::int64_t>(std::min(fits, static_cast<Wide>(ceiling.value()))));
}

}  // namespace budget::pricing
