// Any request body: reading it never fails in a bad way, and what is accepted
// can be rewritten into valid JSON that says what was asked and is otherwise
// the same.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/wire/registry.h"

namespace {

using namespace budget::wire;

constexpr std::string_view paths[] = {
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/images/generations",
    "/v1/audio/speech",
    "/openai/deployments/d/chat/completions",
    "/v1/audio/transcriptions",
    "/v1/messages",
    "/v1beta/models/m:generateContent",
    "/model/m/converse",
    "/model/anthropic.claude/invoke",
    "/v2/chat",
    "/api/chat",
};

void require(bool condition) {
  if (!condition) std::abort();
}

// Every member of `before` whose name is not one that may change is in `after`,
// in the same order and with the same value; objects that may change are
// looked into by the facts instead.
void require_same_elsewhere(std::string_view before, std::string_view after) {
  simdjson::dom::parser first;
  simdjson::dom::parser second;
  simdjson::dom::object a;
  simdjson::dom::object b;
  require(first.parse(before.data(), before.size()).get(a) == simdjson::SUCCESS);
  require(second.parse(after.data(), after.size()).get(b) == simdjson::SUCCESS);
  const auto may_change = [](std::string_view name) {
    return name.starts_with("model") || name.starts_with("max_") || name == "stream_options" ||
           name.find("onfig") != name.npos || name == "options" || name == "thinking" ||
           name.starts_with("additional") || name.starts_with("generation");
  };
  auto at = b.begin();
  for (const auto [key, value] : a) {
    if (may_change(key)) continue;
    while (at != b.end() && may_change(at.key())) ++at;
    require(at != b.end() && at.key() == key);
    require(simdjson::minify(at.value()) == simdjson::minify(value));
    ++at;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view path = paths[data[0] % std::size(paths)];
  const std::string body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const bool form = path.ends_with("transcriptions");
  const RequestView view{form ? "multipart/form-data; boundary=B" : "application/json", body};
  const Route found = route(ProviderFormat::any, "POST", path, "");
  require(found.billing == Billing::metered);
  const auto facts = found.format->facts(found, view);
  if (!facts) {
    require(!facts.error().empty());
    return 0;
  }
  require(!facts->max_output || *facts->max_output >= 0);
  require(facts->choices >= 1 && facts->input_bound >= 0);
  (void)found.format->parts(found, view);
  require(found.format->rewrite(found, view, *facts, {}) == body);

  Rewrite change;
  if (data[1] & 1) change.model = "other \"model\"";
  if (data[1] & 2) change.max_output = 7;
  change.ask_for_usage = (data[1] & 4) != 0 &&
                         found.format->can_ask_for_usage(found, *facts, *dialect_named("openai"));
  const std::string result = found.format->rewrite(found, view, *facts, change);
  if (!form) require_same_elsewhere(body, result);
  const auto again = found.format->facts(found, {view.content_type, result});
  require(again.has_value());
  if (change.model && facts->model_value && !form) require(again->model == *change.model);
  if (change.max_output && facts->ceiling_settable && facts->has_output) {
    require(again->max_output == change.max_output);
  }
  if (change.ask_for_usage) require(again->usage_asked);
  require(again->stream == facts->stream && again->choices == facts->choices);
  return 0;
}
