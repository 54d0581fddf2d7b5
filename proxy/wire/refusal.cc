#include "proxy/wire/refusal.h"

#include "proxy/wire/json.h"

namespace budget::wire {
namespace {

struct Row {
  int status;
  std::string_view code;
};

Row row_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::budget_exceeded:
      return {429, "budget_exceeded"};
    case ProblemKind::key_missing:
    case ProblemKind::key_invalid:
      return {401, "invalid_api_key"};
    case ProblemKind::not_allowed:
      return {403, "model_not_allowed"};
    case ProblemKind::unpriced_model:
      return {403, "unpriced_model"};
    case ProblemKind::unmetered_path:
      return {403, "unmetered_path"};
    case ProblemKind::invalid_request:
      return {400, "invalid_request"};
    case ProblemKind::request_too_large:
      return {413, "request_too_large"};
    case ProblemKind::header_too_large:
      return {431, "request_too_large"};
    case ProblemKind::unknown_provider:
      return {404, "unknown_provider"};
    case ProblemKind::request_timeout:
      return {408, "request_timeout"};
    case ProblemKind::upstream_unreachable:
      return {502, "upstream_unreachable"};
    case ProblemKind::upstream_timeout:
      return {504, "upstream_timeout"};
    case ProblemKind::store_unavailable:
      return {503, "store_unavailable"};
    case ProblemKind::overloaded:
      return {503, "overloaded"};
    case ProblemKind::internal:
      break;
  }
  return {500, "internal_error"};
}

}  // namespace

int status_of(const Problem& problem) {
  return problem.status != 0 ? problem.status : row_of(problem.kind).status;
}

std::string_view code_of(ProblemKind kind) {
  return row_of(kind).code;
}

std::vector<std::pair<std::string, std::string>> retry_headers(const Problem& problem) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (problem.retry_after_s) {
    headers.emplace_back("retry-after", std::to_string(*problem.retry_after_s));
  }
  const bool soon = problem.retry_after_s && *problem.retry_after_s <= sdk_retry_seconds_max;
  if (problem.kind == ProblemKind::budget_exceeded && !soon) {
    headers.emplace_back("x-should-retry", "false");
  }
  return headers;
}

ErrorAnswer message_answer(const Problem& problem, std::string_view member) {
  ErrorAnswer answer{status_of(problem), "application/json", retry_headers(problem), "{"};
  append_json_string(answer.body, member);
  answer.body += ':';
  append_json_string(answer.body, problem.message);
  answer.body += '}';
  return answer;
}

void append_budget_fields(std::string& out, const Problem& problem) {
  const BudgetDetail& detail = *problem.budget;
  const std::pair<std::string_view, std::string_view> fields[] = {
      {"budget", detail.budget},
      {"policy", detail.policy},
      {"unit", detail.unit},
      {"limit", detail.limit},
      {"spent", detail.spent},
      {"reserved", detail.reserved},
      {"requested", detail.requested},
      {"resets_at", detail.resets_at},
      {"request_id", problem.request_id}};
  char before = '{';
  for (const auto& [name, value] : fields) {
    out += before;
    before = ',';
    append_json_string(out, name);
    out += ':';
    if (name == "resets_at" && value.empty()) {
      out += "null";
    } else {
      append_json_string(out, value);
    }
  }
  out += '}';
}

}  // namespace budget::wire
