#include "proxy/telemetry/exporter.h"

#include <gtest/gtest.h>

#include <condition_variable>

namespace budget::telemetry {
namespace {

// A collector whose answers a test gives one by one, or once and for all.
class Collector final : public admin::HttpClient {
 public:
  std::expected<admin::HttpAnswer, admin::HttpFailure> fetch(const admin::HttpRequest& request,
                                                             const admin::OnBody&) override {
    std::unique_lock lock(mutex_);
    ++requests_;
    last_ = request;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    if (status_ == 0) {
      return std::unexpected(
          admin::HttpFailure{admin::HttpFailure::Step::connect, "nobody is there"});
    }
    return admin::HttpAnswer{.status = status_, .body = "{}"};
  }

  void answer(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    open_ = true;
    changed_.notify_all();
  }
  void await_requests(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return requests_ >= count; });
  }
  [[nodiscard]] int requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] admin::HttpRequest last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;  // until then it does not answer
  int status_ = 200;
  int requests_ = 0;
  admin::HttpRequest last_;
};

Span a_span() {
  Span span;
  span.context.trace_id.fill(1);
  span.context.span_id.fill(2);
  span.name = "chat";
  return span;
}

ExporterOptions options(Collector& collector, std::vector<std::string>* news = nullptr) {
  ExporterOptions options{.http = collector, .url = "http://c:4318"};
  options.queue_max = 8;
  options.batch_max = 4;
  options.pause = std::chrono::milliseconds(1);
  options.retry_most = std::chrono::milliseconds(4);
  if (news) {
    options.on_news = [news](std::string_view what) { news->emplace_back(what); };
  }
  return options;
}

std::int64_t sum(const ExportCounts& counts) {
  return counts.exported + counts.dropped + counts.rejected + counts.failed;
}

TEST(Exporter, DropsWhatAFullQueueHasNoRoomForAndNeverWaits) {
  Collector collector;
  Exporter exporter(options(collector));
  exporter.add(a_span());
  collector.await_requests(1);  // and it does not answer
  for (int i = 0; i < 20; ++i) exporter.add(a_span());
  EXPECT_EQ(exporter.counts().dropped, 12) << "20, of which 8 find room";
  collector.answer(200);
  exporter.close();
  EXPECT_EQ(exporter.counts().exported, 9);
  EXPECT_EQ(sum(exporter.counts()), 21);
  exporter.add(a_span());
  EXPECT_EQ(exporter.counts().dropped, 13) << "it is closed";
}

TEST(Exporter, GivesABatchUpAfterAFewTries) {
  Collector collector;
  std::vector<std::string> news;
  collector.answer(0);
  Exporter exporter(options(collector, &news));
  exporter.add(a_span());
  collector.await_requests(5);
  exporter.close();
  EXPECT_EQ(exporter.counts().failed, 1);
  ASSERT_EQ(news.size(), 1) << "once, not once a try";
  EXPECT_EQ(news[0], "the collector does not take traces: nobody is there");
}

TEST(Exporter, SendsOnlyThatAgainWhichMayBeTakenLater) {
  const std::pair<int, bool> answers[] = {{400, false}, {401, false}, {404, false}, {500, false},
                                          {429, true},  {502, true},  {503, true},  {504, true}};
  for (const auto& [status, again] : answers) {
    Collector collector;
    collector.answer(status);
    Exporter exporter(options(collector));
    exporter.add(a_span());
    collector.await_requests(again ? 2 : 1);
    exporter.close();
    EXPECT_EQ(exporter.counts().rejected, again ? 0 : 1) << status;
    EXPECT_EQ(exporter.counts().failed, again ? 1 : 0) << status;
    if (!again) {
      EXPECT_EQ(collector.requests(), 1) << status;
    }
  }
}

TEST(Exporter, PostsJsonToThePathOfTraces) {
  Collector collector;
  collector.answer(200);
  Exporter exporter(options(collector));
  exporter.add(a_span());
  exporter.close();
  const admin::HttpRequest request = collector.last();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://c:4318/v1/traces");
  EXPECT_TRUE(request.body.starts_with("{\"resourceSpans\":")) << request.body;
}

TEST(Exporter, FindsThePathOfTraces) {
  const std::pair<const char*, const char*> urls[] = {
      {"http://c:4318", "http://c:4318/v1/traces"},
      {"http://c:4318/", "http://c:4318/v1/traces"},
      {"http://c:4318/v1/traces", "http://c:4318/v1/traces"},
      {"https://c/otlp/", "https://c/otlp/v1/traces"},
      {"https://c/otlp?token=a/b", "https://c/otlp/v1/traces?token=a/b"}};
  for (const auto& [url, expected] : urls) EXPECT_EQ(traces_url(url), expected);
}

TEST(OtlpJson, WritesIntegersAsTextAndRepairsWhatIsNotUtf8) {
  Span span = a_span();
  span.attributes = {{"a", std::int64_t{1} << 60}, {"b", true}, {"c", std::string("\xff")}};
  span.ended_ns = 1'700'000'000'000'000'001;
  const std::string text = export_request({"1", "2"}, std::span(&span, 1));
  EXPECT_TRUE(text.contains(R"({"key":"a","value":{"intValue":"1152921504606846976"}})")) << text;
  EXPECT_TRUE(text.contains(R"({"key":"b","value":{"boolValue":true}})")) << text;
  EXPECT_TRUE(text.contains("{\"stringValue\":\"\xef\xbf\xbd\"}")) << text;
  EXPECT_TRUE(text.contains(R"("endTimeUnixNano":"1700000000000000001")")) << text;
  EXPECT_TRUE(text.contains(R"("traceId":"01010101010101010101010101010101")")) << text;
  EXPECT_FALSE(text.contains("parentSpanId")) << text;
}

TEST(OtlpJson, ReadsWhatWasRejected) {
  EXPECT_EQ(export_answer("").rejected, 0);
  EXPECT_EQ(export_answer("{}").rejected, 0);
  EXPECT_EQ(export_answer("[]").rejected, 0);
  EXPECT_EQ(export_answer(R"({"partialSuccess":{"rejectedSpans":"3"}})").rejected, 3);
  const ExportAnswer answer =
      export_answer(R"({"partialSuccess":{"rejectedSpans":3,"errorMessage":"old"}})");
  EXPECT_EQ(answer.rejected, 3);
  EXPECT_EQ(answer.message, "old");
}

}  // namespace
}  // namespace budget::telemetry
