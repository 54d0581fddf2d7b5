// Whether the budgets would let a call through, before it is made.
#include <algorithm>

#include "admin/api/handlers.h"
#include "admin/caller_input.h"
#include "admin/find.h"
#include "admin/json_parts.h"
#include "admin/summary_json.h"
#include "admin/token_count.h"
#include "policy/engine.h"
#include "pricing/cost.h"

namespace budget::admin {
namespace {

constexpr std::int64_t tokens_max = 100'000'000;
// The proxy lowers a call that states no ceiling to what fits, but not below
// this: a policy's usual clamp_min_tokens.
constexpr std::int64_t usual_output = 256;

struct Question {
  policy::Caller caller;
  std::string provider, model;
  std::optional<std::string> text;
  std::optional<std::int64_t> input;
  std::int64_t output = usual_output;
};

Question read_question(Input& input) {
  Question question;
  read_caller(input, question.caller);
  question.provider = input.required_text("provider");
  question.model = input.required_text("model");
  question.text = input.raw_text("text");
  question.input = input.integer("input_tokens", 0, tokens_max);
  question.output = input.integer("output_tokens", 0, tokens_max).value_or(question.output);
  if (question.text && question.input) input.complain("text", "or input_tokens, and not both");
  return question;
}

// What a call with this text would be held at.
pricing::Tokens counted(const Question& question) {
  if (!question.text) return pricing::Tokens(question.input.value_or(0));
  pricing::InputParts parts;
  parts.messages.push_back({"user", "", {*question.text}});
  return pricing::count_input(parts, vendor_of(question.model), question.model).tokens;
}

bool is_configured(const View& view, const std::string& provider) {
  return std::ranges::any_of(view.providers,
                             [&provider](const auto& each) { return each.name == provider; });
}

json::object answered(const Question& question, const policy::Amount& amount, const View& view) {
  json::object object{{"allowed", true},
                      {"decision", "allow"},
                      {"code", nullptr},
                      {"message", nullptr},
                      {"provider", question.provider},
                      {"model", question.model},
                      {"tier", view.policies->tier_of(question.model)},
                      {"input_tokens", amount.input.value()},
                      {"output_tokens", amount.output.value()}};
  put_money(object, "worst_cost", amount.cost);
  object["denied_by"] = nullptr;
  object["denied_unit"] = nullptr;
  object["resets_at"] = nullptr;
  object["warnings"] = json::array{};
  object["policies"] = json::array{};
  return object;
}

void deny(json::object& object, std::string_view code, std::string_view message) {
  object["allowed"] = false;
  object["decision"] = "deny";
  object["code"] = code;
  object["message"] = message;
}

// The first line without room, and the limit that has none.
std::optional<ledger::Shortfall> shortfall(const policy::Plan& plan,
                                           const std::vector<policy::CounterState>& states,
                                           const policy::Amount& amount) {
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const policy::PlannedLine& line = plan.lines[i];
    const auto broken = policy::broken_limit(line.enforcement, line.limits, states[i], amount);
    if (broken) return ledger::Shortfall{i, *broken};
  }
  return std::nullopt;
}

void judge(json::object& object, const policy::Plan& plan,
           const std::vector<policy::CounterState>& found, const policy::Amount& amount,
           policy::Time now) {
  if (const auto broken = shortfall(plan, found, amount)) {
    const policy::Decision decision =
        policy::decide_refused(plan, found, amount, broken->line, broken->unit);
    deny(object, "budget_exceeded", policy::describe(*decision.denial, now, true));
    object["denied_by"] = plan.lines[broken->line].policy->id;
    object["denied_unit"] = policy::name_of(broken->unit);
    object["resets_at"] = to_json(decision.denial->resets_at);
    return;
  }
  std::vector<policy::CounterState> held = found;
  for (policy::CounterState& state : held) {
    state.reserved.cost += amount.cost;
    state.reserved.input += amount.input;
    state.reserved.output += amount.output;
    ++state.in_flight;
  }
  const policy::Decision decision = policy::decide_admitted(plan, held, amount);
  object["decision"] = policy::name_of(decision.verdict);
  object["warnings"] = to_json(decision.warnings);
}

}  // namespace

Answer check_call(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  Question question = read_question(*input);
  if (const auto problem = input->problem()) co_return failure(*problem);
  const View& view = *context.view;

  policy::Amount amount;
  // A large text takes milliseconds, which a worker's other calls would wait.
  auto count = [question] { return counted(question); };
  amount.input = co_await run_blocking(context.services.pool, std::move(count));
  amount.output = pricing::Tokens(question.output);
  const auto found = find_price(view, question.provider, question.model, context.now);
  const bool configured = is_configured(view, question.provider);
  if (!configured || !found.priced()) {
    json::object object = answered(question, amount, view);
    if (configured) {
      deny(object, "unpriced_model",
           "No price is known for '" + question.model + "' at this provider.");
    } else {
      deny(object, "unknown_provider", "There is no provider '" + question.provider + "'.");
    }
    co_return success(std::move(object));
  }
  pricing::WorstCase worst;
  worst.input = amount.input;
  worst.output_ceiling = amount.output;
  worst.audio_input = false;
  worst.image_input = false;
  amount.cost = pricing::worst_case_cost(worst, found).total;

  const policy::CallFacts facts{.caller = &question.caller,
                                .provider = question.provider,
                                .model = question.model,
                                .operation = "chat"};
  const policy::Plan plan = view.policies->plan(facts, context.now);
  std::vector<policy::CounterRef> counters;
  for (const policy::PlannedLine& line : plan.lines) counters.push_back(line.counter);
  const auto states = co_await context.services.ledger.read(std::move(counters), context.now);
  if (!states) co_return failure(store_failed(states.error()));
  json::object object = answered(question, amount, view);
  judge(object, plan, *states, amount, context.now);
  json::array policies;
  for (std::size_t i = 0; i < plan.lines.size(); ++i) {
    const policy::PlannedLine& line = plan.lines[i];
    policies.push_back(summary_json(*line.policy, line.counter, (*states)[i], context.now));
  }
  object["policies"] = std::move(policies);
  co_return success(std::move(object));
}

}  // namespace budget::admin
