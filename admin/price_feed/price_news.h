// What is told of new prices: to those who watch, and to those who must know.
#pragma once

#include <vector>

#include "admin/price_feed/price_feed.h"

namespace budget::admin {

// As the API and the events show them; shares in percent with a decimal.
[[nodiscard]] json::object to_json(const pricing::PriceChange& change);
[[nodiscard]] json::object to_json(const pricing::PriceConflict& conflict);

// One price_update a change; one for all where there are more than a watcher
// can be expected to read.
[[nodiscard]] std::vector<Event> price_events(const std::vector<pricing::PriceChange>& changes,
                                              policy::Time now);

// price_change and price_conflict, for models at providers that are configured:
// of others the history tells. What an operator did is no news to operators.
// Of many, the first each, and one for the rest.
[[nodiscard]] std::vector<Alert> price_alerts(const PriceUpdate& update, const View& view,
                                              policy::Time now);

// A source could not be read; once for each time that it fails after success.
[[nodiscard]] Alert source_alert(const std::string& name, const SourceState& state,
                                 policy::Time now);

}  // namespace budget::admin
