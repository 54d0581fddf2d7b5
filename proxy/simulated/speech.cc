#include "proxy/simulated/speech.h"

#include <algorithm>

#include "proxy/simulated/prompt.h"
#include "proxy/simulated/seed.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

constexpr std::int64_t unlimited = std::int64_t{1} << 40;
// What one call may be made to say: a plain answer is held in memory whole.
constexpr std::int64_t call_tokens_max = std::int64_t{32} << 20;
// {"answer":"…"} around the words of a JSON answer takes about this many.
constexpr std::int64_t json_frame_tokens = 8;

std::int64_t default_tokens(std::uint64_t seed) {
  return 20 + static_cast<std::int64_t>(Random(seed).below(41));
}

// A long beginning of `text` with at most `tokens` tokens; never half a
// character. By halving: a longer text hardly ever has fewer tokens.
std::string beginning_of(std::string_view text, pricing::Encoding encoding, std::int64_t tokens) {
  const auto whole = [text](std::size_t size) {
    while (size > 0 && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
      --size;
    return text.substr(0, size);
  };
  std::size_t fits = 0;
  std::size_t too_long = text.size();
  while (too_long - fits > 1) {
    const std::size_t middle = fits + (too_long - fits) / 2;
    (tokens_of(encoding, whole(middle)) <= tokens ? fits : too_long) = middle;
  }
  return std::string(whole(fits));
}

// A text that is not words: told as it is, or as far as the ceiling goes.
std::string fit(std::string text, pricing::Encoding encoding, std::int64_t room,
                std::int64_t& tokens, bool& cut) {
  tokens = tokens_of(encoding, text);
  if (tokens <= room) return text;
  cut = true;
  text = beginning_of(text, encoding, room);
  tokens = tokens_of(encoding, text);
  return text;
}

std::string json_words(std::uint64_t seed, std::int64_t tokens) {
  std::string text = R"({"answer":")";
  Words words(seed, std::max<std::int64_t>(tokens - json_frame_tokens, 1), false);
  while (words.next(text)) {
  }
  return text + R"("})";
}

}  // namespace

Speech say(const Call& call, const Demand& demand, std::uint64_t choice) {
  const std::uint64_t seed = call.seed + choice * 0x9e3779b97f4a7c15;
  const std::int64_t most = call_tokens_max / std::max<std::int64_t>(demand.choices, 1);
  std::optional<std::int64_t> steered = call.steering.output_tokens;
  if (steered) steered = std::min(*steered, most);
  const std::int64_t ceiling = std::min(demand.ceiling.value_or(unlimited), unlimited);
  const std::int64_t usual = default_tokens(seed);

  std::int64_t reasoning = std::min(call.steering.reasoning_tokens, most);
  if (reasoning == 0 && demand.thinking) reasoning = usual / 2;
  const bool inside = steered && !demand.reasoning_beside_output;
  if (inside) reasoning = std::min(reasoning, *steered);
  const std::int64_t text_wanted = inside ? *steered - reasoning : steered.value_or(usual);

  Speech speech;
  speech.reasoning_tokens = std::min(reasoning, ceiling);
  speech.cut = reasoning > ceiling;
  std::int64_t room = ceiling - speech.reasoning_tokens;

  if (demand.tool) {
    const pricing::Encoding encoding = encoding_for(call.model);
    speech.arguments =
        fit(smallest_of(demand.tool->schema), encoding, room, speech.tool_tokens, speech.cut);
    room -= speech.tool_tokens;
    // Words beside the call only when the steering asks for more tokens.
    const std::int64_t more = steered ? text_wanted - speech.tool_tokens : 0;
    speech.text_tokens = speech.cut ? 0 : std::clamp<std::int64_t>(more, 0, room);
    speech.text = Text(Words(seed, speech.text_tokens, false));
    return speech;
  }
  if (demand.json) {
    const pricing::Encoding encoding = encoding_for(call.model);
    std::string text = demand.schema ? smallest_of(demand.schema) : json_words(seed, text_wanted);
    speech.text = Text(fit(std::move(text), encoding, room, speech.text_tokens, speech.cut));
    return speech;
  }
  speech.text_tokens = std::min(text_wanted, room);
  speech.cut = speech.cut || text_wanted > room;
  speech.text = Text(Words(seed, speech.text_tokens, speech.cut));
  return speech;
}

Text thought_of(const Call& call, const Speech& speech) {
  constexpr std::uint64_t another = 0x7468696e6b;
  return Text(Words(call.seed ^ another, speech.reasoning_tokens, false));
}

std::int64_t cached_of(const Call& call, std::int64_t prompt_tokens) {
  return std::min(call.steering.cached_tokens, prompt_tokens);
}

std::optional<Tool> tool_named(std::span<const Tool> tools, std::string_view name) {
  for (const Tool& tool : tools) {
    if (name.empty() || tool.name == name) return tool;
  }
  return std::nullopt;
}

}  // namespace budget::simulated
