// What was used: records and sums.
#include <algorithm>
#include <array>
#include <optional>

#include "admin/api/handlers.h"
#include "admin/json_parts.h"
#include "admin/record_json.h"
#include "admin/usage_filter.h"

namespace budget::admin {
namespace {

// The API's word for a group, and the store's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> groups{
    {{"provider", "provider"},
     {"model", "model"},
     {"component", "component"},
     {"task_type", "task_type"},
     {"user", "user"},
     {"context_id", "context_id"},
     {"key", "key_id"},
     {"operation", "operation"},
     {"status", "status"},
     {"minute", "minute"},
     {"hour", "hour"},
     {"day", "day"},
     {"month", "month"}}};

struct SummaryQuestion {
  ledger::UsageFilter filter;
  std::vector<std::string> group_by;  // the API's words
  std::vector<std::string> store_by;  // the store's
};

SummaryQuestion read_question(Input& input, const View& view) {
  SummaryQuestion question;
  question.filter = read_usage_filter(input, view);
  question.group_by = input.texts("group_by").value_or(question.group_by);
  for (const std::string& word : question.group_by) {
    const auto known = std::find_if(groups.begin(), groups.end(),
                                    [&word](const auto& g) { return g.first == word; });
    const bool twice = std::count(question.group_by.begin(), question.group_by.end(), word) > 1;
    if (known != groups.end() && !twice) {
      question.store_by.emplace_back(known->second);
      continue;
    }
    std::string message = "names '" + word + "'; there are, each once:";
    for (const auto& [name, store] : groups) message.append(" ").append(name);
    input.complain("group_by", std::move(message));
    break;
  }
  return question;
}

json::object sums_json(const ledger::UsageSum& sum) {
  json::object object{{"requests", sum.requests},
                      {"input_tokens", sum.input.value()},
                      {"output_tokens", sum.output.value()},
                      {"total_tokens", (sum.input + sum.output).value()},
                      {"cache_read_tokens", sum.cache_read.value()},
                      {"cache_write_tokens", sum.cache_write.value()},
                      {"reasoning_tokens", sum.reasoning.value()},
                      {"estimated", sum.estimated}};
  put_money(object, "input_cost", sum.input_cost);
  put_money(object, "output_cost", sum.output_cost);
  put_money(object, "total_cost", sum.total_cost);
  return object;
}

json::object group_json(const std::vector<std::string>& names, const ledger::UsageSum& sum) {
  json::object group;
  for (std::size_t i = 0; i < names.size() && i < sum.group.size(); ++i) {
    group[names[i]] = sum.group[i];
  }
  json::object object = sums_json(sum);
  object["group"] = std::move(group);
  return object;
}

}  // namespace

Answer list_usage_records(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const ledger::UsageFilter filter = read_usage_filter(*input, *context.view);
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto ask = [&usage = context.services.usage, filter, page] {
    return usage.records(filter, page.page, page.limit);
  };
  const auto found = co_await run_blocking(context.services.pool, std::move(ask));
  if (!found) co_return failure(store_failed(found.error()));
  json::array items;
  for (const ledger::UsageRecord& record : found->records) items.push_back(to_json(record));
  co_return listing(std::move(items), found->total, page);
}

Answer get_usage_record(Context& context) {
  ledger::UsageFilter filter;
  filter.request_id = context.param("id");
  auto ask = [&usage = context.services.usage, filter] { return usage.records(filter, 1, 1); };
  const auto found = co_await run_blocking(context.services.pool, std::move(ask));
  if (!found) co_return failure(store_failed(found.error()));
  if (found->records.empty()) co_return failure(not_found("usage record", filter.request_id));
  co_return success(to_json(found->records.front()));
}

Answer summarize_usage(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const SummaryQuestion question = read_question(*input, *context.view);
  if (const auto problem = input->problem()) co_return failure(*problem);

  // The groups may be cut at a number; the total never is.
  auto ask = [&usage = context.services.usage, question] {
    auto total = usage.summary(question.filter, {});
    auto sums = question.store_by.empty() ? decltype(total){}
                                          : usage.summary(question.filter, question.store_by);
    return std::pair(std::move(total), std::move(sums));
  };
  const auto [total, sums] = co_await run_blocking(context.services.pool, std::move(ask));
  if (!total) co_return failure(store_failed(total.error()));
  if (!sums) co_return failure(store_failed(sums.error()));
  json::array items;
  for (const ledger::UsageSum& sum : *sums) items.push_back(group_json(question.group_by, sum));
  co_return success(
      json::object{{"start_time", to_json(question.filter.start)},
                   {"end_time", to_json(question.filter.end)},
                   {"group_by", to_json(question.group_by)},
                   {"total", sums_json(total->empty() ? ledger::UsageSum{} : total->front())},
                   {"groups", std::move(items)}});
}

}  // namespace budget::admin
