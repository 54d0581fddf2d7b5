// How much of a budget is used: one item a policy and partition.
#include <map>
#include <string>
#include <vector>

#include "admin/api/handlers.h"
#include "admin/find.h"
#include "admin/summary_json.h"
#include "policy/partition.h"

namespace budget::admin {
namespace {

struct Line {
  const policy::Policy* policy = nullptr;
  policy::CounterRef counter;
};

// The partition of each counter there is, by its key.
using Live = std::map<std::string, std::string>;

Live live_counters(const CounterSource& source) {
  Live live;
  if (!source) return live;
  for (policy::CounterRef& counter : source()) {
    live.emplace(std::move(counter.key), std::move(counter.partition));
  }
  return live;
}

// A policy that counts nothing apart always has its one line; one that does
// has a line for each value that its present period has seen.
std::vector<Line> lines_of(const View& view, const policy::Budget& budget, const Live& live,
                           policy::Time now) {
  std::vector<Line> lines;
  for (const policy::Policy& policy : budget.policies) {
    policy::CounterRef whole = view.policies->counter_of(policy, "", now);
    if (policy::partition_fields(policy).empty()) {
      lines.push_back({&policy, std::move(whole)});
      continue;
    }
    const std::string prefix = whole.key.substr(0, whole.key.find('|') + 1);
    for (auto at = live.lower_bound(prefix); at != live.end() && at->first.starts_with(prefix);
         ++at) {
      policy::CounterRef counter = view.policies->counter_of(policy, at->second, now);
      if (counter.key == at->first) lines.push_back({&policy, std::move(counter)});
    }
  }
  return lines;
}

}  // namespace

Answer get_budget_summary(Context& context) {
  const policy::Budget* budget = find_budget(*context.view, context.param("id"));
  if (!budget) co_return failure(not_found("budget", context.param("id")));
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto list = [source = context.services.counters] { return live_counters(source); };
  const auto live = co_await run_blocking(context.services.pool, std::move(list));
  const auto all = lines_of(*context.view, *budget, live, context.now);
  const auto lines = part_of(all, page);
  std::vector<policy::CounterRef> counters;
  counters.reserve(lines.size());
  for (const Line& line : lines) counters.push_back(line.counter);
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  if (!states) co_return failure(store_failed(states.error()));
  json::array items;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    items.push_back(summary_json(*lines[i].policy, lines[i].counter, (*states)[i], context.now));
  }
  co_return listing(std::move(items), static_cast<std::int64_t>(all.size()), page);
}

}  // namespace budget::admin
