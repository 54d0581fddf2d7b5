// How OpenAI's chat and completions report usage, and what they share.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/simulated/call.h"

namespace budget::simulated {

struct OpenaiUsage {
  std::int64_t prompt = 0;
  std::int64_t cached = 0;
  std::int64_t completion = 0;
  std::int64_t reasoning = 0;
};

// The usage object of chat and of completions.
[[nodiscard]] std::string chat_usage(const OpenaiUsage& usage);

// `"service_tier":"…"`: the tier asked for, "default" for auto.
[[nodiscard]] std::string_view service_tier_of(const Call& call);

// The ceiling in `key`: nullopt when absent or null. `problem` is set when it
// is not an integer above zero.
[[nodiscard]] std::optional<std::int64_t> ceiling_at(const Call& call, std::string_view key,
                                                     std::optional<Answer>& problem);

// The 400 for a request without a model; nullopt when it has one.
[[nodiscard]] std::optional<Answer> model_problem(const Call& call);
// The same for a parameter that must be there.
[[nodiscard]] std::optional<Answer> missing_problem(const Call& call, std::string_view key);

// The number of choices: `n`, 1 to 128.
[[nodiscard]] std::int64_t choices_of(const Call& call, std::optional<Answer>& problem);

// Whether a stream's request asks for usage.
[[nodiscard]] bool usage_asked(const Call& call);

}  // namespace budget::simulated
