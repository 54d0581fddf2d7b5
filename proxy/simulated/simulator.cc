#include "proxy/simulated/simulator.h"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>

#include "proxy/simulated/form.h"
#include "proxy/simulated/formats.h"
#include "proxy/simulated/paths.h"
#include "proxy/simulated/seed.h"
#include "proxy/simulated/text.h"

namespace budget::simulated {
namespace {

namespace json = boost::json;

// Tool schemas nest deeper than the parser's usual 32.
constexpr std::size_t depth_max = 512;
constexpr std::size_t first_block_bytes = 8192;

std::string_view not_json_message(Speaker speaker) {
  switch (speaker) {
    case Speaker::openai:
      return "We could not parse the JSON body of your request. (HINT: This likely means you "
             "aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but "
             "what was sent was not valid JSON.)";
    case Speaker::anthropic:
      return "The request body is not valid JSON";
    case Speaker::gemini:
      return "Invalid JSON payload received.";
    case Speaker::bedrock:
      return "The request body is not valid JSON.";
    case Speaker::cohere:
      return "invalid request: the body is not valid JSON.";
    case Speaker::ollama:
      return "invalid character in the request body";
  }
  return {};
}

std::uint64_t seed_for(const Request& request, const Target& target, std::string_view model,
                       const json::object& body) {
  if (!is_form(request)) return seed_of(model, body);
  // A form's boundary is random; what counts is what stands between.
  return hash_of(form_field(request, "file"),
                 hash_of(form_field(request, "prompt"), hash_of(target.verb)));
}

}  // namespace

Answer answer(const Request& request, const Steering& steering) {
  const Target target = target_of(request);
  const std::uint64_t body_seed = hash_of(request.path);
  if (steering.status != 200) {
    return error_answer(target.speaker, steering.status, {}, steering, body_seed);
  }
  if (target.problem_status != 0) {
    return error_answer(target.speaker, target.problem_status, target.problem, steering, body_seed);
  }

  unsigned char block[first_block_bytes];
  json::monotonic_resource memory(block, sizeof block);
  json::value root = json::object(&memory);
  if (target.has_body && !is_form(request)) {
    json::parse_options options;
    options.max_depth = depth_max;
    json::parser parser({}, options);
    parser.reset(&memory);
    json::error_code error;
    parser.write(request.body, error);
    if (!error) root = parser.release();
    if (error || !root.is_object()) {
      return error_answer(target.speaker, 400, not_json_message(target.speaker), steering,
                          body_seed);
    }
  }

  const json::object& body = root.get_object();
  std::string_view model = target.model;
  if (model.empty())
    model = is_form(request) ? form_field(request, "model") : string_at(body, "model");
  if (model.empty() && target.speaker == Speaker::ollama) model = string_at(body, "name");
  const Call call{.request = request,
                  .steering = steering,
                  .speaker = target.speaker,
                  .model = model,
                  .verb = target.verb,
                  .body = body,
                  .seed = seed_for(request, target, model, body)};
  return target.make(call);
}

}  // namespace budget::simulated
