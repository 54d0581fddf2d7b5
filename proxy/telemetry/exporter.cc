#include "proxy/telemetry/exporter.h"

#include <algorithm>
#include <iterator>

namespace budget::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often a batch is sent before it is given up.
constexpr int tries_max = 5;
constexpr milliseconds send_timeout{5'000};
// What an ending process spends on what still waits.
constexpr milliseconds last_timeout{2'000};

// OTLP's list: everything else is not to be sent again.
bool may_pass(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

Exporter::Exporter(ExporterOptions options)
    : options_(std::move(options)),
      url_(traces_url(options_.url)),
      background_(std::make_unique<admin::Background>(
          [this] { return turn(); }, [this](const std::string& what) { tell_trouble(what); })) {}

Exporter::~Exporter() {
  close();
}

void Exporter::add(Span span) {
  const std::lock_guard lock(mutex_);
  if (closed_ || queue_.size() >= options_.queue_max) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  queue_.push_back(std::move(span));
  // Within the lock, for close() takes the thread away after it.
  if (queue_.size() == options_.batch_max) background_->wake();
}

ExportCounts Exporter::counts() const {
  return {exported_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed),
          rejected_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed)};
}

bool Exporter::take_batch() {
  if (!batch_.empty()) return true;
  const std::lock_guard lock(mutex_);
  const std::size_t count = std::min(queue_.size(), options_.batch_max);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  batch_.assign(std::move_iterator(queue_.begin()), std::move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return !batch_.empty();
}

milliseconds Exporter::turn() {
  while (!closed_) {
    const auto now = steady_clock::now();
    if (now < not_before_) return std::chrono::ceil<milliseconds>(not_before_ - now);
    if (!take_batch()) break;
    const Sent sent = send(send_timeout);
    if (sent == Sent::yes) continue;
    if (sent == Sent::never || ++failures_ == tries_max) {
      settle(sent == Sent::never ? rejected_ : failed_);
      continue;
    }
    const milliseconds wait = std::min(options_.retry_most, options_.pause * (1 << failures_));
    not_before_ = steady_clock::now() + wait;
  }
  return options_.pause;
}

// The batch has come to its end; `but` of it is counted already.
void Exporter::settle(std::atomic<std::int64_t>& counter, std::int64_t but) {
  counter.fetch_add(static_cast<std::int64_t>(batch_.size()) - but, std::memory_order_relaxed);
  batch_.clear();
  failures_ = 0;
}

Exporter::Sent Exporter::send(milliseconds timeout) {
  admin::HttpRequest request{.method = "POST",
                             .url = url_,
                             .headers = options_.headers,
                             .body = export_request(options_.resource, batch_)};
  request.headers.emplace_back("content-type", "application/json");
  request.connect_timeout = std::min(request.connect_timeout, timeout);
  request.timeout = timeout;
  const auto answer = options_.http.fetch(request);
  if (!answer) {
    tell_trouble(answer.error().message);
    return Sent::later;
  }
  if (answer->status < 200 || answer->status > 299) {
    tell_trouble("it answered " + std::to_string(answer->status));
    return may_pass(answer->status) ? Sent::later : Sent::never;
  }
  const ExportAnswer said = export_answer(answer->body);
  const std::int64_t rejected =
      std::clamp(said.rejected, std::int64_t{0}, static_cast<std::int64_t>(batch_.size()));
  rejected_.fetch_add(rejected, std::memory_order_relaxed);
  settle(exported_, rejected);
  if (rejected > 0) {
    tell_trouble("it rejected " + std::to_string(rejected) + " spans: " + said.message);
  } else if (std::exchange(in_trouble_, false) && options_.on_news) {
    options_.on_news("the collector takes traces again");
  }
  return Sent::yes;
}

void Exporter::tell_trouble(const std::string& why) {
  if (std::exchange(in_trouble_, true) || !options_.on_news) return;
  options_.on_news("the collector does not take traces: " + why);
}

void Exporter::close() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    closed_ = true;
  }
  background_.reset();
  const auto until = steady_clock::now() + last_timeout;
  while (take_batch()) {
    const auto left = std::chrono::floor<milliseconds>(until - steady_clock::now());
    const Sent sent = left > milliseconds(0) ? send(left) : Sent::later;
    if (sent != Sent::yes) settle(sent == Sent::never ? rejected_ : failed_);
  }
}

std::string traces_url(std::string url) {
  static constexpr std::string_view path = "/v1/traces";
  std::string query;
  if (const auto at = url.find('?'); at != std::string::npos) {
    query = url.substr(at);
    url.resize(at);
  }
  while (url.ends_with('/')) url.pop_back();
  if (!url.ends_with(path)) url += path;
  return url + query;
}

}  // namespace budget::telemetry
