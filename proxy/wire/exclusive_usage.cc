#include "proxy/wire/exclusive_usage.h"

#include <algorithm>

namespace budget::wire {

void ExclusiveUsage::replace_by(const ExclusiveUsage& later) {
  using Figure = std::optional<std::int64_t> ExclusiveUsage::*;
  constexpr Figure figures[] = {&ExclusiveUsage::input,          &ExclusiveUsage::cache_read,
                                &ExclusiveUsage::cache_write,    &ExclusiveUsage::cache_write_5m,
                                &ExclusiveUsage::cache_write_1h, &ExclusiveUsage::output,
                                &ExclusiveUsage::reasoning,      &ExclusiveUsage::searches};
  for (const Figure figure : figures) {
    if (later.*figure) this->*figure = later.*figure;
  }
}

pricing::Usage ExclusiveUsage::buckets() const {
  using pricing::Tokens;
  pricing::Usage usage;
  usage.input = Tokens(input.value_or(0));
  usage.cache_read = Tokens(cache_read.value_or(0));
  // A later event may repeat the total without its parts.
  const std::int64_t hour = cache_write_1h.value_or(0);
  const std::int64_t written = cache_write.value_or(cache_write_5m.value_or(0) + hour);
  usage.cache_write_1h = Tokens(std::min(hour, written));
  usage.cache_write_5m = Tokens(written) - usage.cache_write_1h;
  const std::int64_t said = output.value_or(0);
  usage.reasoning = Tokens(std::min(reasoning.value_or(0), said));
  usage.output = Tokens(said) - usage.reasoning;
  usage.search_units = searches.value_or(0);
  return usage;
}

}  // namespace budget::wire
