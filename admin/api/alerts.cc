// Alerts: what was raised, who knows of it, and where it is sent.
#include "admin/alerts/alert_watch.h"
#include "admin/api/handlers.h"

namespace budget::admin {
namespace {

constexpr std::size_t note_bytes_max = 1'000;

json::array array_of(const std::vector<json::object>& all) {
  json::array items;
  for (const json::object& each : all) items.emplace_back(each);
  return items;
}

json::object settings_json(Alerts& alerts) {
  json::object object = to_json(*alerts.settings().now());
  json::array thresholds;
  for (const std::int64_t ppm : alerts.thresholds_ppm()) {
    thresholds.push_back(static_cast<double>(ppm) / 1'000'000);
  }
  json::array configured;
  for (const ChannelInfo& channel : alerts.deliveries().channels()) {
    const auto settings = alerts.settings().now();
    const auto found = settings->channels.find(channel.id);
    const ChannelSetting setting =
        found == settings->channels.end() ? ChannelSetting{} : found->second;
    configured.push_back(json::object{{"id", channel.id},
                                      {"kind", channel.kind},
                                      {"where", channel.where},
                                      {"enabled", setting.enabled},
                                      {"min_severity", name_of(setting.least)}});
  }
  return {{"thresholds", std::move(thresholds)},
          {"thresholds_source", object.contains("thresholds") ? "api" : "file"},
          {"channels", std::move(configured)}};
}

ApiResponse store_away() {
  return failure(store_failed("it is away"));
}

}  // namespace

Answer list_alerts(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  AlertFilter filter;
  filter.type = input->text("type");
  if (!filter.type.empty() && !alert_type_named(filter.type)) {
    input->complain("type", "is no type of alert");
  }
  filter.severity = input->choice("severity", {"info", "warning", "error"});
  filter.policy_id = input->text("policy");
  filter.budget_id = input->text("budget_id");
  filter.acknowledged = input->flag("acknowledged");
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto list = [&book = context.services.alerts.alerts().book(), filter] {
    return book.list(filter);
  };
  const auto found = co_await run_blocking(context.services.pool, std::move(list));
  if (!found) co_return store_away();
  co_return listing(array_of(part_of(*found, page)), static_cast<std::int64_t>(found->size()),
                    page);
}

Answer get_alert(Context& context) {
  const std::string id = context.param("id");
  auto find = [&book = context.services.alerts.alerts().book(), id] { return book.find(id); };
  auto found = co_await run_blocking(context.services.pool, std::move(find));
  if (!found) co_return store_away();
  if (!*found) co_return failure(not_found("alert", id));
  co_return success(std::move(**found));
}

Answer acknowledge_alert(Context& context) {
  const std::string id = context.param("id");
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const std::string note = input->text("note", note_bytes_max);
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto acknowledge = [&book = context.services.alerts.alerts().book(), id, note,
                      who = context.principal.name,
                      now = context.now] { return book.acknowledge(id, who, note, now); };
  auto done = co_await run_blocking(context.services.pool, std::move(acknowledge));
  if (!done) co_return store_away();
  if (!*done) co_return failure(not_found("alert", id));
  co_return success(std::move(**done));
}

Answer check_alerts(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto check = [&watch = context.services.alerts] { return watch.check(); };
  const auto raised = co_await run_blocking(context.services.pool, std::move(check));
  co_return success(json::object{{"raised", array_of(raised)}});
}

Answer list_alert_deliveries(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const std::string state = input->choice("state", {"pending", "delivered", "dead"});
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);
  auto list = [&deliveries = context.services.alerts.alerts().deliveries()] {
    return deliveries.list();
  };
  auto all = co_await run_blocking(context.services.pool, std::move(list));
  if (!all) co_return store_away();
  std::erase_if(*all, [&state](const json::object& each) {
    return !state.empty() && each.at("state") != json::value(state);
  });
  co_return listing(array_of(part_of(*all, page)), static_cast<std::int64_t>(all->size()), page);
}

Answer get_alert_settings(Context& context) {
  co_return success(settings_json(context.services.alerts.alerts()));
}

Answer put_alert_settings(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const AlertSettings settings = read_alert_settings(*input);
  if (const auto problem = input->problem()) co_return failure(*problem);
  Alerts& alerts = context.services.alerts.alerts();
  auto put = [&alerts, settings] { return alerts.settings().put(settings); };
  const auto kept = co_await run_blocking(context.services.pool, std::move(put));
  if (!kept) co_return store_away();
  context.services.alerts.refresh();
  co_return success(settings_json(alerts));
}

Answer test_alert_channels(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  const std::string wanted = input->text("channel");
  Deliveries& deliveries = context.services.alerts.alerts().deliveries();
  std::vector<std::string> ids;
  for (const ChannelInfo& channel : deliveries.channels()) {
    if (wanted.empty() || wanted == channel.id) ids.push_back(channel.id);
  }
  if (!wanted.empty() && ids.empty()) input->complain("channel", "names no configured channel");
  if (const auto problem = input->problem()) co_return failure(*problem);
  Alert alert;
  alert.severity = Severity::info;
  alert.message = "A test of this channel by " + context.principal.name + ".";
  auto send = [&deliveries, ids, object = alert_json(alert, "alert_test", context.now)] {
    json::array results;
    for (const std::string& id : ids) {
      const auto sent = deliveries.send_now(object, id);
      results.push_back(
          json::object{{"channel", id},
                       {"sent", sent.has_value()},
                       {"error", sent ? json::value(nullptr) : json::value(sent.error())}});
    }
    return results;
  };
  json::array results = co_await run_blocking(context.services.pool, std::move(send));
  co_return success(json::object{{"channels", std::move(results)}});
}

}  // namespace budget::admin
