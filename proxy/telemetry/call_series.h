// What is counted of calls by provider, model and operation.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/telemetry/histogram.h"
#include "proxy/telemetry/label_table.h"

namespace budget::telemetry {

enum class TokenKind : std::uint8_t { input, cache_read, output, reasoning };

// Each is thread-safe and relaxed.
class CallSeries {
 public:
  using Counter = std::atomic<std::int64_t>;
  using Key = LabelKey<3>;  // the provider as configured, the model, the operation
  static constexpr std::size_t decisions = 6;
  static constexpr std::size_t status_classes = 6;

  explicit CallSeries(const Key& key) : provider_(key[0]), model_(key[1]), operation_(key[2]) {}

  [[nodiscard]] Key key() const { return {provider_, model_, operation_}; }

  // `decision` is a policy::Verdict; `status` 0 where the client saw none.
  void count(std::size_t decision, int status) {
    const int hundreds = status / 100;
    const std::size_t status_class =
        hundreds >= 1 && hundreds <= 5 ? static_cast<std::size_t>(hundreds) : 0;
    calls[decision][status_class].fetch_add(1, std::memory_order_relaxed);
  }

  std::array<std::array<Counter, status_classes>, decisions> calls{};
  std::array<Counter, 4> tokens{};  // by TokenKind
  Counter cost_nano{0};
  Histogram<call_bounds> duration;     // sent to answered
  Histogram<call_bounds> first_chunk;  // sent to the first byte, of streams

 private:
  std::string provider_;
  std::string model_;
  std::string operation_;
};

// At most `own_models_max` combinations are told apart by their model, in the
// order in which they come; the model of later ones is "other".
class CallTable {
 public:
  static constexpr std::size_t own_models_max = 256;

  CallSeries& find(std::string_view provider, std::string_view model, std::string_view operation) {
    CallSeries* found = table_.find_or_make({provider, model, operation}, own_models_max);
    if (!found) found = table_.find_or_make({provider, other, operation}, all_max);
    return found ? *found : rest_;
  }

  template <class Visit>
  void each(Visit visit) const {
    table_.each(visit);
    visit(rest_);
  }

  static constexpr std::string_view other = "other";

 private:
  static constexpr std::size_t all_max = 768;

  LabelTable<CallSeries, 3, 1'024> table_;
  // Of providers that came with one reload after another, beyond all_max.
  CallSeries rest_{{other, other, other}};
};

}  // namespace budget::telemetry
