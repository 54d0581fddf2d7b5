#include "pricing/tokens/calibration.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>

namespace budget::pricing {
namespace {

// Ratios are fixed-point numbers with 16 bits after the point.
constexpr int point = 16;
constexpr std::uint64_t lowest_ratio = std::uint64_t{1} << (point - 4);
// Counts above this are absurd and would overflow the arithmetic.
constexpr std::int64_t count_max = std::int64_t{1} << 40;

std::string name_of(std::string_view provider, std::string_view model) {
  std::string name;
  name.reserve(provider.size() + 1 + model.size());
  name.append(provider).push_back('\0');
  return name.append(model);
}

std::uint64_t rounded_up(std::uint64_t dividend, std::uint64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

}  // namespace

Calibration::Calibration(const Options& options)
    : options_(options), slots_(std::bit_ceil(std::max<std::size_t>(options.models_max, 1) * 2)) {}

Calibration::~Calibration() = default;

std::size_t Calibration::size_class(std::int64_t local_count) {
  std::size_t size = 0;
  for (std::int64_t limit = 64; size + 1 < size_classes && local_count >= limit; limit *= 8) ++size;
  return size;
}

std::size_t Calibration::bucket_of(std::uint64_t ratio) {
  if (ratio <= lowest_ratio) return 0;
  // Bucket edges belong to the bucket below, hence the one less.
  const std::uint64_t below = ratio - 1;
  const auto octave = static_cast<int>(std::bit_width(below)) - 1;
  const auto sixteenth = static_cast<std::size_t>(below >> (octave - 4)) & 15;
  const auto bucket = static_cast<std::size_t>(octave - (point - 4)) * 16 + sixteenth;
  return std::min(bucket, buckets - 1);
}

std::uint64_t Calibration::upper_edge(const Histogram& histogram, std::size_t bucket) {
  if (bucket == buckets - 1) return histogram.largest;
  const auto octave = static_cast<int>(bucket / 16) + point - 4;
  return std::uint64_t{17 + bucket % 16} << (octave - 4);
}

std::uint64_t Calibration::quantile(const Histogram& histogram) const {
  const auto ppm =
      static_cast<std::uint64_t>(std::clamp<std::int64_t>(options_.quantile_ppm, 0, 1'000'000));
  const std::uint64_t wanted =
      std::max<std::uint64_t>(rounded_up(histogram.total * ppm, 1'000'000), 1);
  std::uint64_t within = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    within += histogram.counts[bucket];
    if (within >= wanted) return upper_edge(histogram, bucket);
  }
  return 0;
}

Calibration::Model* Calibration::find(std::string_view name) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = std::hash<std::string_view>()(name) & mask;; slot = (slot + 1) & mask) {
    Model* const model = slots_[slot].load(std::memory_order_acquire);
    if (model == nullptr || model->name == name) return model;
  }
}

Calibration::Model* Calibration::find_or_add(std::string_view name) {
  if (Model* const model = find(name)) return model;
  const std::lock_guard lock(adding_);
  if (Model* const model = find(name)) return model;
  if (models_.size() >= options_.models_max) return nullptr;
  Model* const model = models_.emplace_back(std::make_unique<Model>()).get();
  model->name = name;
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(name) & mask;
  while (slots_[slot].load(std::memory_order_relaxed) != nullptr) slot = (slot + 1) & mask;
  slots_[slot].store(model, std::memory_order_release);
  return model;
}

Tokens Calibration::bound(std::string_view provider, std::string_view model, Tokens local_count,
                          Tokens byte_bound) const {
  const Model* const known = find(name_of(provider, model));
  if (known == nullptr) return byte_bound;
  const std::int64_t local = std::clamp<std::int64_t>(local_count.value(), 1, count_max);
  const Learnt& learnt = known->learnt[size_class(local)];
  // Trust is read before the ratio: a ratio that is read after it is at least
  // as new as the samples that earned it.
  const bool trusted = learnt.trusted.load(std::memory_order_acquire);
  __extension__ using Wide = unsigned __int128;
  const Wide scaled = static_cast<Wide>(local) * learnt.ratio.load(std::memory_order_acquire);
  const Wide tokens = (scaled + ((Wide{1} << point) - 1)) >> point;
  const Tokens seen(
      static_cast<std::int64_t>(std::min<Wide>(tokens, std::numeric_limits<std::int64_t>::max())));
  return trusted ? seen : std::max(seen, byte_bound);
}

void Calibration::observe(std::string_view provider, std::string_view model, Tokens local_count,
                          Tokens reported) {
  if (reported.value() <= 0) return;
  Model* const known = find_or_add(name_of(provider, model));
  if (known == nullptr) return;
  const std::int64_t local = std::clamp<std::int64_t>(local_count.value(), 1, count_max);
  const auto report = static_cast<std::uint64_t>(std::min(reported.value(), count_max));
  const std::uint64_t ratio = rounded_up(report << point, static_cast<std::uint64_t>(local));
  const std::size_t size = size_class(local);
  const std::size_t bucket = bucket_of(ratio);

  const std::lock_guard lock(known->mutex);
  Histogram& histogram = known->histograms[size];
  if (histogram.total >= options_.window) {
    histogram.total = 0;
    for (auto& count : histogram.counts) histogram.total += count -= count / 2;
  }
  ++histogram.counts[bucket];
  ++histogram.total;
  if (bucket == buckets - 1) histogram.largest = std::max(histogram.largest, ratio);
  Learnt& learnt = known->learnt[size];
  learnt.ratio.store(quantile(histogram), std::memory_order_release);
  auto& seen = known->seen[size];
  if (seen < options_.samples_min) ++seen;
  if (seen >= options_.samples_min) learnt.trusted.store(true, std::memory_order_release);
}

}  // namespace budget::pricing
