// The providers that calls can go to.
#include <chrono>
#include <optional>

#include "admin/api/handlers.h"
#include "admin/json_parts.h"

namespace budget::admin {
namespace {

json::value instant(std::int64_t milliseconds) {
  if (milliseconds == 0) return nullptr;
  return to_json(std::optional(policy::Time(std::chrono::milliseconds(milliseconds))));
}

void put_state(json::object& item, const ProviderTraffic& traffic) {
  const std::int64_t answers = traffic.answers.load(std::memory_order_relaxed);
  const std::int64_t answered = traffic.last_answer.load(std::memory_order_relaxed);
  const std::int64_t failed = traffic.last_failure.load(std::memory_order_relaxed);
  const auto mean = [answers](const std::atomic<std::int64_t>& sum) {
    return answers > 0 ? json::value(sum.load(std::memory_order_relaxed) / answers)
                       : json::value(nullptr);
  };
  // Whoever was never called is neither.
  item["reachable"] =
      answered == 0 && failed == 0 ? json::value(nullptr) : json::value(answered >= failed);
  item["calls"] = traffic.calls.load(std::memory_order_relaxed);
  item["errors"] = traffic.errors.load(std::memory_order_relaxed);
  item["in_flight"] = traffic.in_flight.load(std::memory_order_relaxed);
  item["latency_ms"] = mean(traffic.latency);
  item["time_to_first_byte_ms"] = mean(traffic.first_byte);
  item["last_answer_at"] = instant(answered);
  item["last_failure_at"] = instant(failed);
}

}  // namespace

Answer list_providers(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  json::array all;
  for (const ProviderView& provider : context.view->providers) {
    json::object item{{"name", provider.name},
                      {"format", provider.format},
                      {"url", provider.url},
                      {"catalog", provider.priced.catalog},
                      {"free", provider.priced.free}};
    if (provider.traffic) put_state(item, *provider.traffic);
    all.push_back(std::move(item));
  }
  const auto total = static_cast<std::int64_t>(all.size());
  co_return listing(part_of(all, page), total, page);
}

}  // namespace budget::admin
