// An alert as the receivers of each channel want it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/alerts/channels.h"
#include "admin/answer.h"
#include "policy/clock.h"

namespace budget::admin {

// What is posted to a webhook: {"id","type":"budget_alert","timestamp","data"},
// or Slack's {"text"}. `alert` is as the API shows it.
[[nodiscard]] std::string webhook_body(const json::object& alert, bool slack);

// The headers that let a receiver see that a post is ours, is whole, and is not
// one of yesterday's sent again:
//   x-budget-signature: t=UNIX_SECONDS,v1=HEX
// HEX is HMAC-SHA256 with the secret over "UNIX_SECONDS.BODY". A receiver
// compares it in constant time and refuses a time that is minutes off.
// x-budget-event-id is the alert's id, the same at every try.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> webhook_headers(
    const std::string& secret, const std::string& body, std::string_view event_id,
    policy::Time now);

// A mail about one alert, or a digest of several: RFC 5322 with CRLF.
// REQUIRES: !alerts.empty().
[[nodiscard]] std::string mail_message(const EmailChannel& channel,
                                       const std::vector<json::object>& alerts, policy::Time now);

}  // namespace budget::admin
