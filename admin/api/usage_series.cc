// Usage over time.
#include <map>
#include <optional>

#include "admin/api/handlers.h"
#include "admin/json_parts.h"
#include "admin/time_bucket.h"
#include "admin/usage_filter.h"
#include "admin/usage_sums.h"
#include "policy/ledger/limits.h"

namespace budget::admin {
namespace {

constexpr int buckets_by_default = 48;
constexpr int buckets_max = 2000;

struct SeriesQuestion {
  ledger::UsageFilter filter;
  std::string bucket_name;
  Bucket bucket = Bucket::hour;
  Grouping grouping;
};

// Without a start, the last buckets up to the end; without an end, up to now.
void bound(Input& input, SeriesQuestion& question, policy::Time now) {
  const policy::Time end = question.filter.end.value_or(now + std::chrono::milliseconds(1));
  const policy::Time last = bucket_start(question.bucket, end - std::chrono::milliseconds(1));
  question.filter.end = end;
  if (!question.filter.start) {
    question.filter.start = bucket_after(question.bucket, last, 1 - buckets_by_default);
  }
  if (*question.filter.start >= end) {
    input.complain("start_time", "must be before end_time, which is now when left out");
    return;
  }
  const policy::Time first = bucket_start(question.bucket, *question.filter.start);
  if (bucket_after(question.bucket, first, buckets_max) <= last) {
    input.complain("start_time", "is more than " + std::to_string(buckets_max) +
                                     " buckets ago; ask for a shorter time or a longer bucket");
  }
}

SeriesQuestion read_question(Input& input, const View& view, policy::Time now) {
  SeriesQuestion question;
  question.filter = read_usage_filter(input, view);
  question.bucket_name = input.choice("bucket", {"minute", "hour", "day", "week", "month"});
  if (question.bucket_name.empty()) question.bucket_name = "hour";
  question.bucket = bucket_named(question.bucket_name).value_or(Bucket::hour);
  question.grouping = read_grouping(input);
  for (const std::string& word : question.grouping.words) {
    if (bucket_named(word)) input.complain("group_by", "names a time, which is what bucket is for");
  }
  bound(input, question, now);
  return question;
}

json::object point_json(policy::Time time, const ledger::UsageSum& sum, const Grouping& grouping) {
  json::object point{{"time", policy::rfc3339(time)}};
  if (!grouping.words.empty()) point["group"] = group_json(grouping.words, sum, 1);
  for (auto& [name, value] : sums_json(sum)) point[name] = std::move(value);
  return point;
}

// In order of time. Where nothing is grouped every bucket is there, empty ones
// too, so that a chart of it has no hidden gaps.
json::array points_of(const SeriesQuestion& question, const std::vector<ledger::UsageSum>& sums) {
  std::multimap<policy::Time, const ledger::UsageSum*> by_time;
  for (const ledger::UsageSum& sum : sums) {
    if (const auto time = bucket_of_label(sum.group.front())) by_time.emplace(*time, &sum);
  }
  json::array points;
  if (!question.grouping.words.empty()) {
    for (const auto& [time, sum] : by_time) {
      points.push_back(point_json(time, *sum, question.grouping));
    }
    return points;
  }
  const ledger::UsageSum nothing;
  policy::Time time = bucket_start(question.bucket, *question.filter.start);
  for (; time < *question.filter.end; time = bucket_after(question.bucket, time, 1)) {
    const auto found = by_time.find(time);
    points.push_back(
        point_json(time, found == by_time.end() ? nothing : *found->second, question.grouping));
  }
  return points;
}

}  // namespace

Answer get_usage_timeseries(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const SeriesQuestion question = read_question(*input, *context.view, context.now);
  if (const auto problem = input->problem()) co_return failure(*problem);

  std::vector<std::string> by{question.bucket_name};
  by.insert(by.end(), question.grouping.store_words.begin(), question.grouping.store_words.end());
  auto ask = [&usage = context.services.usage, filter = question.filter, by = std::move(by)] {
    return usage.summary(filter, by);
  };
  const auto sums = co_await run_blocking(context.services.pool, std::move(ask));
  if (!sums) co_return failure(store_failed(sums.error()));
  // The store leaves out what is beyond its bound, the cheapest first: a series
  // without them would look whole.
  if (sums->size() >= static_cast<std::size_t>(ledger::groups_max)) {
    co_return failure({ErrorCode::invalid_request,
                       "There are more than " + std::to_string(ledger::groups_max) +
                           " points; ask for a shorter time, a longer bucket or fewer groups.",
                       {},
                       0});
  }
  co_return success(json::object{{"bucket", question.bucket_name},
                                 {"start_time", to_json(question.filter.start)},
                                 {"end_time", to_json(question.filter.end)},
                                 {"group_by", to_json(question.grouping.words)},
                                 {"points", points_of(question, *sums)}});
}

}  // namespace budget::admin
