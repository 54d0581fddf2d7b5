// What was used: records and sums.
#include "admin/api/handlers.h"
#include "admin/json_parts.h"
#include "admin/record_json.h"
#include "admin/usage_filter.h"
#include "admin/usage_sums.h"

namespace budget::admin {
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
  const ledger::UsageFilter filter = read_usage_filter(*input, *context.view);
  const Grouping grouping = read_grouping(*input);
  if (const auto problem = input->problem()) co_return failure(*problem);

  // The groups may be cut at a number; the total never is.
  auto ask = [&usage = context.services.usage, filter, by = grouping.store_words] {
    auto total = usage.summary(filter, {});
    auto sums = by.empty() ? decltype(total){} : usage.summary(filter, by);
    return std::pair(std::move(total), std::move(sums));
  };
  const auto [total, sums] = co_await run_blocking(context.services.pool, std::move(ask));
  if (!total) co_return failure(store_failed(total.error()));
  if (!sums) co_return failure(store_failed(sums.error()));
  json::array items;
  for (const ledger::UsageSum& sum : *sums) {
    json::object item = sums_json(sum);
    item["group"] = group_json(grouping.words, sum);
    items.push_back(std::move(item));
  }
  co_return success(
      json::object{{"start_time", to_json(filter.start)},
                   {"end_time", to_json(filter.end)},
                   {"group_by", to_json(grouping.words)},
                   {"total", sums_json(total->empty() ? ledger::UsageSum{} : total->front())},
                   {"groups", std::move(items)}});
}

}  // namespace budget::admin
