// Who changed what, when.
#include <boost/json/parse.hpp>

#include "admin/api/handlers.h"
#include "admin/audit.h"
#include "admin/time_text.h"

namespace budget::admin {
namespace {

constexpr std::size_t chunk = 1000;

struct AuditFilter {
  std::string who, resource, method, path;
  std::optional<policy::Time> from, to;
  bool keys = false;  // whether what was done to keys may be seen
};

AuditFilter read_filter(Input& input, const Principal& principal) {
  AuditFilter filter;
  filter.who = input.text("who");
  filter.resource = input.text("resource");
  filter.method = input.choice("method", {"POST", "PUT", "PATCH", "DELETE"});
  filter.path = input.text("path", 1024);
  filter.from = input.time("start_time");
  filter.to = input.time("end_time");
  filter.keys = principal.role >= Role::admin;
  return filter;
}

std::string_view text_in(const json::object& line, std::string_view name) {
  const auto* value = line.if_contains(name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool fits(const json::object& line, const AuditFilter& filter) {
  if (!filter.keys && text_in(line, "resource") == "keys") return false;
  if (!filter.who.empty() && text_in(line, "who") != filter.who) return false;
  if (!filter.resource.empty() && text_in(line, "resource") != filter.resource) return false;
  if (!filter.method.empty() && text_in(line, "method") != filter.method) return false;
  if (text_in(line, "path").find(filter.path) == std::string_view::npos) return false;
  if (!filter.from && !filter.to) return true;
  const auto time = parse_time(text_in(line, "timestamp"));
  return time && (!filter.from || *time >= *filter.from) && (!filter.to || *time < *filter.to);
}

struct Found {
  json::array items;  // of the page
  std::int64_t total = 0;
};

std::expected<Found, StateError> find(StateStore& state, const AuditFilter& filter, Page page) {
  const std::int64_t first = std::int64_t{page.page - 1} * page.limit;
  Found found;
  std::optional<std::int64_t> before;
  while (true) {
    const auto lines = state.read_before(audit_log, before, chunk);
    if (!lines) return std::unexpected(lines.error());
    for (const StateEntry& entry : *lines) {
      before = entry.sequence;
      boost::system::error_code error;
      json::value line = json::parse(entry.body, error);
      if (error || !line.is_object() || !fits(line.get_object(), filter)) continue;
      if (found.total >= first && found.total < first + page.limit) {
        line.get_object()["id"] = entry.sequence;
        found.items.push_back(std::move(line));
      }
      ++found.total;
    }
    if (lines->size() < chunk) return found;
  }
}

}  // namespace

Answer list_audit(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const AuditFilter filter = read_filter(*input, context.principal);
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto ask = [&state = context.services.state, filter, page] { return find(state, filter, page); };
  auto found = co_await run_blocking(context.services.pool, std::move(ask));
  if (!found) co_return failure(store_failed("the audit log cannot be read"));
  co_return listing(std::move(found->items), found->total, page);
}

}  // namespace budget::admin
