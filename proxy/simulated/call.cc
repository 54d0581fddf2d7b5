#include "proxy/simulated/call.h"

#include <cmath>

#include "proxy/simulated/text.h"

namespace budget::simulated {

namespace json = boost::json;

std::string_view view(const json::string& string) {
  return {string.data(), string.size()};
}

const json::value* member(const json::object& object, std::string_view key) {
  return object.if_contains({key.data(), key.size()});
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value ? value->if_array() : nullptr;
}

std::string_view string_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  const json::string* string = value ? value->if_string() : nullptr;
  return string ? view(*string) : std::string_view();
}

std::optional<std::int64_t> integer_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  if (!value) return std::nullopt;
  if (const std::int64_t* integer = value->if_int64()) return *integer;
  if (value->is_uint64()) return std::numeric_limits<std::int64_t>::max();
  const double* number = value->if_double();
  if (!number || *number != std::floor(*number) || std::abs(*number) > 1e15) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

bool true_at(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value && value->is_bool() && value->get_bool();
}

namespace {

void add_id_header(Answer& answer, Speaker speaker, std::uint64_t seed) {
  switch (speaker) {
    case Speaker::openai:
      answer.headers.emplace_back("x-request-id", make_id("req_", seed, 32));
      break;
    case Speaker::anthropic:
      answer.headers.emplace_back("request-id", make_id("req_01", seed, 22));
      break;
    case Speaker::bedrock:
      answer.headers.emplace_back("x-amzn-requestid", make_id("", seed, 36));
      break;
    default:
      break;
  }
}

Answer head_of(Speaker speaker, const Steering& steering, std::uint64_t seed, int status,
               std::string_view content_type) {
  Answer answer;
  answer.status = status;
  answer.latency = steering.latency;
  answer.headers.reserve(5);
  answer.headers.emplace_back("content-type", content_type);
  add_id_header(answer, speaker, seed);
  return answer;
}

}  // namespace

Answer whole_answer(const Call& call, std::string body, std::string_view content_type) {
  Answer answer = head_of(call.speaker, call.steering, call.seed, 200, content_type);
  answer.content_length = body.size();
  answer.body = Script(std::move(body), call.steering);
  return answer;
}

Answer streamed_answer(const Call& call, std::unique_ptr<EventList> events,
                       std::string_view content_type) {
  Answer answer = head_of(call.speaker, call.steering, call.seed, 200, content_type);
  answer.streamed = true;
  answer.body = Script(std::move(events), call.steering);
  return answer;
}

namespace {

struct StatusWords {
  int status;
  std::string_view openai_type;
  std::string_view openai_code;  // "" is null
  std::string_view anthropic_type;
  std::string_view gemini_status;
  std::string_view bedrock_type;
  std::string_view message;
};

// OpenAI's types and codes: platform.openai.com/docs/guides/error-codes.
// Anthropic's: docs.anthropic.com/en/api/errors. Google's: google.rpc.Code.
// Amazon's: the Converse operation's list of errors.
constexpr StatusWords statuses[] = {
    {400, "invalid_request_error", "", "invalid_request_error", "INVALID_ARGUMENT",
     "ValidationException", "The request is not valid."},
    {401, "invalid_request_error", "invalid_api_key", "authentication_error", "UNAUTHENTICATED",
     "UnrecognizedClientException", "The API key is not valid."},
    {403, "invalid_request_error", "", "permission_error", "PERMISSION_DENIED",
     "AccessDeniedException", "The API key may not do this."},
    {404, "invalid_request_error", "model_not_found", "not_found_error", "NOT_FOUND",
     "ResourceNotFoundException", "The requested resource does not exist."},
    {408, "timeout", "", "timeout_error", "DEADLINE_EXCEEDED", "ModelTimeoutException",
     "The request took too long."},
    {409, "conflict_error", "", "invalid_request_error", "ABORTED", "ConflictException",
     "The request conflicts with another one."},
    {413, "invalid_request_error", "request_too_large", "request_too_large", "INVALID_ARGUMENT",
     "ValidationException", "The request is too large."},
    {422, "invalid_request_error", "", "invalid_request_error", "INVALID_ARGUMENT",
     "ValidationException", "The request cannot be processed."},
    {429, "requests", "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED",
     "ThrottlingException", "Too many requests; try again later."},
    {500, "server_error", "", "api_error", "INTERNAL", "InternalServerException",
     "The server had an error."},
    {502, "server_error", "", "api_error", "UNAVAILABLE", "InternalServerException",
     "The server got no answer."},
    {503, "server_error", "", "api_error", "UNAVAILABLE", "ServiceUnavailableException",
     "The server is overloaded."},
    {529, "server_error", "", "overloaded_error", "UNAVAILABLE", "ServiceUnavailableException",
     "Overloaded"},
};

// A status without a row of its own speaks as the general one of its class.
const StatusWords& words_of(int status) {
  for (const StatusWords& row : statuses) {
    if (row.status == status) return row;
  }
  return words_of(status >= 500 ? 500 : 400);
}

std::string error_body(Speaker speaker, int status, std::string_view message,
                       std::string_view param, std::uint64_t seed) {
  const StatusWords& words = words_of(status);
  switch (speaker) {
    case Speaker::openai: {
      std::string body = concat(R"({"error":{"message":)", Quoted{message}, R"(,"type":)",
                                Quoted{words.openai_type}, R"(,"param":)");
      param.empty() ? append(body, "null") : append(body, Quoted{param});
      append(body, R"(,"code":)");
      words.openai_code.empty() ? append(body, "null") : append(body, Quoted{words.openai_code});
      return body + "}}";
    }
    case Speaker::anthropic:
      return concat(R"({"type":"error","error":{"type":)", Quoted{words.anthropic_type},
                    R"(,"message":)", Quoted{message}, R"(},"request_id":)",
                    Quoted{make_id("req_01", seed, 22)}, "}");
    case Speaker::gemini:
      return concat(R"({"error":{"code":)", status, R"(,"message":)", Quoted{message},
                    R"(,"status":)", Quoted{words.gemini_status}, "}}");
    case Speaker::bedrock:
      return concat(R"({"message":)", Quoted{message}, "}");
    case Speaker::cohere:
      return concat(R"({"id":)", Quoted{make_id("", seed, 36)}, R"(,"message":)", Quoted{message},
                    "}");
    case Speaker::ollama:
      break;
  }
  return concat(R"({"error":)", Quoted{message}, "}");
}

}  // namespace

Answer error_answer(Speaker speaker, int status, std::string_view message, const Steering& steering,
                    std::uint64_t seed, std::string_view param) {
  Answer answer = head_of(speaker, steering, seed, status, "application/json");
  if (speaker == Speaker::bedrock) {
    answer.headers.emplace_back("x-amzn-errortype", words_of(status).bedrock_type);
  }
  if (status == 429) answer.headers.emplace_back("retry-after", "1");
  if (message.empty()) message = words_of(status).message;
  std::string body = error_body(speaker, status, message, param, seed);
  answer.content_length = body.size();
  answer.body = Script(std::move(body), steering);
  return answer;
}

Answer bad_request(const Call& call, std::string_view message, std::string_view param) {
  return error_answer(call.speaker, 400, message, call.steering, call.seed, param);
}

}  // namespace budget::simulated
