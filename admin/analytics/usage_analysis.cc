#include "admin/analytics/usage_analysis.h"

#include <utility>

#include "admin/analytics/model_cost.h"
#include "admin/analytics/recommend.h"
#include "admin/analytics/spend_forecast.h"
#include "admin/budget_lines.h"
#include "admin/find.h"
#include "admin/json_parts.h"
#include "admin/summary_json.h"

namespace budget::admin {
namespace {

using ledger::UsageFilter;
using ledger::UsageSum;
using pricing::Money;

__extension__ using Wide = __int128;

constexpr std::chrono::days usual_period{30};
constexpr std::chrono::days forecast_window{28};
constexpr std::size_t lines_most = 200;
// Models that are looked at for savings: the dearest.
constexpr std::size_t models_most = 100;

using Sums = std::expected<std::vector<UsageSum>, std::string>;

struct Figures {
  Sums total, before, models, days;
  std::vector<Sums> tops;
};

// The same calls, at other times.
UsageFilter between(UsageFilter filter, policy::Time start, policy::Time end) {
  filter.start = start;
  filter.end = end;
  return filter;
}

policy::Time month_begin(policy::Time now) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(now));
  return std::chrono::sys_days(date.year() / date.month() / 1);
}

Figures read_figures(ledger::UsageStore& usage, const AnalysisRequest& request, policy::Time now) {
  const UsageFilter& filter = request.filter;
  const policy::Time begin = *filter.start - (*filter.end - *filter.start);
  const policy::Time days_from = std::min<policy::Time>(
      std::chrono::floor<std::chrono::days>(now) - forecast_window, month_begin(now));
  Figures figures{usage.summary(filter, {}),
                  usage.summary(between(filter, begin, *filter.start), {}),
                  usage.summary(filter, {"provider", "model"}),
                  usage.summary(between(filter, days_from, now), {"day"}),
                  {}};
  for (const std::string& word : request.by.store_words) {
    figures.tops.push_back(usage.summary(filter, {word}));
  }
  return figures;
}

std::optional<std::string> problem_of(const Figures& figures) {
  for (const Sums* sums : {&figures.total, &figures.before, &figures.models, &figures.days}) {
    if (!*sums) return sums->error();
  }
  for (const Sums& sums : figures.tops) {
    if (!sums) return sums.error();
  }
  return std::nullopt;
}

UsageSum only(const Sums& sums) {
  return sums->empty() ? UsageSum{} : sums->front();
}

// In tenths of a percent of `before`; null where there was nothing before.
json::value change_percent(Money before, Money after) {
  if (before <= Money(0)) return nullptr;
  const Wide tenths = (Wide(after.value()) - before.value()) * 1000 / before.value();
  return static_cast<double>(static_cast<std::int64_t>(tenths)) / 10.0;
}

json::object top_json(const Figures& figures, const AnalysisRequest& request) {
  json::object tops;
  for (std::size_t i = 0; i < figures.tops.size(); ++i) {
    json::array items;
    for (const UsageSum& sum : *figures.tops[i]) {
      if (std::cmp_greater_equal(items.size(), request.top)) break;
      json::object item = sums_json(sum);
      item["value"] = sum.group.front();
      items.push_back(std::move(item));
    }
    tops[request.by.words[i]] = std::move(items);
  }
  return tops;
}

json::object cache_json(const Figures& figures, const View& view, policy::Time now) {
  Money saved;
  std::int64_t read = 0;
  std::int64_t input = 0;
  for (const UsageSum& sum : *figures.models) {
    read += sum.cache_read.value();
    input += sum.input.value();
    const auto found = find_price(view, sum.group[0], sum.group[1], now);
    if (found.priced()) saved += saved_by_cache(sum, found);
  }
  json::object object{{"cache_read_tokens", read}, {"input_tokens", input}};
  object["share_percent"] =
      input > 0
          ? json::value(static_cast<double>(static_cast<std::int64_t>(Wide(read) * 1000 / input)) /
                        10.0)
          : json::value(nullptr);
  put_money(object, "saved", saved);
  return object;
}

json::object forecast_json(const Figures& figures, policy::Time now) {
  std::vector<DaySpend> days;
  for (const UsageSum& sum : *figures.days) {
    auto input = json::object{{"day", sum.group.front()}};
    const auto time = Input(std::move(input)).time("day");
    if (!time) continue;
    days.push_back({std::chrono::floor<std::chrono::days>(*time), sum.total_cost});
  }
  const SpendForecast forecast = forecast_spend(days, now);
  json::object object{{"basis", name_of(forecast.basis)}};
  put_money(object, "next_7_days", forecast.next_week);
  put_money(object, "month_so_far", forecast.month_so_far);
  put_money(object, "month_to_end", forecast.month_to_end);
  return object;
}

json::object recommendation_json(const Recommendation& each) {
  json::object item{{"kind", name_of(each.kind)},
                    {"provider", each.provider},
                    {"model", each.model},
                    {"requests", each.requests}};
  put_money(item, "cost", each.cost);
  put_money(item, "saving", each.saving);
  item["saving_percent"] = change_percent(each.cost, each.cost + each.saving);
  if (each.kind == Recommendation::Kind::cheaper_model) {
    item["to_provider"] = each.to_provider;
    item["to_model"] = each.to_model;
    item["reason"] = "The same calls at " + each.to_provider + "/" + each.to_model +
                     ", which has the same wire format and tier and no smaller limits.";
  } else {
    item["cached_percent"] = percent_of(each.cached_ppm);
    item["assumed_percent"] = percent_of(each.assumed_ppm);
    item["reason"] =
        "Long inputs are hardly read from the provider's cache; the saving takes "
        "half of what was not to be repeated, without what writing it costs.";
  }
  return item;
}

}  // namespace

void fill_period(ledger::UsageFilter& filter, policy::Time now) {
  if (!filter.end) filter.end = now;
  if (!filter.start) filter.start = *filter.end - usual_period;
}

Awaitable<std::expected<json::array, Failure>> budget_lines(Context& context) {
  auto list = [source = context.services.counters] { return live_counters(source); };
  const LiveCounters live = co_await run_blocking(context.services.pool, std::move(list));
  std::vector<BudgetLine> lines;
  for (const policy::Budget& budget : context.view->policies->config().budgets) {
    for (BudgetLine& line : lines_of(*context.view->policies, budget, live, context.now)) {
      if (lines.size() < lines_most) lines.push_back(std::move(line));
    }
  }
  std::vector<policy::CounterRef> counters;
  counters.reserve(lines.size());
  for (const BudgetLine& line : lines) counters.push_back(line.counter);
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  if (!states) co_return std::unexpected(store_failed(states.error()));
  json::array items;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    items.push_back(summary_json(*lines[i].policy, lines[i].counter, (*states)[i], context.now));
  }
  co_return items;
}

Awaitable<std::expected<json::object, Failure>> analyse_usage(Context& context,
                                                              AnalysisRequest request) {
  fill_period(request.filter, context.now);
  auto ask = [&usage = context.services.usage, request, now = context.now] {
    return read_figures(usage, request, now);
  };
  const Figures figures = co_await run_blocking(context.services.pool, std::move(ask));
  if (const auto problem = problem_of(figures)) co_return std::unexpected(store_failed(*problem));
  auto lines = co_await budget_lines(context);
  if (!lines) co_return std::unexpected(std::move(lines.error()));
  const UsageSum total = only(figures.total);
  const UsageSum before = only(figures.before);
  json::object analysis{{"start_time", to_json(request.filter.start)},
                        {"end_time", to_json(request.filter.end)},
                        {"total", sums_json(total)},
                        {"before", sums_json(before)},
                        {"change_percent", change_percent(before.total_cost, total.total_cost)},
                        {"top", top_json(figures, request)},
                        {"cache", cache_json(figures, *context.view, context.now)},
                        {"forecast", forecast_json(figures, context.now)},
                        {"budgets", std::move(*lines)}};
  co_return analysis;
}

Awaitable<std::expected<json::object, Failure>> recommend_savings(Context& context,
                                                                  ledger::UsageFilter filter,
                                                                  std::int64_t limit) {
  fill_period(filter, context.now);
  auto work = [&usage = context.services.usage, filter, view = context.view,
               now = context.now]() -> std::expected<std::vector<Recommendation>, std::string> {
    auto used = usage.summary(filter, {"provider", "model"});
    if (!used) return std::unexpected(used.error());
    if (used->size() > models_most) used->resize(models_most);
    return recommend(*view, *used, now);
  };
  const auto found = co_await run_blocking(context.services.pool, std::move(work));
  if (!found) co_return std::unexpected(store_failed(found.error()));
  json::array items;
  for (const Recommendation& each : *found) {
    if (std::cmp_greater_equal(items.size(), limit)) break;
    items.push_back(recommendation_json(each));
  }
  json::object object{{"start_time", to_json(filter.start)},
                      {"end_time", to_json(filter.end)},
                      {"recommendations", std::move(items)}};
  put_money(object, "total_saving", total_saving(*found));
  co_return object;
}

}  // namespace budget::admin
