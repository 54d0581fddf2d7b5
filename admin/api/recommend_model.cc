// Which model a call should go to, with what is left of the budgets.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "admin/analytics/recommend.h"
#include "admin/api/handlers.h"
#include "admin/caller_input.h"
#include "admin/find.h"
#include "admin/json_parts.h"
#include "pricing/cost.h"

namespace budget::admin {
namespace {

constexpr std::chrono::days looked_back{30};
constexpr std::size_t candidates_most = 300;
constexpr std::int64_t tokens_most = 100'000'000;

struct Wanted {
  policy::Caller caller;
  std::string provider, tier;
  std::optional<std::int64_t> input, output;
  std::int64_t limit = 10;
};

struct Candidate {
  std::string provider, model;
  pricing::FoundPrice found;
  std::int64_t requests = 0;  // of such calls
  bool proven = false;        // it has done such calls
  policy::Amount amount;
  policy::Plan plan;
  const policy::PlannedLine* denied_by = nullptr;
  policy::Unit denied_unit = policy::Unit::cost;

  [[nodiscard]] bool free() const { return found.match == pricing::PriceMatch::free; }
};

struct Past {
  std::vector<ledger::UsageSum> alike, any;
};

std::expected<Past, std::string> read_past(ledger::UsageStore& usage, const Wanted& wanted,
                                           policy::Time now) {
  ledger::UsageFilter filter;
  filter.start = now - looked_back;
  filter.provider = wanted.provider;
  auto any = usage.summary(filter, {"provider", "model"});
  if (!any) return std::unexpected(any.error());
  filter.task_type = wanted.caller.task_type;
  if (filter.task_type.empty()) filter.component = wanted.caller.component;
  auto alike = usage.summary(filter, {"provider", "model"});
  if (!alike) return std::unexpected(alike.error());
  return Past{std::move(*alike), std::move(*any)};
}

// What such a call uses: as said, else as such calls did on average.
policy::Amount expected_tokens(const Wanted& wanted, const Past& past) {
  std::int64_t requests = 0;
  pricing::Tokens input;
  pricing::Tokens output;
  for (const ledger::UsageSum& sum : past.alike) {
    requests += sum.requests;
    input += sum.input;
    output += sum.output;
  }
  const std::int64_t calls = std::max<std::int64_t>(requests, 1);
  policy::Amount amount;
  amount.input = pricing::Tokens(
      wanted.input.value_or(requests > 0 ? (input.value() + calls - 1) / calls : 1000));
  amount.output = pricing::Tokens(
      wanted.output.value_or(requests > 0 ? (output.value() + calls - 1) / calls : 500));
  return amount;
}

class Gathering {
 public:
  Gathering(const View& view, const Wanted& wanted, policy::Time now)
      : view_(view), wanted_(wanted), now_(now) {}

  void add(const std::string& provider, const std::string& model, std::int64_t requests,
           bool proven) {
    if (!wanted_.provider.empty() && provider != wanted_.provider) return;
    if (!wanted_.tier.empty() && view_.policies->tier_of(model) != wanted_.tier) return;
    const bool configured = std::ranges::any_of(
        view_.providers, [&provider](const auto& each) { return each.name == provider; });
    if (!configured || all_.size() >= candidates_most) return;
    if (!seen_.emplace(provider, model).second) return;
    Candidate candidate;
    candidate.provider = provider;
    candidate.model = model;
    candidate.found = find_price(view_, provider, model, now_);
    if (!candidate.found.priced()) return;
    candidate.requests = requests;
    candidate.proven = proven;
    all_.push_back(std::move(candidate));
  }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  std::vector<Candidate> take() { return std::move(all_); }

 private:
  const View& view_;
  const Wanted& wanted_;
  policy::Time now_;
  std::set<std::pair<std::string, std::string>> seen_;
  std::vector<Candidate> all_;
};

// Models that have done such calls; free ones that have done any, for when the
// money is out; without either, what the catalog has at the providers.
std::vector<Candidate> gather(const View& view, const Wanted& wanted, const Past& past,
                              policy::Time now) {
  Gathering gathering(view, wanted, now);
  for (const ledger::UsageSum& sum : past.alike) {
    gathering.add(sum.group[0], sum.group[1], sum.requests, true);
  }
  const bool proven = !gathering.empty();
  for (const ledger::UsageSum& sum : past.any) {
    const auto found = find_price(view, sum.group[0], sum.group[1], now);
    if (found.match == pricing::PriceMatch::free || !proven) {
      gathering.add(sum.group[0], sum.group[1], 0, false);
    }
  }
  if (!proven || !wanted.tier.empty()) {
    for (const ModelChoice& choice : model_choices(view, now)) {
      gathering.add(choice.provider->name, choice.model, 0, false);
    }
  }
  return gathering.take();
}

void judge(std::vector<Candidate>& candidates, const std::vector<policy::CounterState>& states) {
  std::size_t at = 0;
  for (Candidate& candidate : candidates) {
    for (const policy::PlannedLine& line : candidate.plan.lines) {
      const policy::CounterState& state = states[at++];
      const auto broken =
          policy::broken_limit(line.enforcement, line.limits, state, candidate.amount);
      if (!broken || candidate.denied_by != nullptr) continue;
      candidate.denied_by = &line;
      candidate.denied_unit = *broken;
    }
  }
}

// Allowed ones first; of them those that have done such calls, then those that
// cost, then free ones of which nobody knows how they do; the cheapest first.
void sort(std::vector<Candidate>& candidates) {
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    const auto key = [](const Candidate& each) {
      return std::tuple(each.denied_by != nullptr, !each.proven, !each.proven && each.free(),
                        each.amount.cost.value(), -each.requests, each.provider, each.model);
    };
    return key(a) < key(b);
  });
}

json::object candidate_json(const Candidate& candidate) {
  json::object item{{"provider", candidate.provider},
                    {"model", candidate.model},
                    {"allowed", candidate.denied_by == nullptr},
                    {"free", candidate.free()},
                    {"proven", candidate.proven},
                    {"requests", candidate.requests},
                    {"price_id", candidate.found.id()}};
  put_money(item, "expected_cost", candidate.amount.cost);
  item["denied_by"] = candidate.denied_by != nullptr ? json::value(candidate.denied_by->policy->id)
                                                     : json::value(nullptr);
  item["denied_unit"] = candidate.denied_by != nullptr
                            ? json::value(policy::name_of(candidate.denied_unit))
                            : json::value(nullptr);
  item["resets_at"] = candidate.denied_by != nullptr
                          ? to_json(candidate.denied_by->counter.resets_at)
                          : json::value(nullptr);
  return item;
}

}  // namespace

Answer recommend_model(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  Wanted wanted;
  read_caller(*input, wanted.caller);
  wanted.provider = input->text("provider");
  wanted.tier = input->text("tier");
  wanted.input = input->integer("input_tokens", 0, tokens_most);
  wanted.output = input->integer("output_tokens", 0, tokens_most);
  wanted.limit = input->integer("limit", 1, 100).value_or(wanted.limit);
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto ask = [&usage = context.services.usage, wanted, now = context.now] {
    return read_past(usage, wanted, now);
  };
  const auto past = co_await run_blocking(context.services.pool, std::move(ask));
  if (!past) co_return failure(store_failed(past.error()));
  const policy::Amount tokens = expected_tokens(wanted, *past);
  std::vector<Candidate> candidates = gather(*context.view, wanted, *past, context.now);
  std::vector<policy::CounterRef> counters;
  for (Candidate& candidate : candidates) {
    pricing::Usage usage;
    usage.input = tokens.input;
    usage.output = tokens.output;
    candidate.amount = tokens;
    candidate.amount.cost =
        pricing::cost_of(usage, candidate.found, pricing::ServiceTier::standard).total;
    const policy::CallFacts facts{.caller = &wanted.caller,
                                  .provider = candidate.provider,
                                  .model = candidate.model,
                                  .operation = "chat"};
    candidate.plan = context.view->policies->plan(facts, context.now);
    for (const policy::PlannedLine& line : candidate.plan.lines) counters.push_back(line.counter);
  }
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  if (!states) co_return failure(store_failed(states.error()));
  judge(candidates, *states);
  sort(candidates);
  json::array items;
  for (const Candidate& candidate : candidates) {
    if (std::cmp_greater_equal(items.size(), wanted.limit)) break;
    items.push_back(candidate_json(candidate));
  }
  const bool any = !candidates.empty() && candidates.front().denied_by == nullptr;
  json::object object{{"input_tokens", tokens.input.value()},
                      {"output_tokens", tokens.output.value()}};
  object["recommended"] =
      any ? json::value(candidate_json(candidates.front())) : json::value(nullptr);
  object["candidates"] = std::move(items);
  co_return success(std::move(object));
}

}  // namespace budget::admin
