// Cohere's chat (v2), embed and rerank (v1 and v2).
// Source: Cohere's API reference.
#include <utility>

#include "proxy/wire/cohere_body.h"
#include "proxy/wire/cohere_reader.h"
#include "proxy/wire/fixed_path.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/refusal.h"

namespace budget::wire {
namespace {

// The older /v1/chat, /v1/generate, /v1/summarize and /v1/classify are not
// metered: their bodies and answers are others, and Cohere has given them up.
constexpr FixedPath paths[] = {
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
    return fixed_route(*this, paths, method, path);
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

  [[nodiscard]] std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const override {
    return std::make_unique<CohereReader>(framing_of(options, Framing::sse));
  }

  [[nodiscard]] ErrorAnswer refusal(const Problem& problem) const override {
    return message_answer(problem, "message");
  }
};

}  // namespace

const Format& cohere_format() {
  static const CohereFormat format;
  return format;
}

}  // namespace budget::wire
