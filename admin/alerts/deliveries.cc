#include "admin/alerts/deliveries.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <utility>

#include "admin/alerts/message.h"
#include "admin/secret.h"
#include "admin/time_text.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds look_again = std::chrono::minutes(1);
constexpr milliseconds store_away = std::chrono::seconds(5);
constexpr std::chrono::seconds try_timeout{10};
// What one try may take at most: after it another replica may try.
constexpr std::chrono::seconds try_claim{60};
// A digest is sent at this hour, UTC; a weekly one on Mondays.
constexpr std::chrono::hours digest_hour{7};
constexpr std::size_t error_bytes_max = 500;

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_string()) return "";
  return std::string(std::string_view(value->get_string()));
}

std::string webhook_id(const WebhookChannel& channel) {
  return "webhook_" + to_hex(digest_of(channel.url)).substr(0, 16);
}

// Without what may be a token: scheme and host.
std::string host_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "";
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

// After so many tries: 1, 4, 16, … seconds, at most six hours.
milliseconds pause_after(int attempts) {
  const milliseconds longest = std::chrono::hours(6);
  milliseconds pause = std::chrono::seconds(1);
  for (int i = 1; i < attempts && pause < longest; ++i) pause *= 4;
  return std::min(pause, longest);
}

}  // namespace

struct Deliveries::Delivery {
  std::string id;
  std::int64_t version = 0;
  json::object body;

  [[nodiscard]] std::string text(std::string_view name) const { return text_in(body, name); }
  [[nodiscard]] int attempts() const {
    const json::value* value = body.if_contains("attempts");
    return value && value->is_int64() ? static_cast<int>(value->get_int64()) : 0;
  }
  [[nodiscard]] policy::Time due() const {
    return parse_time(text("next_at")).value_or(policy::Time{});
  }
};

Deliveries::Deliveries(Parts parts) : parts_(std::move(parts)) {}

Deliveries::~Deliveries() {
  close();
}

void Deliveries::start(Background::OnError on_error) {
  background_ = std::make_unique<Background>([this] { return turn(); }, std::move(on_error));
}

void Deliveries::close() {
  background_.reset();
}

std::vector<ChannelInfo> Deliveries::channels() const {
  std::vector<ChannelInfo> all;
  const auto configured = parts_.channels();
  for (const WebhookChannel& webhook : configured->webhooks) {
    all.push_back({webhook_id(webhook), webhook.slack ? "slack" : "webhook", host_of(webhook.url)});
  }
  if (configured->email) {
    std::string to;
    for (const std::string& each : configured->email->to) to += (to.empty() ? "" : ", ") + each;
    all.push_back({"email", "email", std::move(to)});
  }
  return all;
}

policy::Time Deliveries::first_try(const std::string& channel_id) const {
  const policy::Time now = parts_.clock.now();
  const auto configured = parts_.channels();
  using Frequency = EmailChannel::Frequency;
  if (channel_id != "email" || !configured->email ||
      configured->email->frequency == Frequency::immediate) {
    return now;
  }
  auto day = std::chrono::floor<std::chrono::days>(now);
  const auto wrong_day = [&] {
    return configured->email->frequency == Frequency::weekly &&
           std::chrono::weekday(day) != std::chrono::Monday;
  };
  while (wrong_day() || day + digest_hour <= now) day += std::chrono::days(1);
  return day + digest_hour;
}

StateStore::Result<void> Deliveries::enqueue(const json::object& alert,
                                             const std::vector<std::string>& channel_ids) {
  const std::string alert_id = text_in(alert, "id");
  for (const std::string& channel : channel_ids) {
    const json::object body{{"alert_id", alert_id},
                            {"channel", channel},
                            {"state", "pending"},
                            {"attempts", 0},
                            {"next_at", policy::rfc3339(first_try(channel))},
                            {"error", nullptr},
                            {"created_at", policy::rfc3339(parts_.clock.now())},
                            {"ended_at", nullptr},
                            {"alert", alert}};
    std::string id = alert_id;
    id.append(".").append(channel);
    const auto put = parts_.state.put(collection, id, json::serialize(body), 0);
    if (!put && put.error() != StateError::conflict) return std::unexpected(put.error());
  }
  if (background_) background_->wake();
  return {};
}

StateStore::Result<std::vector<json::object>> Deliveries::list() {
  auto items = parts_.state.list(collection);
  if (!items) return std::unexpected(items.error());
  std::vector<json::object> all;
  for (auto item = items->rbegin(); item != items->rend(); ++item) {
    boost::system::error_code error;
    const json::value value = json::parse(item->body, error);
    if (error || !value.is_object()) continue;
    json::object shown{{"delivery_id", item->id}};
    for (const auto& [name, each] : value.get_object()) {
      if (name != "alert") shown[name] = each;
    }
    all.push_back(std::move(shown));
  }
  return all;
}

milliseconds Deliveries::turn() {
  const auto items = parts_.state.list(collection);
  if (!items) return store_away;
  std::vector<Delivery> pending;
  std::vector<Delivery> finished;
  for (const StateItem& item : *items) {
    boost::system::error_code error;
    json::value value = json::parse(item.body, error);
    if (error || !value.is_object()) continue;
    Delivery delivery{item.id, item.version, std::move(value.get_object())};
    const bool open = delivery.text("state") == "pending";
    (open ? pending : finished).push_back(std::move(delivery));
  }
  forget_old(finished);
  return send_due(pending);
}

void Deliveries::forget_old(const std::vector<Delivery>& finished) {
  // Sorted by id, which begins with the alert's time.
  for (std::size_t i = 0; i + finished_kept < finished.size(); ++i) {
    if (!parts_.state.erase(collection, finished[i].id, std::nullopt)) return;
  }
}

milliseconds Deliveries::send_due(std::vector<Delivery>& pending) {
  policy::Time next = parts_.clock.now() + look_again;
  // A digest goes out as one mail; everything else on its own.
  const auto configured = parts_.channels();
  const bool digest =
      configured->email && configured->email->frequency != EmailChannel::Frequency::immediate;
  std::map<std::string, std::vector<Delivery*>> mails;
  for (Delivery& delivery : pending) {
    if (background_ && background_->stopping()) return look_again;
    const policy::Time now = parts_.clock.now();
    if (delivery.due() > now) {
      next = std::min(next, delivery.due());
      continue;
    }
    // Only one replica makes this try.
    const std::string what = "delivery|" + delivery.id + "|" + std::to_string(delivery.attempts());
    const auto mine = parts_.state.claim(what, now + try_claim);
    if (!mine) return store_away;
    if (!*mine) continue;
    if (delivery.text("channel") == "email") {
      mails[digest ? "" : delivery.text("next_at")].push_back(&delivery);
      continue;
    }
    finish(delivery, send({delivery.body.at("alert").as_object()}, delivery.text("channel")));
    if (delivery.text("state") == "pending") next = std::min(next, delivery.due());
  }
  for (auto& [due, group] : mails) {
    std::vector<json::object> alerts;
    for (std::size_t i = 0; i < group.size(); ++i) {
      alerts.push_back(group[i]->body.at("alert").as_object());
      if (digest && i + 1 < group.size()) continue;
      const auto sent = send(alerts, "email");
      for (std::size_t j = digest ? 0 : i; j <= i; ++j) {
        finish(*group[j], sent);
        if (group[j]->text("state") == "pending") next = std::min(next, group[j]->due());
      }
      alerts.clear();
    }
  }
  const milliseconds pause = next - parts_.clock.now();
  return std::clamp(pause, milliseconds(10), look_again);
}

void Deliveries::finish(Delivery& delivery, const std::expected<void, std::string>& sent) {
  const policy::Time now = parts_.clock.now();
  const int attempts = delivery.attempts() + 1;
  delivery.body["attempts"] = attempts;
  if (sent) {
    delivery.body["state"] = "delivered";
    delivery.body["error"] = nullptr;
    delivered_.fetch_add(1, std::memory_order_relaxed);
  } else {
    delivery.body["error"] = sent.error().substr(0, error_bytes_max);
    delivery.body["next_at"] = policy::rfc3339(now + pause_after(attempts));
    failed_.fetch_add(1, std::memory_order_relaxed);
    if (attempts >= tries_max) {
      delivery.body["state"] = "dead";
      dead_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  if (delivery.text("state") != "pending") {
    delivery.body["next_at"] = nullptr;
    delivery.body["ended_at"] = policy::rfc3339(now);
  }
  // Where it is not kept, the try is made again once its claim has ended.
  const auto put =
      parts_.state.put(collection, delivery.id, json::serialize(delivery.body), delivery.version);
  if (put) delivery.version = *put;
}

std::expected<void, std::string> Deliveries::send_now(const json::object& alert,
                                                      const std::string& channel_id) {
  return send({alert}, channel_id);
}

std::expected<void, std::string> Deliveries::send(const std::vector<json::object>& alerts,
                                                  const std::string& channel_id) {
  const auto configured = parts_.channels();
  if (channel_id == "email" && configured->email) {
    if (!parts_.mailer) return std::unexpected("this program sends no mail");
    const EmailChannel& email = *configured->email;
    return parts_.mailer->send(
        {email.smtp, email.from, email.to, mail_message(email, alerts, parts_.clock.now())});
  }
  const auto webhook = std::ranges::find(configured->webhooks, channel_id, webhook_id);
  if (webhook == configured->webhooks.end()) {
    return std::unexpected("the channel is no longer configured");
  }
  if (!parts_.http) return std::unexpected("this program asks no other server");
  const json::object& alert = alerts.front();
  HttpRequest request;
  request.method = "POST";
  request.url = webhook->url;
  request.timeout = try_timeout;
  request.body = webhook_body(alert, webhook->slack);
  request.headers =
      webhook_headers(webhook->secret, request.body, text_in(alert, "id"), parts_.clock.now());
  const auto answer = parts_.http->fetch(request);
  if (!answer) return std::unexpected(answer.error().message);
  if (answer->status >= 200 && answer->status < 300) return {};
  return std::unexpected("it answered " + std::to_string(answer->status));
}

std::vector<MetricFamily> Deliveries::metrics() const {
  const std::string name = "budget_alert_deliveries_total";
  const auto sample = [&name](std::string_view result, const std::atomic<std::int64_t>& value) {
    return Sample{name, "result=\"" + std::string(result) + "\"",
                  value.load(std::memory_order_relaxed)};
  };
  return {{name,
           "Tries to send an alert to a channel; dead ones were the last",
           "counter",
           {sample("delivered", delivered_), sample("failed", failed_), sample("dead", dead_)}}};
}

}  // namespace budget::admin
