// Finished spans on their way to a collector.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/background.h"
#include "admin/http_client.h"
#include "proxy/telemetry/otlp_json.h"
#include "proxy/telemetry/span.h"

namespace budget::telemetry {

struct ExporterOptions {
  admin::HttpClient& http;  // must outlive the exporter
  std::string url;          // the collector's; see traces_url()
  std::vector<std::pair<std::string, std::string>> headers;
  Resource resource;
  // A sentence for the operator: once when the collector stops taking spans, and
  // once when it does again. Called on the exporter's thread.
  std::function<void(std::string_view)> on_news;
  std::size_t queue_max = 4'096;                 // spans that wait
  std::size_t batch_max = 512;                   // spans of a request
  std::chrono::milliseconds pause{1'000};        // between two looks at the queue
  std::chrono::milliseconds retry_most{30'000};  // the longest wait after a failure
};

// What became of spans, in all.
struct ExportCounts {
  std::int64_t exported = 0;
  std::int64_t dropped = 0;   // the queue was full
  std::int64_t rejected = 0;  // the collector did not want them
  std::int64_t failed = 0;    // it could not be reached, or not in time
};

// Thread-safe. Has a thread of its own, which alone waits for the network.
class Exporter {
 public:
  explicit Exporter(ExporterOptions options);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // Never waits for the collector; drops the span when too many wait already.
  void add(Span span);
  [[nodiscard]] ExportCounts counts() const;
  // Tries once more to send what waits, for a few seconds at most, and ends the
  // thread. Spans that come later are dropped. Idempotent; not thread-safe.
  void close();

 private:
  enum class Sent : std::uint8_t { yes, later, never };

  std::chrono::milliseconds turn();
  bool take_batch();  // false: there is nothing to send
  Sent send(std::chrono::milliseconds timeout);
  void settle(std::atomic<std::int64_t>& counter, std::int64_t but = 0);
  void tell_trouble(const std::string& why);

  const ExporterOptions options_;
  const std::string url_;

  std::mutex mutex_;
  std::deque<Span> queue_;           // guarded by mutex_
  std::atomic<bool> closed_{false};  // set with it

  // Of the thread, and of close() after it.
  std::vector<Span> batch_;  // being sent
  int failures_ = 0;         // of this batch
  bool in_trouble_ = false;
  std::chrono::steady_clock::time_point not_before_{};

  std::atomic<std::int64_t> exported_{0};
  std::atomic<std::int64_t> dropped_{0};
  std::atomic<std::int64_t> rejected_{0};
  std::atomic<std::int64_t> failed_{0};
  std::unique_ptr<admin::Background> background_;  // the last member: it uses the others
};

// Where a collector at `url` takes traces: "/v1/traces" is added to the path
// unless it ends so. A query stays behind it.
[[nodiscard]] std::string traces_url(std::string url);

}  // namespace budget::telemetry
