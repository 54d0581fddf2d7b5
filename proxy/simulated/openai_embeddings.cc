// POST /v1/embeddings, and POST /v1/moderations.
#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/openai_usage.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/seed.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

constexpr std::int64_t dimensions_max = 4096;
constexpr std::size_t inputs_max = 2048;  // OpenAI's own limit

std::vector<float> vector_of(std::uint64_t seed, std::int64_t dimensions) {
  std::vector<float> vector(static_cast<std::size_t>(dimensions));
  Random random(seed);
  double square = 0;
  for (float& each : vector) {
    // 24 bits, between -1 and 1.
    each =
        static_cast<float>(static_cast<std::int32_t>(random.next() >> 40) - (1 << 23)) / (1 << 23);
    square += static_cast<double>(each) * static_cast<double>(each);
  }
  const auto length = static_cast<float>(std::sqrt(square));
  for (float& each : vector) each /= length > 0 ? length : 1;
  return vector;
}

// Little-endian floats, as OpenAI packs them.
std::string packed(const std::vector<float>& vector) {
  std::string bytes;
  for (const float each : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(each);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 0xff);
  }
  return bytes;
}

std::vector<const json::value*> inputs_of(const json::value& input) {
  const json::array* array = input.if_array();
  if (!array || (!array->empty() && array->front().is_number())) return {&input};
  std::vector<const json::value*> inputs;
  for (const json::value& each : *array) inputs.push_back(&each);
  return inputs;
}

std::int64_t usual_dimensions(std::string_view model) {
  return model.find("3-large") != std::string_view::npos ? 3072 : 1536;
}

}  // namespace

void append_vector(std::string& out, std::uint64_t seed, std::int64_t dimensions) {
  out += '[';
  for (const float each : vector_of(seed, dimensions)) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, each).ptr;
    if (out.back() != '[') out += ',';
    out.append(digits, static_cast<std::size_t>(end - digits));
  }
  out += ']';
}

Answer openai_embeddings(const Call& call) {
  if (auto problem = model_problem(call)) return std::move(*problem);
  if (auto problem = missing_problem(call, "input")) return std::move(*problem);
  std::optional<Answer> problem;
  const std::int64_t dimensions =
      std::min(ceiling_at(call, "dimensions", problem).value_or(usual_dimensions(call.model)),
               dimensions_max);
  if (problem) return std::move(*problem);
  const auto inputs = inputs_of(*member(call.body, "input"));
  if (inputs.empty() || inputs.size() > inputs_max) {
    return bad_request(call, "Invalid 'input': expected 1 to 2048 inputs.", "input");
  }

  const bool base64 = string_at(call.body, "encoding_format") == "base64";
  const auto encoding = encoding_for(call.model);
  std::int64_t tokens = 0;
  std::string body = R"({"object":"list","data":[)";
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    tokens += said_tokens(encoding, inputs[i]);
    append(body, i > 0 ? "," : "", R"({"object":"embedding","index":)", i, R"(,"embedding":)");
    const std::uint64_t seed = call.seed + i;
    if (base64) {
      body += '"';
      append_base64(body, packed(vector_of(seed, dimensions)));
      body += '"';
    } else {
      append_vector(body, seed, dimensions);
    }
    body += '}';
  }
  append(body, R"(],"model":)", Quoted{call.model});
  if (!call.steering.usage_missing) {
    append(body, R"(,"usage":{"prompt_tokens":)", tokens, R"(,"total_tokens":)", tokens, "}");
  }
  return whole_answer(call, body + "}");
}

Answer openai_moderation(const Call& call) {
  if (auto problem = missing_problem(call, "input")) return std::move(*problem);
  const json::array* inputs = array_at(call.body, "input");
  const std::size_t count = inputs ? inputs->size() : 1;
  if (count > inputs_max) return bad_request(call, "Invalid 'input': too many inputs.", "input");
  std::string categories;
  std::string scores;
  for (const std::string_view category :
       {"harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
        "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
        "sexual/minors", "violence", "violence/graphic"}) {
    if (!categories.empty()) categories += ',', scores += ',';
    append(categories, Quoted{category}, ":false");
    append(scores, Quoted{category}, ":0.0001");
  }
  std::string body =
      concat(R"({"id":")", make_id("modr-", call.seed, 29), R"(","model":)",
             Quoted{call.model.empty() ? "omni-moderation-latest" : call.model}, R"(,"results":[)");
  for (std::size_t i = 0; i < count; ++i) {
    append(body, i > 0 ? "," : "", R"({"flagged":false,"categories":{)", categories,
           R"(},"category_scores":{)", scores, "}}");
  }
  return whole_answer(call, body + "]}");
}

}  // namespace budget::simulated
