// What models cost.
#include <algorithm>

#include "admin/api/handlers.h"
#include "admin/find.h"
#include "admin/json_parts.h"
#include "admin/price_json.h"
#include "admin/usage_input.h"
#include "pricing/cost.h"

namespace budget::admin {
namespace {

struct PriceQuestion {
  std::string provider, model;
  policy::Time at;
};

PriceQuestion read_question(Input& input, policy::Time now) {
  PriceQuestion question;
  question.provider = input.required_text("provider");
  question.model = input.required_text("model");
  question.at = input.time("at").value_or(now);
  return question;
}

Failure unpriced(const PriceQuestion& question) {
  return {ErrorCode::resource_not_found,
          "No price is known for '" + question.model + "' at '" + question.provider + "'.",
          {},
          0};
}

pricing::ServiceTier tier_named(std::string_view name) {
  if (name == "batch") return pricing::ServiceTier::batch;
  if (name == "flex") return pricing::ServiceTier::flex;
  if (name == "priority") return pricing::ServiceTier::priority;
  return pricing::ServiceTier::standard;
}

}  // namespace

Answer list_prices(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const std::string provider = input->text("provider");
  const std::string model = input->text("model");
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  // The catalog's rows are under its own names of providers.
  const std::string catalog_name =
      provider.empty() ? "" : priced_provider(*context.view, provider).catalog;
  std::vector<const pricing::Price*> found;
  for (const pricing::Price& price : context.view->catalog->prices()) {
    if (!provider.empty() && price.provider != catalog_name) continue;
    if (!model.empty() && price.model.find(model) == std::string::npos) continue;
    found.push_back(&price);
  }
  json::array items;
  for (const pricing::Price* price : part_of(found, page)) items.push_back(to_json(*price));
  co_return listing(std::move(items), static_cast<std::int64_t>(found.size()), page);
}

Answer current_price(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const PriceQuestion question = read_question(*input, context.now);
  if (const auto problem = input->problem()) co_return failure(*problem);

  const auto found = find_price(*context.view, question.provider, question.model, question.at);
  if (!found.priced()) co_return failure(unpriced(question));
  json::object object = to_json(found);
  object["provider"] = question.provider;
  object["model"] = question.model;
  object["at"] = policy::rfc3339(question.at);
  co_return success(std::move(object));
}

Answer calculate_cost(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const PriceQuestion question = read_question(*input, context.now);
  const pricing::Usage usage = read_usage(*input).value_or(pricing::Usage{});
  const auto tier =
      tier_named(input->choice("service_tier", {"standard", "batch", "flex", "priority"}));
  if (const auto problem = input->problem()) co_return failure(*problem);

  const auto found = find_price(*context.view, question.provider, question.model, question.at);
  if (!found.priced()) co_return failure(unpriced(question));
  const pricing::Cost cost = pricing::cost_of(usage, found, tier);
  json::object object{{"provider", question.provider},
                      {"model", question.model},
                      {"price_id", found.id()},
                      {"match", pricing::name_of(found.match)}};
  put_money(object, "input_cost", cost.input);
  put_money(object, "output_cost", cost.output);
  put_money(object, "total_cost", cost.total);
  co_return success(std::move(object));
}

}  // namespace budget::admin
