// Ollama's own API; its /v1 is OpenAI's.
// Source: Ollama's docs/api.md.
#include <utility>

#include "proxy/wire/fixed_path.h"
#include "proxy/wire/formats.h"
#include "proxy/wire/json_event_reader.h"
#include "proxy/wire/ollama_body.h"
#include "proxy/wire/refusal.h"

namespace budget::wire {
namespace {

using pricing::Tokens;

class OllamaReader final : public JsonEventReader {
 public:
  OllamaReader(Framing framing, OllamaCall call) : JsonEventReader(framing), call_(call) {}

  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const override {
    if (framing() != Framing::ndjson || reading_.finished || call_ == OllamaCall::embed) return {};
    std::string out(separator());
    out += R"({"model":)";
    append_json_string(out, reading_.model);
    out += R"(,"created_at":)";
    append_json_string(out, created_at_.empty() ? "1970-01-01T00:00:00Z" : created_at_);
    out += call_ == OllamaCall::chat ? R"(,"message":{"role":"assistant","content":""})"
                                     : R"(,"response":"")";
    out += R"(,"done":true,"done_reason":"length","total_duration":0,"load_duration":0)";
    out += R"(,"prompt_eval_count":)" + std::to_string(usage.input_total().value());
    out +=
        R"(,"prompt_eval_duration":0,"eval_count":)" + std::to_string(usage.output_total().value());
    return out + ",\"eval_duration\":0}\n";
  }

 private:
  void on_json(std::string_view, JsonElement event) override {
    if (const auto error = member(event, "error")) reading_.error = error_message(*error);
    if (const auto name = reported_string(event, "model"); !name.empty()) reading_.model = name;
    if (const auto time = reported_string(event, "created_at"); !time.empty()) created_at_ = time;
    std::string text(reported_string(event, "response"));
    text += reported_string(event, "thinking");
    if (const auto message = member(event, "message")) {
      text += reported_string(*message, "content");
      text += reported_string(*message, "thinking");
      if (const auto calls = member(*message, "tool_calls")) text += simdjson::minify(*calls);
    }
    add_output_text(text);
    // A prompt that Ollama still had in its cache may not be counted at all.
    if (const auto count = reported_count(event, "prompt_eval_count")) {
      reading_.usage.input = Tokens(*count);
      reading_.input_reported = true;
    }
    if (const auto count = reported_count(event, "eval_count")) {
      reading_.usage.output = Tokens(*count);
      reading_.output_reported = true;
    }
    bool done = false;
    const auto flag = member(event, "done");
    if (flag && flag->get(done) == simdjson::SUCCESS && done) reading_.finished = true;
  }

  const OllamaCall call_;
  std::string created_at_;
};

// What manages models (pull, push, create, copy) uses no tokens, but fills a
// disk that is shared, or spends somebody's quota at a registry: it is refused
// unless the provider is told to pass what is not metered.
constexpr FixedPath paths[] = {
    {"/api/chat", Operation::chat, Billing::metered, OllamaCall::chat},
    {"/api/generate", Operation::text_completion, Billing::metered, OllamaCall::generate},
    {"/api/embed", Operation::embeddings, Billing::metered, OllamaCall::embed},
    {"/api/embeddings", Operation::embeddings, Billing::metered, OllamaCall::embed},
    {"/api/show", Operation::other, Billing::free, OllamaCall::chat},
};

class OllamaFormat final : public Format {
 public:
  [[nodiscard]] std::string_view name() const override { return "ollama"; }

  [[nodiscard]] std::optional<Route> route(std::string_view method, std::string_view path,
                                           std::string_view) const override {
    return fixed_route(*this, paths, method, path);
  }

  [[nodiscard]] std::expected<RequestFacts, std::string> facts(
      const Route& route, const RequestView& request) const override {
    return ollama_facts(route, request);
  }

  [[nodiscard]] pricing::InputParts parts(const Route&, const RequestView& request) const override {
    return ollama_parts(request);
  }

  [[nodiscard]] std::string rewrite(const Route& route, const RequestView& request,
                                    const RequestFacts& facts,
                                    const Rewrite& rewrite) const override {
    return rewrite_ollama(route, request, facts, rewrite);
  }

  [[nodiscard]] std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const override {
    return std::make_unique<OllamaReader>(framing_of(options, Framing::ndjson),
                                          static_cast<OllamaCall>(options.route.variant));
  }

  [[nodiscard]] ErrorAnswer refusal(const Problem& problem) const override {
    ErrorAnswer answer = message_answer(problem, "error");
    answer.content_type = "application/json; charset=utf-8";
    return answer;
  }
};

}  // namespace

const Format& ollama_format() {
  static const OllamaFormat format;
  return format;
}

}  // namespace budget::wire
