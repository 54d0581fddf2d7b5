// POST /model/{id}/invoke and /invoke-with-response-stream: the body is the
// model vendor's own.
#include <algorithm>

#include "proxy/simulated/formats.h"
#include "proxy/simulated/prompt.h"
#include "proxy/simulated/speech.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

struct Counts {
  std::int64_t input = 0;
  std::int64_t output = 0;
};

// In the last chunk of a stream, whatever the vendor.
std::string metrics_of(const Call& call, const Counts& counts) {
  if (call.steering.usage_missing) return {};
  return concat(R"(,"amazon-bedrock-invocationMetrics":{"inputTokenCount":)", counts.input,
                R"(,"outputTokenCount":)", counts.output,
                R"(,"invocationLatency":100,"firstByteLatency":50})");
}

Answer counted(const Call& call, std::string body, const Counts& counts) {
  Answer answer = whole_answer(call, std::move(body));
  if (!call.steering.usage_missing) {
    answer.headers.emplace_back("x-amzn-bedrock-input-token-count", std::to_string(counts.input));
    answer.headers.emplace_back("x-amzn-bedrock-output-token-count", std::to_string(counts.output));
  }
  return answer;
}

Answer streamed(const Call& call, std::unique_ptr<EventList> events) {
  return streamed_answer(call, std::move(events), "application/vnd.amazon.eventstream");
}

bool wants_stream(const Call& call) {
  return call.verb == "invoke-with-response-stream";
}

Counts counts_of(const Call& call, const Speech& speech, std::string_view input_key) {
  return {said_tokens(encoding_for(call.model), member(call.body, input_key)),
          speech.output_tokens()};
}

// A figure of the answer; null when usage is steered away.
std::string figure(const Call& call, std::int64_t value) {
  return call.steering.usage_missing ? "null" : concat(value);
}

// A vendor whose answer is one text in one object: Llama, Mistral and Titan.
struct Plain {
  std::string_view input_key;
  std::optional<std::int64_t> ceiling;
  std::string_view before;      // the object up to the text
  std::string_view between;     // from the text to the stop reason
  std::string_view cut_reason;  // JSON
  std::string_view end_reason;
  std::string_view input_label;  // a figure's label, "" when the body has none
  std::string_view output_label;
  std::string_view after;
};

Answer plain_answer(const Call& call, const Plain& plain) {
  if (string_at(call.body, plain.input_key).empty()) {
    return bad_request(
        call, concat("Malformed input request: required key [", plain.input_key, "] not found"));
  }
  const Speech speech = say(call, {.ceiling = plain.ceiling});
  const Counts counts = counts_of(call, speech, plain.input_key);
  const std::string_view reason = speech.cut ? plain.cut_reason : plain.end_reason;
  const auto end = [&](std::string_view stop_reason, bool figures) {
    std::string text = concat(plain.between, stop_reason);
    const auto add = [&](std::string_view label, std::int64_t value) {
      if (!label.empty()) append(text, label, figures ? figure(call, value) : "null");
    };
    add(plain.input_label, counts.input);
    add(plain.output_label, counts.output);
    return text + std::string(plain.after);
  };
  if (wants_stream(call)) {
    auto events = std::make_unique<EventList>(Framing::aws_chunk);
    events->tell({.before = std::string(plain.before), .after = end("null", false) + "}"},
                 speech.text);
    events->add("", concat(plain.before, end(reason, true), metrics_of(call, counts), "}"));
    return streamed(call, std::move(events));
  }
  std::string body(plain.before);
  speech.text.append_all(body);
  return counted(call, body + end(reason, true) + "}", counts);
}

Answer llama(const Call& call) {
  return plain_answer(call, {.input_key = "prompt",
                             .ceiling = integer_at(call.body, "max_gen_len").value_or(512),
                             .before = R"({"generation":")",
                             .between = R"(","stop_reason":)",
                             .cut_reason = R"("length")",
                             .end_reason = R"("stop")",
                             .input_label = R"(,"prompt_token_count":)",
                             .output_label = R"(,"generation_token_count":)"});
}

Answer mistral(const Call& call) {
  return plain_answer(call, {.input_key = "prompt",
                             .ceiling = integer_at(call.body, "max_tokens"),
                             .before = R"({"outputs":[{"text":")",
                             .between = R"(","stop_reason":)",
                             .cut_reason = R"("length")",
                             .end_reason = R"("stop")",
                             .after = "}]"});
}

std::optional<std::int64_t> titan_ceiling(const Call& call) {
  const json::object* config = object_at(call.body, "textGenerationConfig");
  return config ? integer_at(*config, "maxTokenCount") : std::nullopt;
}

Answer titan_text(const Call& call) {
  if (wants_stream(call)) {
    return plain_answer(call, {.input_key = "inputText",
                               .ceiling = titan_ceiling(call),
                               .before = R"({"index":0,"outputText":")",
                               .between = R"(","completionReason":)",
                               .cut_reason = R"("LENGTH")",
                               .end_reason = R"("FINISH")",
                               .input_label = R"(,"inputTextTokenCount":)",
                               .output_label = R"(,"totalOutputTextTokenCount":)"});
  }
  if (string_at(call.body, "inputText").empty()) {
    return bad_request(call, "Malformed input request: required key [inputText] not found");
  }
  const Speech speech = say(call, {.ceiling = titan_ceiling(call)});
  const Counts counts = counts_of(call, speech, "inputText");
  std::string body =
      concat(R"({"inputTextTokenCount":)", figure(call, counts.input),
             R"(,"results":[{"tokenCount":)", figure(call, counts.output), R"(,"outputText":")");
  speech.text.append_all(body);
  append(body, R"(","completionReason":")", speech.cut ? "LENGTH" : "FINISH", R"("}]})");
  return counted(call, std::move(body), counts);
}

Answer titan_embedding(const Call& call) {
  const Counts counts{said_tokens(encoding_for(call.model), member(call.body, "inputText")), 0};
  std::string body = R"({"embedding":)";
  append_vector(
      body, call.seed,
      std::clamp<std::int64_t>(integer_at(call.body, "dimensions").value_or(1024), 1, 1536));
  append(body, R"(,"inputTextTokenCount":)", figure(call, counts.input), "}");
  return counted(call, std::move(body), counts);
}

std::optional<std::int64_t> nova_ceiling(const Call& call) {
  const json::object* config = object_at(call.body, "inferenceConfig");
  if (!config) return std::nullopt;
  const auto ceiling = integer_at(*config, "maxTokens");
  return ceiling ? ceiling : integer_at(*config, "max_new_tokens");
}

Answer nova(const Call& call) {
  if (!array_at(call.body, "messages")) {
    return bad_request(call, "Malformed input request: required key [messages] not found");
  }
  const Speech speech = say(call, {.ceiling = nova_ceiling(call)});
  const auto encoding = encoding_for(call.model);
  const Counts counts{message_tokens(encoding, member(call.body, "messages")) +
                          said_tokens(encoding, member(call.body, "system")),
                      speech.output_tokens()};
  const std::string_view reason = speech.cut ? "max_tokens" : "end_turn";
  const std::string usage =
      call.steering.usage_missing
          ? ""
          : concat(R"("usage":{"inputTokens":)", counts.input, R"(,"outputTokens":)", counts.output,
                   R"(,"totalTokens":)", counts.input + counts.output,
                   R"(,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":0})");
  if (wants_stream(call)) {
    auto events = std::make_unique<EventList>(Framing::aws_chunk);
    events->add("", R"({"messageStart":{"role":"assistant"}})");
    events->tell({.before = R"({"contentBlockDelta":{"delta":{"text":")",
                  .after = R"("},"contentBlockIndex":0}})"},
                 speech.text);
    events->add("", R"({"contentBlockStop":{"contentBlockIndex":0}})");
    events->add("", concat(R"({"messageStop":{"stopReason":")", reason, R"("}})"));
    events->add("", concat(R"({"metadata":{)", usage, usage.empty() ? "" : ",",
                           R"("metrics":{},"trace":{}})", metrics_of(call, counts), "}"));
    return streamed(call, std::move(events));
  }
  std::string body = R"({"output":{"message":{"content":[{"text":")";
  speech.text.append_all(body);
  append(body, R"("}],"role":"assistant"}},"stopReason":")", reason, "\"", usage.empty() ? "" : ",",
         usage, "}");
  return counted(call, std::move(body), counts);
}

}  // namespace

Answer bedrock_invoke(const Call& call) {
  const auto is = [&](std::string_view vendor) {
    return call.model.find(vendor) != std::string_view::npos;
  };
  if (is("anthropic.")) return anthropic_message(call);
  if (is("titan-embed")) return titan_embedding(call);
  if (is("titan")) return titan_text(call);
  if (is("meta.")) return llama(call);
  if (is("mistral.")) return mistral(call);
  if (is("nova")) return nova(call);
  return bad_request(call, "The provided model identifier is invalid.");
}

}  // namespace budget::simulated
