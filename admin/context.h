// What a handler of the API is given.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/alerts/alert_watch.h"
#include "admin/allocation_notes.h"
#include "admin/answer.h"
#include "admin/assistant/assistant_line.h"
#include "admin/auth.h"
#include "admin/blocking.h"
#include "admin/events.h"
#include "admin/hermes.h"
#include "admin/http_client.h"
#include "admin/idempotency.h"
#include "admin/input.h"
#include "admin/key_store.h"
#include "admin/live/live_feed.h"
#include "admin/price_feed/price_feed.h"
#include "admin/runtime_policies.h"
#include "admin/service.h"
#include "admin/sessions.h"
#include "admin/state/state_store.h"
#include "admin/view.h"

namespace budget::admin {

// The parts that handlers work with; owned by the Service. All thread-safe.
struct Services {
  const policy::Clock& clock;
  ledger::Ledger& ledger;
  ledger::UsageStore& usage;
  ViewSource view;
  MetricSource metrics;
  CounterSource counters;
  Auth& auth;
  Sessions& sessions;
  Idempotency& idempotency;
  KeyStore& keys;
  RuntimePolicies& policies;
  AllocationNotes& allocations;
  PriceFeed& prices;  // blocks, but for what says otherwise: from the pool only
  StateStore& state;  // blocks: from the pool only
  HttpClient* http;   // null in a program without one; blocks
  EventSink& events;
  TeamChat& chat;
  LiveFeed& live;
  Hermes& hermes;
  AlertWatch& alerts;
  boost::asio::thread_pool& pool;  // for what may block
  const AssistantLine& assistant;  // how the assistant reaches its model
};

// One request on its way; lives in the frame of the coroutine that awaits the
// handler.
struct Context {
  Services& services;
  const ApiRequest& request;
  Principal principal;
  std::vector<std::pair<std::string, std::string>> params;  // decoded
  std::shared_ptr<const View> view;
  policy::Time now;

  // "" when it was not sent. `name` in lower case.
  [[nodiscard]] std::string_view header(std::string_view name) const {
    return request.header(name);
  }

  // REQUIRES: the route's pattern has a part {name}.
  [[nodiscard]] const std::string& param(std::string_view name) const {
    for (const auto& [key, value] : params) {
      if (key == name) return value;
    }
    std::abort();
  }
};

using Answer = Awaitable<ApiResponse>;
using Handler = Answer (*)(Context& context);

}  // namespace budget::admin
