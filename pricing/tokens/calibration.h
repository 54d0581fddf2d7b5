// Learning how a provider counts, for tokenizers that are not ours to run.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pricing/quantity.h"

namespace budget::pricing {

// For each provider and model, the distribution of reported count : local
// count, kept apart by the size of the call, because what a provider adds to
// every call weighs more in a small one. Turns a local count into a bound that
// is far below the byte bound and holds for all but the configured part of the
// calls seen.
//
// Ratios are kept in a histogram of fixed size with buckets at most 1/16 wide;
// a bucket counts as its upper edge, so rounding never makes a bound smaller.
// Old calls weigh less over time (counts are halved, rounding up, whenever a
// histogram has `window` of them), so that a provider's change of tokenizer is
// learnt within about that many calls, and a change upwards within one call
// when the quantile is near 1.
//
// Thread-safe. bound() takes no lock; observe() takes one of the model's own,
// for about a microsecond. Memory: at most `models_max` times about 4 KB,
// taken when a model is first observed.
class Calibration {
 public:
  struct Options {
    std::int64_t quantile_ppm = 999'000;  // of calls whose report is within the bound
    std::uint32_t samples_min = 64;       // before a bound is trusted
    std::uint32_t window = 8192;
    std::size_t models_max = 512;
  };

  Calibration() : Calibration(Options{}) {}
  explicit Calibration(const Options& options);
  ~Calibration();
  Calibration(const Calibration&) = delete;
  Calibration& operator=(const Calibration&) = delete;

  // An upper bound on what the provider will report for a call that we count as
  // `local_count` tokens. From `samples_min` calls of about that size on, it is
  // what has been learnt; before, it is `byte_bound`, or what has been learnt
  // where that is more. Never below the configured quantile of what has been
  // seen, even where that is above `byte_bound`: a provider may add text of its
  // own. Cost: a hash look-up of the names.
  [[nodiscard]] Tokens bound(std::string_view provider, std::string_view model, Tokens local_count,
                             Tokens byte_bound) const;

  // Learns from a finished call: what `local_count` was and what the provider
  // reported as all input. Does nothing when the provider reported nothing
  // (`reported` <= 0), or for a model beyond `models_max`.
  void observe(std::string_view provider, std::string_view model, Tokens local_count,
               Tokens reported);

 private:
  // By powers of 8: below 64, 512, 4096, 32768 and above.
  static constexpr std::size_t size_classes = 5;
  // 16 buckets an octave for ratios from 1/16 to 256, and one for any above.
  static constexpr std::size_t buckets = 16 * 12 + 1;

  struct Histogram {
    std::array<std::uint32_t, buckets> counts{};
    std::uint32_t total = 0;
    std::uint64_t largest = 0;  // the largest ratio in the last bucket
  };
  struct Learnt {
    std::atomic<std::uint64_t> ratio{0};  // of the quantile, in 1/65536
    std::atomic<bool> trusted{false};
  };
  struct Model {
    std::string name;  // provider, '\0', model
    std::array<Learnt, size_classes> learnt;
    std::mutex mutex;  // guards what follows
    std::array<Histogram, size_classes> histograms;
    std::array<std::uint32_t, size_classes> seen{};
  };

  static std::size_t size_class(std::int64_t local_count);
  static std::size_t bucket_of(std::uint64_t ratio);
  static std::uint64_t upper_edge(const Histogram& histogram, std::size_t bucket);
  [[nodiscard]] std::uint64_t quantile(const Histogram& histogram) const;
  [[nodiscard]] Model* find(std::string_view name) const;
  Model* find_or_add(std::string_view name);

  const Options options_;
  // An open-addressing table, never more than half full; models are only added,
  // under the mutex, and freed at the end.
  std::vector<std::atomic<Model*>> slots_;
  std::mutex adding_;
  std::vector<std::unique_ptr<Model>> models_;
};

}  // namespace budget::pricing
