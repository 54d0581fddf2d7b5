// Allocations: tokens set aside for a context.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "admin/allocation_notes.h"
#include "admin/api/handlers.h"
#include "admin/caller_input.h"
#include "admin/find.h"
#include "admin/json_parts.h"
#include "policy/figures.h"
#include "pricing/cost.h"

namespace budget::admin {
namespace {

constexpr std::int64_t tokens_max = 1'000'000'000'000;
constexpr std::size_t metadata_bytes_max = 8192;
// Where no time was said: what nobody gives back must not be held for ever.
constexpr std::chrono::hours usual_life{24};

struct Wish {
  policy::Caller caller;
  std::string budget_id, tier, provider, model, metadata;
  ledger::Amount amount;
  policy::Time expires_at;
};

// tokens_allocated is for input and output together; how much of it is for
// output is said by output_tokens, and is half where it is not.
void read_tokens(Input& input, ledger::Amount& amount) {
  const auto all = input.integer("tokens_allocated", 1, tokens_max);
  if (!input.has("tokens_allocated")) input.complain("tokens_allocated", "is required");
  const auto output = input.integer("output_tokens", 0, tokens_max);
  if (!all) return;
  if (output && *output > *all) {
    input.complain("output_tokens", "is more than tokens_allocated, of which it is a part");
    return;
  }
  amount.output = policy::Tokens(output.value_or(*all / 2));
  amount.input = policy::Tokens(*all) - amount.output;
}

// Without a model there is no price: then tokens are set aside, and no money.
void price(Input& input, const View& view, policy::Time now, Wish& wish) {
  if (wish.provider.empty() != wish.model.empty()) {
    input.complain(wish.model.empty() ? "model" : "provider", "is required with the other");
    return;
  }
  if (wish.model.empty()) return;
  const auto found = find_price(view, wish.provider, wish.model, now);
  if (!found.priced()) {
    input.complain("model", "has no known price at this provider");
    return;
  }
  pricing::WorstCase worst;
  worst.input = wish.amount.input;
  worst.output_ceiling = wish.amount.output;
  worst.audio_input = false;
  worst.image_input = false;
  wish.amount.cost = pricing::worst_case_cost(worst, found).total;
}

Wish read_wish(Input& input, const View& view, policy::Time now) {
  Wish wish;
  read_caller(input, wish.caller);
  wish.budget_id = input.text("budget_id");
  wish.tier = input.text("tier");
  wish.provider = input.text("provider");
  wish.model = input.text("model");
  wish.metadata = input.object_text("metadata", metadata_bytes_max);
  wish.expires_at = input.time("expiration_time").value_or(now + usual_life);
  read_tokens(input, wish.amount);
  price(input, view, now, wish);
  if (wish.caller.context_id.empty()) input.complain("context_id", "is required");
  if (wish.expires_at <= now) input.complain("expiration_time", "is in the past");
  if (!wish.budget_id.empty() && !find_budget(view, wish.budget_id)) {
    input.complain("budget_id", "names no budget");
  }
  if (wish.tier.empty()) return wish;
  if (wish.model.empty()) {
    const auto& tiers = view.policies->config().tiers;
    const bool known = std::ranges::any_of(
        tiers, [&wish](const policy::Tier& tier) { return tier.name == wish.tier; });
    if (!known) input.complain("tier", "names no tier");
  } else if (view.policies->tier_of(wish.model) != wish.tier) {
    input.complain("tier", "is not the model's, which is '" +
                               std::string(view.policies->tier_of(wish.model)) + "'");
  }
  return wish;
}

// The counters that the described calls would be held against.
policy::Plan plan_of(const Wish& wish, const View& view, policy::Time now) {
  const policy::CallFacts facts{.caller = &wish.caller,
                                .provider = wish.provider,
                                .model = wish.model,
                                .operation = "allocation",
                                .stream = false,
                                .tier = wish.tier};
  policy::Plan plan = view.policies->plan(facts, now);
  std::erase_if(plan.lines, [&wish](const policy::PlannedLine& line) {
    return !wish.budget_id.empty() && line.budget->name != wish.budget_id;
  });
  return plan;
}

ledger::AllocateRequest request_of(const std::string& id, const Wish& wish,
                                   const policy::Plan& plan, policy::Time now) {
  ledger::AllocateRequest request{id, now, wish.expires_at, {}};
  for (const policy::PlannedLine& line : plan.lines) {
    request.lines.push_back({line.counter, line.enforcement, line.limits, wish.amount});
  }
  return request;
}

AllocationNote note_of(const std::string& id, const Wish& wish, policy::Time now) {
  json::object description{{"component", wish.caller.component},
                           {"task_id", wish.caller.task_id},
                           {"task_type", wish.caller.task_type},
                           {"user", wish.caller.user},
                           {"tags", to_json(wish.caller.tags)},
                           {"priority", wish.caller.priority},
                           {"tier", wish.tier},
                           {"provider", wish.provider},
                           {"model", wish.model}};
  description["metadata"] = wish.metadata.empty() ? json::object{} : json::parse(wish.metadata);
  return {id,  wish.caller.context_id, wish.budget_id, json::serialize(description),
          now, wish.expires_at,        false};
}

void put_amount(json::object& object, const std::string& prefix, const ledger::Amount& amount) {
  object["tokens_" + prefix] = (amount.input + amount.output).value();
  object["input_tokens_" + prefix] = amount.input.value();
  object["output_tokens_" + prefix] = amount.output.value();
  put_money(object, "cost_" + prefix, amount.cost);
}

void put_note(json::object& object, const AllocationNote& note) {
  object["context_id"] = note.context_id;
  object["budget_id"] = note.budget_id;
  object["created_at"] = policy::rfc3339(note.created_at);
  boost::system::error_code ignored;
  const json::value description = json::parse(note.description, ignored);
  if (!description.is_object()) return;
  for (const auto& [name, value] : description.get_object()) object[name] = value;
}

// The ledger forgets an allocation some time after it has ended.
json::object forgotten_json(const AllocationNote& note) {
  json::object object{{"allocation_id", note.id}, {"state", "ended"}};
  put_note(object, note);
  return object;
}

json::object allocation_json(const ledger::AllocationState& state,
                             const std::optional<AllocationNote>& note, policy::Time now) {
  const bool expired = state.expires_at && *state.expires_at <= now;
  json::object object{{"allocation_id", state.id},
                      {"state", state.released ? "released"
                                : expired      ? "expired"
                                               : "active"}};
  put_amount(object, "allocated", state.allocated);
  put_amount(object, "remaining", state.remaining);
  object["expiration_time"] = to_json(state.expires_at);
  if (note) put_note(object, *note);
  return object;
}

Failure insufficient(const policy::Plan& plan, const ledger::ReserveOutcome& outcome,
                     const ledger::Amount& amount, policy::Time now) {
  const policy::Decision decision = policy::decide_refused(
      plan, outcome.states, amount, outcome.shortfall->line, outcome.shortfall->unit);
  const policy::Denial& denial = *decision.denial;
  return {ErrorCode::insufficient_budget,
          policy::describe(denial, now, true),
          {{"budget", denial.budget},
           {"policy", denial.policy},
           {"unit", policy::name_of(denial.unit)},
           {"limit", denial.limit},
           {"spent", denial.spent},
           {"reserved", denial.reserved},
           {"requested", denial.requested},
           {"resets_at", to_json(denial.resets_at)}},
          0};
}

Failure allocation_failure(ledger::LedgerError error, const std::string& id) {
  if (error == ledger::LedgerError::no_such_allocation) return not_found("allocation", id);
  if (error == ledger::LedgerError::already_resolved ||
      error == ledger::LedgerError::duplicate_hold) {
    return {ErrorCode::conflict,
            "The Idempotency-Key was used before, for an allocation that was another or has ended.",
            {},
            0};
  }
  return store_failed(error);
}

// The same Idempotency-Key of the same caller names the same allocation.
std::string id_for(const Context& context) {
  const std::string key(context.header("idempotency-key"));
  if (key.empty()) return "al_" + random_hex(12);
  return "al_" + to_hex(digest_of(context.principal.name + '\n' + key)).substr(0, 24);
}

Awaitable<std::expected<std::optional<AllocationNote>, std::string>> find_note(Context& context,
                                                                               std::string id) {
  auto find = [&notes = context.services.allocations, id = std::move(id)] {
    return notes.find(id);
  };
  co_return co_await run_blocking(context.services.pool, std::move(find));
}

Answer listed(Context& context, AllocationFilter filter, Page page) {
  auto list = [&notes = context.services.allocations, filter, page] {
    return notes.list(filter, page.page, page.limit);
  };
  const auto found = co_await run_blocking(context.services.pool, std::move(list));
  if (!found) co_return failure(store_failed(found.error()));
  json::array items;
  for (const AllocationNote& note : found->notes) {
    const auto state = co_await context.services.ledger.allocation(note.id);
    if (!state && state.error() != ledger::LedgerError::no_such_allocation) {
      co_return failure(store_failed(state.error()));
    }
    items.push_back(state ? allocation_json(*state, note, context.now) : forgotten_json(note));
  }
  co_return listing(std::move(items), found->total, page);
}

}  // namespace

// The note is written first: an allocation without one would be nameless, a
// note without an allocation is not shown.
Answer create_allocation(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const Wish wish = read_wish(*input, *context.view, context.now);
  if (const auto problem = input->problem()) co_return failure(*problem);
  const policy::Plan plan = plan_of(wish, *context.view, context.now);
  if (plan.lines.empty()) {
    co_return failure({ErrorCode::invalid_allocation,
                       "No policy applies to what is described, so there is nothing to set aside "
                       "from.",
                       {},
                       0});
  }

  const std::string id = id_for(context);
  auto add = [&notes = context.services.allocations, note = note_of(id, wish, context.now)] {
    return notes.add(note);
  };
  const auto note = co_await run_blocking(context.services.pool, std::move(add));
  if (!note) co_return failure(store_failed(note.error()));
  ledger::AllocateRequest request = request_of(id, wish, plan, context.now);
  const auto outcome = co_await context.services.ledger.allocate(std::move(request));
  if (!outcome) co_return failure(allocation_failure(outcome.error(), id));
  if (outcome->shortfall) {
    auto remove = [&notes = context.services.allocations, id] { return notes.remove(id); };
    const auto removed = co_await run_blocking(context.services.pool, std::move(remove));
    if (!removed) co_return failure(store_failed(removed.error()));
    co_return failure(insufficient(plan, *outcome, wish.amount, context.now));
  }
  const auto state = co_await context.services.ledger.allocation(id);
  if (!state) co_return failure(allocation_failure(state.error(), id));
  json::object made = allocation_json(*state, *note, context.now);
  context.services.events.publish({Topic::allocations, "allocation_update", made, context.now});
  co_return success(std::move(made), 201);
}

Answer list_allocations(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  AllocationFilter filter{input->text("context_id"), input->text("budget_id"),
                          input->text("component")};
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  co_return co_await listed(context, std::move(filter), page);
}

Answer list_allocations_of_context(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  co_return co_await listed(context, {context.param("context_id"), "", ""}, page);
}

Answer get_allocation(Context& context) {
  const std::string id = context.param("id");
  const auto state = co_await context.services.ledger.allocation(id);
  if (!state) co_return failure(allocation_failure(state.error(), id));
  const auto note = co_await find_note(context, id);
  if (!note) co_return failure(store_failed(note.error()));
  co_return success(allocation_json(*state, *note, context.now));
}

Answer release_allocation(Context& context) {
  const std::string id = context.param("id");
  const auto state = co_await context.services.ledger.release_allocation(id);
  if (!state) co_return failure(allocation_failure(state.error(), id));
  auto end = [&notes = context.services.allocations, id] { return notes.end(id); };
  const auto ended = co_await run_blocking(context.services.pool, std::move(end));
  if (!ended) co_return failure(store_failed(ended.error()));
  const auto note = co_await find_note(context, id);
  if (!note) co_return failure(store_failed(note.error()));
  json::object released = allocation_json(*state, *note, context.now);
  context.services.events.publish({Topic::allocations, "allocation_update", released, context.now});
  co_return success(std::move(released));
}

}  // namespace budget::admin
