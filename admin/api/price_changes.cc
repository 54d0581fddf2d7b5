// Prices that change: history, sources, and what operators state.
#include <algorithm>
#include <charconv>

#include "admin/api/handlers.h"
#include "admin/find.h"
#include "admin/json_parts.h"
#include "admin/price_feed/price_news.h"
#include "admin/price_json.h"
#include "pricing/rate.h"

namespace budget::admin {
namespace {

// An answer tells of so many changes in full, and how many there were.
constexpr std::size_t told_most = 500;

// `matched`: a version was asked for, which is then not the one there is.
Failure state_failure(StateError error, bool matched = false) {
  if (error == StateError::conflict) {
    return {ErrorCode::conflict,
            "The price was changed by somebody else meanwhile. Read it again.",
            {},
            matched ? 412 : 0};
  }
  return store_failed("The store of run-time state cannot be asked just now.");
}

// The version that If-Match wants ("*": any that exists); an error where it is
// not one of ours.
std::expected<std::optional<std::int64_t>, Failure> wanted_version(const Context& context) {
  const std::string_view value = context.header("if-match");
  if (value.empty() || value == "*") return std::nullopt;
  std::int64_t version = 0;
  const bool quoted = value.size() > 2 && value.front() == '"' && value.back() == '"';
  const char* end = value.data() + value.size() - 1;
  if (!quoted || std::from_chars(value.data() + 1, end, version).ptr != end || version < 1) {
    return std::unexpected(
        Failure{ErrorCode::conflict, "If-Match is not the ETag of a stated price.", {}, 412});
  }
  return version;
}

ApiResponse with_etag(ApiResponse response, std::int64_t version) {
  response.headers.emplace_back("etag", "\"" + std::to_string(version) + "\"");
  return response;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// The model's own name in the catalog, where the name is one of it.
const pricing::Price* price_of(const Context& context, std::string_view provider,
                               std::string_view model) {
  pricing::PricedProvider priced = priced_provider(*context.view, provider);
  priced.free = false;
  const auto found = context.view->catalog->find(
      priced, model, std::chrono::floor<std::chrono::seconds>(context.now), {});
  return found.price;
}

bool usable_model_name(std::string_view name) {
  return name.size() <= Input::label_bytes_max && std::ranges::none_of(name, [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f;
         });
}

json::object stated_json(const StatedPrice& stated) {
  return {{"rates", to_json(stated.price.rates)},
          {"by", stated.by},
          {"reason", stated.reason},
          {"at", policy::rfc3339(stated.at)}};
}

json::value in_force_json(const Context& context, const std::string& provider,
                          const std::string& model) {
  const auto found = find_price(*context.services.view(), provider, model, context.now);
  if (!found.priced()) return nullptr;
  return to_json(found);
}

void read_rates(Input& input, pricing::Rates& rates) {
  bool any = false;
  bool tokens = false;
  for (const pricing::RateField& field : pricing::rate_fields) {
    any = any || input.has(field.name);
    tokens = tokens || (field.per_token && input.has(field.name));
    rates.*field.member = input.rate(field.name, field.per_token);
  }
  if (!any) input.complain("input", "is required, or another rate");
  for (const std::string_view side : {"input", "output"}) {
    if (tokens && !input.has(side)) {
      input.complain(side, "is required; write \"0\" if nothing is charged for it");
    }
  }
}

}  // namespace

Answer price_history(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  const std::string& provider = context.param("provider");
  const std::string& model = context.param("model");
  const pricing::Price* known = price_of(context, provider, model);
  const std::string id = priced_provider(*context.view, provider).catalog;
  const std::string name = known != nullptr ? known->model : model;
  std::vector<const pricing::Price*> rows;
  for (const pricing::Price& price : context.view->catalog->prices()) {
    if (price.provider == id && lower(price.model) == lower(name)) rows.push_back(&price);
  }
  if (rows.empty()) co_return failure(not_found("price", provider + "/" + model));
  std::ranges::reverse(rows);
  json::array items;
  for (const pricing::Price* row : part_of(rows, page)) {
    json::object item = to_json(*row);
    item["ended"] = row->ended;
    items.push_back(std::move(item));
  }
  co_return listing(std::move(items), static_cast<std::int64_t>(rows.size()), page);
}

Answer list_price_sources(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  const std::vector<SourceState> states = context.services.prices.sources();
  json::array all;
  for (const PriceSource& source : context.view->price_sources) {
    const auto state = std::ranges::find(states, source.name, &SourceState::name);
    const bool known = state != states.end();
    constexpr std::string_view formats[] = {"budget", "litellm", "models_dev"};
    // A URL may hold a secret in its query; who wrote the file knows it.
    json::object item{{"name", source.name},
                      {"format", formats[static_cast<std::size_t>(source.format)]},
                      {"url", source.url.substr(0, source.url.find_first_of("?#"))},
                      {"file", source.file},
                      {"trust", static_cast<double>(source.trust_ppm) / 1e6},
                      {"refresh_seconds", source.refresh.count() / 1000}};
    item["status"] = !known || !state->attempted_at ? "pending"
                     : state->error.empty()         ? "ok"
                                                    : "failing";
    item["error"] = known ? state->error : "";
    item["attempted_at"] = to_json(known ? state->attempted_at : std::nullopt);
    item["succeeded_at"] = to_json(known ? state->succeeded_at : std::nullopt);
    item["models"] = known ? state->models : 0;
    item["skipped"] = known ? state->skipped : 0;
    all.push_back(std::move(item));
  }
  const auto total = static_cast<std::int64_t>(all.size());
  co_return listing(part_of(all, page), total, page);
}

Answer update_prices(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const std::string only = input->text("source");
  if (const auto problem = input->problem()) co_return failure(*problem);
  const auto& sources = context.view->price_sources;
  if (!only.empty() && std::ranges::find(sources, only, &PriceSource::name) == sources.end()) {
    co_return failure(not_found("price source", only));
  }
  auto work = [&feed = context.services.prices, only] { return feed.update(only); };
  const auto update = co_await run_blocking(context.services.pool, std::move(work));
  if (!update) co_return failure(state_failure(update.error()));
  json::array reports;
  for (const SourceReport& report : update->sources) {
    reports.push_back(json::object{{"name", report.name},
                                   {"status", report.error.empty() ? "ok" : "failing"},
                                   {"error", report.error},
                                   {"models", report.models},
                                   {"skipped", report.skipped}});
  }
  json::array changes;
  std::int64_t added = 0;
  for (const pricing::PriceChange& change : update->changes) {
    if (!change.before) ++added;
    if (changes.size() < told_most) changes.push_back(to_json(change));
  }
  json::array conflicts;
  for (const pricing::PriceConflict& conflict : update->conflicts) {
    if (conflicts.size() < told_most) conflicts.push_back(to_json(conflict));
  }
  co_return success(
      json::object{{"sources", std::move(reports)},
                   {"compared", update->compared},
                   {"added", added},
                   {"changed", static_cast<std::int64_t>(update->changes.size()) - added},
                   {"changes", std::move(changes)},
                   {"conflicts_total", static_cast<std::int64_t>(update->conflicts.size())},
                   {"conflicts", std::move(conflicts)}});
}

Answer get_stated_price(Context& context) {
  const std::string& provider = context.param("provider");
  const std::string& model = context.param("model");
  const std::string id = priced_provider(*context.view, provider).catalog;
  auto work = [&feed = context.services.prices, id, model] { return feed.stated(id, model); };
  const auto stated = co_await run_blocking(context.services.pool, std::move(work));
  if (!stated) co_return failure(state_failure(stated.error()));
  json::value in_force = in_force_json(context, provider, model);
  if (in_force.is_null() && !*stated) {
    co_return failure(not_found("price", provider + "/" + model));
  }
  json::object object{{"provider", provider}, {"model", model}};
  object["in_force"] = std::move(in_force);
  object["stated"] = *stated ? json::value(stated_json(**stated)) : json::value(nullptr);
  ApiResponse response = success(std::move(object));
  co_return *stated ? with_etag(std::move(response), (*stated)->version) : std::move(response);
}

Answer put_stated_price(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  StatedPrice stated;
  read_rates(*input, stated.price.rates);
  stated.reason = input->text("reason");
  const std::string& provider = context.param("provider");
  const std::string& model = context.param("model");
  if (!usable_model_name(model)) {
    input->complain("model", "must be at most 256 bytes without spaces");
  }
  if (const auto problem = input->problem()) co_return failure(*problem);
  const auto version = wanted_version(context);
  if (!version) co_return failure(version.error());
  stated.price.provider = priced_provider(*context.view, provider).catalog;
  stated.price.model = model;
  stated.price.source = "manual";
  stated.price.manual = true;
  stated.by = context.principal.name;
  stated.at = context.now;
  auto work = [&feed = context.services.prices, stated, wanted = *version] {
    return feed.state_price(stated, wanted);
  };
  const auto put = co_await run_blocking(context.services.pool, std::move(work));
  if (!put) co_return failure(state_failure(put.error(), version->has_value()));
  json::object object{{"provider", provider}, {"model", model}};
  object["in_force"] = in_force_json(context, provider, model);
  object["stated"] = stated_json(stated);
  co_return with_etag(success(std::move(object)), *put);
}

Answer delete_stated_price(Context& context) {
  const std::string& provider = context.param("provider");
  const std::string& model = context.param("model");
  const auto version = wanted_version(context);
  if (!version) co_return failure(version.error());
  const std::string id = priced_provider(*context.view, provider).catalog;
  auto work = [&feed = context.services.prices, id, model, wanted = *version] {
    return feed.take_back(id, model, wanted);
  };
  const auto erased = co_await run_blocking(context.services.pool, std::move(work));
  if (!erased) co_return failure(state_failure(erased.error(), version->has_value()));
  if (!*erased) co_return failure(not_found("stated price", provider + "/" + model));
  json::object object{{"provider", provider}, {"model", model}};
  object["in_force"] = in_force_json(context, provider, model);
  object["stated"] = nullptr;
  co_return success(std::move(object));
}

}  // namespace budget::admin
