// What went wrong with a call, before it is put in a format's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace budget::wire {

// docs/configuration.md lists the status and the code of each in each format.
enum class ProblemKind : std::uint8_t {
  budget_exceeded,
  key_missing,           // 401
  key_invalid,           // 401
  not_allowed,           // 403: provider, model or component not allowed for this key
  unpriced_model,        // 403
  unmetered_path,        // 403
  invalid_request,       // 400
  request_too_large,     // 413
  header_too_large,      // 431
  unknown_provider,      // 404
  request_timeout,       // 408
  upstream_unreachable,  // 502
  upstream_timeout,      // 504
  store_unavailable,     // 503
  overloaded,            // 503: a limit of ours was reached, or we are draining
  internal,              // 500
};

// The figures of a refusal, already as text or integers. Shown when
// `errors.detail` is full.
struct BudgetDetail {
  std::string budget;
  std::string policy;
  std::string unit;   // cost, tokens, input_tokens, output_tokens, requests, concurrent
  std::string limit;  // cost: USD with nine places; else an integer
  std::string spent;
  std::string reserved;
  std::string requested;
  std::string resets_at;  // RFC 3339 UTC, or ""
};

struct Problem {
  ProblemKind kind = ProblemKind::internal;
  std::string message;  // one readable sentence; says what to do
  std::string request_id;
  int status = 0;                             // 0: the kind's own; else a policy's deny_status
  std::optional<std::int64_t> retry_after_s;  // nullopt: never, or not known
  std::optional<BudgetDetail> budget;
};

// A whole answer in a format's words. The caller adds content-length and the
// x-budget-* headers.
struct ErrorAnswer {
  int status = 500;
  std::string content_type;
  // Among them retry-after and x-should-retry: false where the contract says so.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

}  // namespace budget::wire
