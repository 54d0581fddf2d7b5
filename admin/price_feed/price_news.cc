#include "admin/price_feed/price_news.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "admin/json_parts.h"
#include "admin/price_json.h"
#include "policy/rfc3339.h"
#include "pricing/rate.h"

namespace budget::admin {
namespace {

constexpr std::size_t events_most = 100;
constexpr std::size_t alerts_most = 10;
// From there on a change is more than news.
constexpr std::int64_t warning_ppm = 200'000;
constexpr std::chrono::days remembered{30};

// "+40 %", "-12.5 %".
std::string percent(std::int64_t ppm) {
  const std::int64_t tenths = std::abs(ppm) / 1000;
  std::string text = ppm < 0 ? "-" : "+";
  text += std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " %";
}

std::string rates_text(const pricing::Rates& rates) {
  std::string text;
  for (const pricing::RateField& field : pricing::rate_fields) {
    const bool token = field.name == "input" || field.name == "output";
    const pricing::Rate& rate = rates.*field.member;
    if (!rate || (!token && (rates.input || rates.output))) continue;
    if (!text.empty()) text += ", ";
    text += std::string(field.name) + " $" +
            (field.per_token ? pricing::to_usd_per_million(*rate) + "/M"
                             : pricing::to_usd_per_unit(*rate));
  }
  return text;
}

std::set<std::string> configured(const View& view) {
  std::set<std::string> providers;
  for (const ProviderView& provider : view.providers) {
    if (!provider.priced.free) providers.insert(provider.priced.catalog);
  }
  return providers;
}

Alert change_alert(const pricing::PriceChange& change, policy::Time now) {
  Alert alert;
  alert.type = AlertType::price_change;
  alert.severity = std::abs(change.change_ppm) >= warning_ppm ? Severity::warning : Severity::info;
  alert.model = change.provider + "/" + change.model;
  alert.message = alert.model + " costs " + percent(change.change_ppm) + ": " +
                  rates_text(change.after->rates) + " instead of " +
                  rates_text(change.before->rates) + ", says " + change.after->source + ".";
  alert.details = to_json(change);
  alert.once = "price_change/" + change.after->id;
  alert.once_until = now + remembered;
  return alert;
}

Alert conflict_alert(const pricing::PriceConflict& conflict, policy::Time now) {
  Alert alert;
  alert.type = AlertType::price_conflict;
  alert.severity = Severity::warning;
  alert.model = conflict.provider + "/" + conflict.model;
  alert.once = "price_conflict/" + alert.model;
  std::string sides;
  for (const pricing::PriceConflict::Side& side : conflict.sides) {
    if (!sides.empty()) sides += "; ";
    sides += side.source + ": " + rates_text(side.rates);
  }
  alert.once += "/" + sides;
  alert.message = "Sources disagree about " + alert.model + " (" + sides + "). ";
  alert.message += conflict.implausible
                       ? "The new price is more than ten times or less than a tenth of what is "
                         "known, so the old one stays."
                       : "In force is what " + conflict.sides.front().source + " says.";
  alert.details = to_json(conflict);
  alert.once_until = now + remembered;
  return alert;
}

// The first of many, and one for the rest.
void put_some(std::vector<Alert>& alerts, std::vector<Alert> all, std::string_view what,
              policy::Time now) {
  if (all.size() <= alerts_most) {
    std::ranges::move(all, std::back_inserter(alerts));
    return;
  }
  Alert rest;
  rest.type = all.front().type;
  rest.severity = all.front().severity;
  json::array models;
  std::string names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i < alerts_most - 1) {
      alerts.push_back(std::move(all[i]));
      continue;
    }
    names += all[i].once;
    if (models.size() < events_most) models.push_back(json::value(all[i].model));
  }
  const std::size_t count = all.size() - (alerts_most - 1);
  rest.message = std::to_string(count) + " more " + std::string(what) + ".";
  rest.details = {{"count", static_cast<std::int64_t>(count)}, {"models", std::move(models)}};
  rest.once = "prices/" + std::string(what) + "/" + std::to_string(std::hash<std::string>{}(names));
  rest.once_until = now + remembered;
  alerts.push_back(std::move(rest));
}

json::value price_or_null(const std::optional<pricing::Price>& price) {
  if (!price) return nullptr;
  return to_json(*price);
}

}  // namespace

json::object to_json(const pricing::PriceChange& change) {
  return {{"provider", change.provider},
          {"model", change.model},
          {"change_percent", percent_of(change.change_ppm)},
          {"before", price_or_null(change.before)},
          {"after", price_or_null(change.after)}};
}

json::object to_json(const pricing::PriceConflict& conflict) {
  json::array sides;
  for (const pricing::PriceConflict::Side& side : conflict.sides) {
    sides.push_back(json::object{{"source", side.source}, {"rates", to_json(side.rates)}});
  }
  return {{"provider", conflict.provider},
          {"model", conflict.model},
          {"sources", std::move(sides)},
          {"held_back", conflict.implausible}};
}

std::vector<Event> price_events(const std::vector<pricing::PriceChange>& changes,
                                policy::Time now) {
  std::vector<Event> events;
  if (changes.size() > events_most) {
    json::array models;
    for (std::size_t i = 0; i < events_most; ++i) {
      models.push_back(json::value(changes[i].provider + "/" + changes[i].model));
    }
    events.push_back(
        {Topic::prices,
         "price_update",
         {{"changes", static_cast<std::int64_t>(changes.size())}, {"models", std::move(models)}},
         now});
    return events;
  }
  for (const pricing::PriceChange& change : changes) {
    events.push_back({Topic::prices, "price_update", to_json(change), now});
  }
  return events;
}

std::vector<Alert> price_alerts(const PriceUpdate& update, const View& view, policy::Time now) {
  const std::set<std::string> ours = configured(view);
  std::vector<const pricing::PriceChange*> changes;
  for (const pricing::PriceChange& change : update.changes) {
    const bool news = change.before && change.after && change.change_ppm != 0 &&
                      !change.after->manual && ours.contains(change.provider);
    if (news) changes.push_back(&change);
  }
  std::ranges::sort(changes, std::ranges::greater{},
                    [](const auto* change) { return std::abs(change->change_ppm); });
  std::vector<Alert> alerts;
  std::vector<Alert> some;
  for (const auto* change : changes) some.push_back(change_alert(*change, now));
  put_some(alerts, std::exchange(some, {}), "prices changed", now);
  for (const pricing::PriceConflict& conflict : update.conflicts) {
    if (ours.contains(conflict.provider)) some.push_back(conflict_alert(conflict, now));
  }
  put_some(alerts, std::move(some), "prices that sources disagree about", now);
  return alerts;
}

Alert source_alert(const std::string& name, const SourceState& state, policy::Time now) {
  Alert alert;
  alert.type = AlertType::price_source;
  alert.severity = Severity::warning;
  alert.message = "The price source " + name + " could not be read: " + state.error +
                  ". Its last prices stay in force.";
  alert.details = {{"source", name}, {"error", state.error}};
  const std::string since = state.succeeded_at ? policy::rfc3339(*state.succeeded_at) : "never";
  alert.details["succeeded_at"] = state.succeeded_at ? json::value(since) : json::value(nullptr);
  alert.once = "price_source/" + name + "/" + state.origin + "/" + since;
  alert.once_until = now + remembered;
  return alert;
}

}  // namespace budget::admin
