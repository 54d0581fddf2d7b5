#include "proxy/pipeline/answer.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <utility>

#include "policy/rfc3339.h"
#include "pricing/money.h"

namespace budget::pipeline {
namespace {

namespace json = boost::json;

// A figure of `unit`: USD with nine places for cost, else an integer.
std::string figure(policy::Unit unit, std::int64_t value) {
  return unit == policy::Unit::cost ? pricing::to_usd(pricing::Money(value))
                                    : std::to_string(value);
}

std::string_view suffix(policy::Unit unit) {
  return unit == policy::Unit::cost ? "USD" : policy::name_of(unit);
}

// The policy's name without its budget's: what people call it.
std::string_view short_name(std::string_view policy_id) {
  const std::size_t slash = policy_id.find('/');
  return slash == std::string_view::npos ? policy_id : policy_id.substr(slash + 1);
}

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  // A header line ends where we end it, whatever a name or a label holds.
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const std::size_t begin = out.size();
  out += value;
  // Looked for without an early end, which the compiler can do many at once.
  bool found = false;
  for (const char c : value) found |= control(c);
  if (found)
    std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), control, ' ');
  out += "\r\n";
}

json::object amount_json(const policy::Amount& amount) {
  return {{"cost", pricing::to_usd(amount.cost)},
          {"cost_nano", amount.cost.value()},
          {"input_tokens", amount.input.value()},
          {"output_tokens", amount.output.value()}};
}

json::object limits_json(const policy::Limits& limits) {
  json::object result;
  if (limits.cost) result["cost"] = pricing::to_usd(*limits.cost);
  if (limits.tokens) result["tokens"] = limits.tokens->value();
  if (limits.input_tokens) result["input_tokens"] = limits.input_tokens->value();
  if (limits.output_tokens) result["output_tokens"] = limits.output_tokens->value();
  if (limits.requests) result["requests"] = *limits.requests;
  if (limits.concurrent) result["concurrent"] = *limits.concurrent;
  return result;
}

json::object policy_state(const policy::PlannedLine& line, const policy::CounterState& state) {
  json::object result;
  result["policy_id"] = line.policy->id;
  result["partition"] = line.counter.partition;
  if (line.counter.resets_at) result["resets_at"] = policy::rfc3339(*line.counter.resets_at);
  result["limits"] = limits_json(line.policy->limits);
  result["spent"] = amount_json(state.spent);
  result["reserved"] = amount_json(state.reserved);
  result["requests"] = state.requests;
  result["in_flight"] = state.in_flight;
  return result;
}

}  // namespace

wire::Problem refusal_of(const Call& call, const policy::Denial& denial) {
  const bool amounts = call.snapshot().config.error_amounts;
  wire::Problem problem;
  problem.kind = wire::ProblemKind::budget_exceeded;
  problem.status = denial.status;
  problem.request_id = call.request_id;
  problem.message = policy::describe(denial, call.admitted_at, amounts);
  if (denial.resets_at) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*denial.resets_at - call.admitted_at);
    problem.retry_after_s = std::max<std::int64_t>(1, left.count());
  } else if (denial.unit == policy::Unit::concurrent) {
    // A call in flight can end at any moment.
    problem.retry_after_s = 1;
  }
  if (amounts) {
    problem.budget =
        wire::BudgetDetail{.budget = denial.budget,
                           .policy = denial.policy,
                           .unit = std::string(policy::name_of(denial.unit)),
                           .limit = figure(denial.unit, denial.limit),
                           .spent = figure(denial.unit, denial.spent),
                           .reserved = figure(denial.unit, denial.reserved),
                           .requested = figure(denial.unit, denial.requested),
                           .resets_at = denial.resets_at ? policy::rfc3339(*denial.resets_at) : ""};
  }
  return problem;
}

std::string budget_headers(const Call& call, const ledger::UsageRecord* record) {
  std::string out;
  out.reserve(256);
  add_line(out, "x-budget-request-id", call.request_id);
  if (call.route.billing != wire::Billing::metered) return out;
  add_line(out, "x-budget-decision", policy::name_of(call.decision.verdict));
  // `errors: {detail: minimal}` keeps amounts from callers, here as in refusals.
  const bool amounts = call.snapshot().config.error_amounts;
  if (const auto& tightest = call.decision.tightest; tightest && amounts) {
    std::string value(short_name(tightest->policy_id));
    value += '=';
    value += figure(tightest->unit, tightest->remaining);
    value += suffix(tightest->unit);
    add_line(out, "x-budget-remaining", value);
  }
  for (const std::string& warning : call.decision.warnings) {
    add_line(out, "x-budget-warning", warning);
  }
  if (call.model != call.facts.model) add_line(out, "x-budget-model", call.model);
  if (record) {
    add_line(out, "x-budget-cost", pricing::to_usd(record->cost.total));
    add_line(out, "x-budget-tokens",
             "input=" + std::to_string(record->usage.input_total().value()) +
                 ",output=" + std::to_string(record->usage.output_total().value()));
  }
  return out;
}

net::Io<void> send_answer(net::Connection& client, const wire::ErrorAnswer& answer,
                          std::string_view extra, bool keep_alive, bool head_only,
                          net::SteadyTime deadline) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(answer.status)));
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  head.append(reason.data(), reason.size());
  head += "\r\n";
  if (!answer.content_type.empty()) add_line(head, "content-type", answer.content_type);
  for (const auto& [name, value] : answer.headers) add_line(head, name, value);
  head += extra;
  add_line(head, "content-length", std::to_string(answer.body.size()));
  if (!keep_alive) head += "connection: close\r\n";
  head += "\r\n";
  const std::array buffers{boost::asio::buffer(std::as_const(head)),
                           boost::asio::buffer(answer.body)};
  const std::span<const boost::asio::const_buffer> all(buffers.data(), head_only ? 1 : 2);
  co_return co_await client.write(all, deadline);
}

net::Io<void> send_problem(Call& call, wire::Problem problem) {
  problem.request_id = call.request_id;
  const wire::ErrorAnswer answer = call.route.format->refusal(problem);
  std::string headers = budget_headers(call, nullptr);
  const auto deadline =
      std::chrono::steady_clock::now() + call.snapshot().config.limits.idle_timeout;
  co_return co_await send_answer(call.request.client, answer, headers, call.request.keep_alive,
                                 call.request.head.method == "HEAD", deadline);
}

net::Io<void> send_dry_run(Call& call) {
  json::object body;
  body["request_id"] = call.request_id;
  body["decision"] = policy::name_of(call.decision.verdict);
  body["provider"] = call.provider->config.name;
  body["model"] = call.model;
  json::object estimate;
  estimate["input_tokens"] = call.worst.input.value();
  estimate["output_tokens"] = call.worst.output_ceiling.value();
  estimate["cost"] = pricing::to_usd(call.held.cost);
  estimate["cost_nano"] = call.held.cost.value();
  body["estimate"] = std::move(estimate);
  json::array policies;
  for (std::size_t i = 0; i < call.plan.lines.size(); ++i) {
    policies.push_back(policy_state(call.plan.lines[i], call.states[i]));
  }
  body["policies"] = std::move(policies);
  if (const auto& denial = call.decision.denial) {
    body["message"] =
        policy::describe(*denial, call.admitted_at, call.snapshot().config.error_amounts);
  }
  json::array warnings;
  for (const std::string& warning : call.decision.warnings)
    warnings.push_back(json::string(warning));
  body["warnings"] = std::move(warnings);

  wire::ErrorAnswer answer;
  answer.status = 200;
  answer.content_type = "application/json";
  answer.body = json::serialize(body);
  const std::string headers = budget_headers(call, nullptr);
  const auto deadline =
      std::chrono::steady_clock::now() + call.snapshot().config.limits.idle_timeout;
  co_return co_await send_answer(call.request.client, answer, headers, call.request.keep_alive,
                                 false, deadline);
}

}  // namespace budget::pipeline
