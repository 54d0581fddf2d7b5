// A wire format: what the proxy has to know of one provider API. Four pure
// things and no more: read the facts out of a request, rewrite it, read usage
// from response bytes, and speak the format's words when we answer ourselves.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pricing/cost.h"
#include "pricing/estimate.h"
#include "pricing/usage.h"
#include "proxy/wire/dialect.h"
#include "proxy/wire/problem.h"

namespace budget::wire {

// What a path asks for. name_of() gives the usage record's `operation`, after
// OpenTelemetry's gen_ai.operation.name where it has one.
enum class Operation : std::uint8_t {
  chat,
  text_completion,
  responses,
  generate_content,
  embeddings,
  image_generation,
  transcription,
  translation,
  speech,
  rerank,
  count_tokens,
  moderation,
  other,
};
[[nodiscard]] std::string_view name_of(Operation operation);
// The names of those that can cost money, which are what a budget can match.
[[nodiscard]] std::vector<std::string> metered_operation_names();

enum class Billing : std::uint8_t {
  metered,    // costs money; read, held and settled
  free,       // costs nothing: passes untouched
  unmetered,  // may cost money and cannot be metered: refused unless the provider passes it
};

class Format;

// Where a request goes, learned from method and path alone.
struct Route {
  const Format* format = nullptr;  // speaks for this path; static, never null
  Operation operation = Operation::other;
  Billing billing = Billing::unmetered;
  std::string model;         // from the path, percent-decoded; "" when the body has it
  bool stream = false;       // the path says that the answer is streamed
  std::uint8_t variant = 0;  // the format's own use
};

// A part of the request body: offset and length in bytes.
struct Span {
  std::size_t offset = 0;
  std::size_t length = 0;
};

// What a request says, as far as budgets care.
struct RequestFacts {
  std::string model;
  bool stream = false;
  std::optional<std::int64_t> max_output;  // stated ceiling in tokens, for one choice
  std::int64_t choices = 1;                // the ceiling counts this many times (n, prompts, …)
  // Input tokens cannot be more than this: bytes of text, the format's
  // overhead, pictures and files by published rules. Costs nothing to know.
  std::int64_t input_bound = 0;
  // The body does not hold all of the input, or the provider adds to it during
  // the call (a stored conversation, a web search): input_bound is no bound,
  // and only the model's context window is.
  bool input_unbounded = false;
  // Cache writes, audio, images, characters, tier; input and ceiling unset.
  pricing::WorstCase extras;
  std::string end_user;      // the format's own user field
  bool usage_asked = false;  // the client itself asked for usage on the stream
  bool has_output = true;    // false: embeddings and the like; the ceiling is 0
  // The provider answers to the end whether or not anybody reads it: a response
  // in the background. What it costs is known only where the answer is finished.
  bool detached = false;
  // false: the request has no member that bounds its output (images, speech);
  // max_output is then what the provider's rules allow, and can't be lowered.
  bool ceiling_settable = true;

  // For rewriting: spans of the JSON values in the body, where they stand.
  std::optional<Span> model_value;
  std::optional<Span> ceiling_value;
  // A second member that states a ceiling (max_tokens beside
  // max_completion_tokens): the larger counts, a rewrite sets both.
  std::optional<Span> also_ceiling_value;
  std::optional<Span> stream_options_value;  // the object
  std::optional<Span> include_usage_value;   // its member, when it is there
  // Just behind the body's first '{' (or the object that holds the ceiling).
  std::size_t insert_at = 0;
  bool insert_comma = false;  // that object has other members
};

// Changes to make to a request body; each only when set.
struct Rewrite {
  std::optional<std::string> model;
  std::optional<std::int64_t> max_output;  // for one choice; replaces or adds the ceiling
  bool ask_for_usage = false;              // stream_options.include_usage: true
  // Decides which member an added ceiling is called; nullptr: as generic.
  const Dialect* dialect = nullptr;
};

struct RequestView {
  std::string_view content_type;
  // The body. When `readable_behind` bytes after it may be read and that is 64 or
  // more (simdjson's padding), nothing is copied to read it.
  std::string_view body;
  std::size_t readable_behind = 0;
};

// What a response has told so far. `usage` is normalised.
struct Reading {
  pricing::Usage usage;
  bool input_reported = false;   // usage's input side is the provider's figure
  bool output_reported = false;  // and its output side
  bool finished = false;         // the format's own end was seen; a plain body parsed whole
  bool malformed = false;        // not what its content type says; nothing more is read
  std::string model;             // as answered
  std::optional<pricing::ServiceTier> tier;
  std::string upstream_id;  // the provider's id of the answer
  std::string error;        // an error event inside a 200 stream: its message
};

// The response's head, reduced to what a reader needs.
struct ResponseView {
  int status = 200;
  std::string_view content_type;
  // Header values by lower-case name, "" when absent.
  std::string_view bedrock_input_tokens;   // x-amzn-bedrock-input-token-count
  std::string_view bedrock_output_tokens;  // x-amzn-bedrock-output-token-count
};

// Reads one response as its bytes pass. Fed in arrival order, split anywhere;
// the readings are the same for every split. Keeps at most one event (bounded
// by limits.h) and never throws. Not thread-safe: one call, one reader.
class ResponseReader {
 public:
  virtual ~ResponseReader() = default;

  // Reads on. Without `out` the caller forwards the bytes itself. With `out`,
  // appends what may be forwarded now: whole events only, less the usage event
  // that only the proxy asked for. Of one response, either always or never
  // with `out`. Bytes that cannot be understood are passed on unchanged.
  virtual void feed(std::string_view bytes, std::string* out) = 0;
  // The body has ended; with `out`, appends what was kept back.
  virtual void finish(std::string* out) = 0;

  [[nodiscard]] virtual const Reading& reading() const = 0;

  // Output text (visible, reasoning and tool arguments) seen since the last
  // call, for the local count; decoded. Valid until the next feed().
  [[nodiscard]] virtual std::string_view take_output_text() = 0;

  // What ends the stream after the events passed so far as if the model had
  // run out of tokens, usage so far included where the format has it.
  // "" where the format has no such end.
  [[nodiscard]] virtual std::string cut_ending(const pricing::Usage& usage) const = 0;
};

struct ReaderOptions {
  Route route;
  const Dialect* dialect = nullptr;  // never null
  ResponseView response;
  bool stream = false;       // the request asked for a stream
  bool usage_asked = false;  // the client asked for usage on the stream
  bool strip_usage = false;  // the proxy asked for the usage event, the client did not
};

// One format. Stateless, one static instance each, thread-safe.
class Format {
 public:
  virtual ~Format() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;

  // nullopt: not a path of this format. `path` is as received, without query,
  // still percent-encoded, beginning with '/'.
  [[nodiscard]] virtual std::optional<Route> route(std::string_view method, std::string_view path,
                                                   std::string_view query) const = 0;

  // Reads the whole body once. The error is a sentence for the caller: not
  // JSON, no model, a repeated key that matters, absurd numbers (G8).
  // REQUIRES: route.billing == metered. Cost: linear.
  [[nodiscard]] virtual std::expected<RequestFacts, std::string> facts(
      const Route& route, const RequestView& request) const = 0;

  // The countable parts, for an exact count. Call only after facts() accepted
  // the same request.
  [[nodiscard]] virtual pricing::InputParts parts(const Route& route,
                                                  const RequestView& request) const = 0;

  // The body with `rewrite` applied and every other byte as it was.
  [[nodiscard]] virtual std::string rewrite(const Route& route, const RequestView& request,
                                            const RequestFacts& facts,
                                            const Rewrite& rewrite) const = 0;

  // Whether a Rewrite::ask_for_usage makes sense for this call; not where usage
  // is told unasked.
  [[nodiscard]] virtual bool can_ask_for_usage(const Route&, const RequestFacts&,
                                               const Dialect&) const {
    return false;
  }

  // Whether the model stands in the path, and so a downgrade rewrites the
  // path: the path (second) with the model (third) in it. nullopt when the
  // body has it.
  [[nodiscard]] virtual std::optional<std::string> path_with_model(const Route&, std::string_view,
                                                                   std::string_view) const {
    return std::nullopt;
  }

  [[nodiscard]] virtual std::unique_ptr<ResponseReader> reader(
      const ReaderOptions& options) const = 0;

  [[nodiscard]] virtual ErrorAnswer refusal(const Problem& problem) const = 0;
};

}  // namespace budget::wire
