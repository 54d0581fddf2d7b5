#include "admin/usage_input.h"

namespace budget::admin {
namespace {

// Above any call there can be, and far from overflow in every sum.
constexpr std::int64_t count_max = 1'000'000'000'000;

class UsageReader {
 public:
  explicit UsageReader(Input& input) : input_(input) {}

  pricing::Tokens tokens(std::string_view name) { return pricing::Tokens(count(name)); }
  std::int64_t count(std::string_view name) {
    const auto value = input_.integer(name, 0, count_max);
    said_ = said_ || value.has_value();
    return value.value_or(0);
  }
  // `whole` without `parts`.
  pricing::Tokens rest(std::string_view name, pricing::Tokens whole, pricing::Tokens parts) {
    if (parts <= whole) return whole - parts;
    input_.complain(name, "is a total, and less than the parts of it that are told apart");
    return {};
  }
  [[nodiscard]] bool said() const { return said_; }

 private:
  Input& input_;
  bool said_ = false;
};

}  // namespace

std::optional<pricing::Usage> read_usage(Input& input) {
  UsageReader reader(input);
  pricing::Usage usage;
  usage.cache_read = reader.tokens("cache_read_tokens");
  usage.cache_write_5m = reader.tokens("cache_write_tokens");
  usage.audio_input = reader.tokens("audio_input_tokens");
  usage.reasoning = reader.tokens("reasoning_tokens");
  usage.audio_output = reader.tokens("audio_output_tokens");
  usage.images = reader.count("images");
  usage.audio_milliseconds = reader.count("seconds") * 1000;
  usage.input = reader.rest("input_tokens", reader.tokens("input_tokens"), usage.input_total());
  usage.output = reader.rest("output_tokens", reader.tokens("output_tokens"), usage.output_total());
  if (!reader.said()) return std::nullopt;
  return usage;
}

}  // namespace budget::admin
