// What the figures say, and how they could be smaller.
#include "admin/analytics/usage_analysis.h"
#include "admin/api/handlers.h"
#include "admin/usage_filter.h"

namespace budget::admin {
namespace {

constexpr std::int64_t limit_most = 100;
constexpr std::int64_t usual_limit = 20;

Grouping usual_dimensions() {
  return {{"component", "provider", "model", "task_type", "context_id", "user"},
          {"component", "provider", "model", "task_type", "context_id", "user"}};
}

}  // namespace

Answer recommend_prices(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  ledger::UsageFilter filter = read_usage_filter(*input, *context.view);
  const std::int64_t limit = input->integer("limit", 1, limit_most).value_or(usual_limit);
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto found = co_await recommend_savings(context, std::move(filter), limit);
  if (!found) co_return failure(found.error());
  co_return success(std::move(*found));
}

Answer analyze_usage(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  AnalysisRequest request;
  request.filter = read_usage_filter(*input, *context.view);
  request.by = read_grouping(*input);
  if (request.by.words.empty()) request.by = usual_dimensions();
  request.top = input->integer("limit", 1, limit_most).value_or(request.top);
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto analysis = co_await analyse_usage(context, std::move(request));
  if (!analysis) co_return failure(analysis.error());
  co_return success(std::move(*analysis));
}

// What to change: the savings, and the budgets that need to be looked at.
Answer optimize_usage(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  ledger::UsageFilter filter = read_usage_filter(*input, *context.view);
  const std::int64_t limit = input->integer("limit", 1, limit_most).value_or(usual_limit);
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto found = co_await recommend_savings(context, std::move(filter), limit);
  if (!found) co_return failure(found.error());
  auto lines = co_await budget_lines(context);
  if (!lines) co_return failure(lines.error());
  // Those that will be used up before they reset, or are nearly.
  json::array tight;
  for (json::value& line : *lines) {
    const auto& object = line.get_object();
    const auto* forecast = object.if_contains("forecast");
    const bool ends = forecast != nullptr && forecast->is_object() &&
                      !forecast->get_object().at("exhausted_at").is_null();
    const auto* percentage = object.if_contains("percentage");
    const bool nearly =
        percentage != nullptr && percentage->is_double() && percentage->get_double() >= 80;
    if (ends || nearly) tight.push_back(std::move(line));
  }
  (*found)["budgets_at_risk"] = std::move(tight);
  co_return success(std::move(*found));
}

}  // namespace budget::admin
