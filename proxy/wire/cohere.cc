// Cohere's chat (v2), embed and rerank (v1 and v2).
// Source: Cohere's API reference.
#include <utility>

#include "proxy/wire/cohere_body.h"
#include "proxy/wire/cohere_reader.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/refusal.h"

namespace budget::wire {
namespace {

struct Row {
  std::string_view path;
  Operation operation;
  Billing billing;
  CohereCall call;
};

// The older /v1/chat, /v1/generate, /v1/summarize and /v1/classify are not
// metered: their bodies and answers are others, and Cohere has given them up.
constexpr Row rows[] = {
    {"/v2/chat", Operation::chat, Billing::metered, CohereCall::chat},
    {"/v2/embed", Operation::embeddings, Billing::metered, CohereCall::embed},
    {"/v1/embed", Operation::embeddings, Billing::metered, CohereCall::embed},
    {"/v2/rerank", Operation::rerank, Billing::metered, CohereCall::rerank},
    {"/v1/rerank", Operation::rerank, Billing::metered, CohereCall::rerank},
    {"/v1/tokenize", Operation::count_tokens, Billing::free, CohereCall::chat},
    {"/v1/detokenize", Operation::count_tokens, Billing::free, CohereCall::chat},
    {"/v1/check-api-key", Operation::other, Billing::free, CohereCall::chat},
};

class CohereFormat final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "cohere"; }

  [[nodiscard]] std::optional<Route> route(std::string_view method, std::string_view path,
                                           std::string_view) const override {
    if (method != "POST") return std::nullopt;
    for (const Row& row : rows) {
      if (path != row.path) continue;
      Route route;
      route.format = this;
      route.operation = row.operation;
      route.billing = row.billing;
      route.variant = static_cast<std::uint8_t>(row.call);
      return route;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::expected<RequestFacts, std::string> facts(
      const Route& route, const RequestView& request) const override {
    return cohere_facts(route, request);
  }

  [[nodiscard]] pricing::InputParts parts(const Route&, const RequestView& request) const override {
    return cohere_parts(request);
  }

  [[nodiscard]] std::string rewrite(const Route& route, const RequestView& request,
                                    const RequestFacts& facts,
                                    const Rewrite& rewrite) const override {
    return rewrite_cohere(route, request, facts, rewrite);
  }

  [[nodiscard]] bool can_ask_for_usage(const Route&, const RequestFacts&,
                                       const Dialect&) const override {
    return false;  // always told
  }

  [[nodiscard]] std::optional<std::string> path_with_model(const Route&, std::string_view,
                                                           std::string_view) const override {
    return std::nullopt;
  }

  [[nodiscard]] std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const override {
    return std::make_unique<CohereReader>(framing_of(options, Framing::sse));
  }

  [[nodiscard]] ErrorAnswer refusal(const Problem& problem) const override {
    ErrorAnswer answer{status_of(problem), "application/json", retry_headers(problem), ""};
    answer.body = R"({"message":)";
    append_json_string(answer.body, problem.message);
    answer.body += '}';
    return answer;
  }
};

}  // namespace

const Format& cohere_format() {
  static const CohereFormat format;
  return format;
}

}  // namespace budget::wire
