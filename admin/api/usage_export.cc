// Records in files, for spreadsheets and other programs.
#include <boost/json/serialize.hpp>

#include "admin/api/handlers.h"
#include "admin/json_parts.h"
#include "admin/record_csv.h"
#include "admin/record_json.h"
#include "admin/usage_filter.h"
#include "admin/utf8.h"

namespace budget::admin {
namespace {

// An answer is made whole before it is sent, so that its size must be bounded:
// a record is about a kilobyte.
constexpr int records_max = 10'000;
constexpr int store_page = 500;

struct ExportQuestion {
  ledger::UsageFilter filter;
  bool csv = true;
  int page = 1;
};

struct Exported {
  std::string text;
  std::int64_t total = 0;
};

ExportQuestion read_question(Input& input, const View& view, policy::Time now) {
  ExportQuestion question;
  question.filter = read_usage_filter(input, view);
  question.csv = input.choice("format", {"csv", "jsonl"}) != "jsonl";
  question.page = static_cast<int>(input.integer("page", 1, 100'000).value_or(1));
  // Without an end the pages would shift with every call that begins meanwhile.
  if (!question.filter.end) question.filter.end = now + std::chrono::milliseconds(1);
  return question;
}

// Blocks; in pages of the store, so that other questions get their turn.
std::expected<Exported, std::string> export_page(ledger::UsageStore& usage,
                                                 const ExportQuestion& question) {
  Exported exported;
  if (question.csv) exported.text = csv_header();
  constexpr int pages = records_max / store_page;
  const int first = (question.page - 1) * pages + 1;
  for (int page = first; page < first + pages; ++page) {
    const auto found = usage.records(question.filter, page, store_page);
    if (!found) return std::unexpected(found.error());
    exported.total = found->total;
    for (const ledger::UsageRecord& record : found->records) {
      exported.text +=
          question.csv ? csv_row(record) : repaired_utf8(json::serialize(to_json(record))) + "\n";
    }
    if (found->records.size() < static_cast<std::size_t>(store_page)) break;
  }
  return exported;
}

// The same question for the next page, its end pinned.
std::string next_page(const Context& context, const ExportQuestion& question) {
  std::string target = "/api/usage/export?";
  const std::string& query = context.request.query;
  for (std::size_t from = 0; from < query.size();) {
    const std::size_t end = std::min(query.find('&', from), query.size());
    const std::string field = query.substr(from, end - from);
    from = end + 1;
    if (field.empty() || field.starts_with("page=") || field.starts_with("end_time=")) continue;
    target += field + "&";
  }
  return target + "end_time=" + policy::rfc3339(*question.filter.end) +
         "&page=" + std::to_string(question.page + 1);
}

}  // namespace

Answer export_usage(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const ExportQuestion question = read_question(*input, *context.view, context.now);
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto ask = [&usage = context.services.usage, question] { return export_page(usage, question); };
  auto exported = co_await run_blocking(context.services.pool, std::move(ask));
  if (!exported) co_return failure(store_failed(exported.error()));
  ApiResponse response;
  response.content_type =
      question.csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson";
  response.body = std::move(exported->text);
  response.headers = {{"cache-control", "no-store"},
                      {"content-disposition", std::string("attachment; filename=\"usage.") +
                                                  (question.csv ? "csv\"" : "jsonl\"")},
                      {"x-total-count", std::to_string(exported->total)}};
  if (std::int64_t{question.page} * records_max < exported->total) {
    response.headers.emplace_back("link", "<" + next_page(context, question) + ">; rel=\"next\"");
  }
  co_return response;
}

}  // namespace budget::admin
