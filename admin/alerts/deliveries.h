// Alerts on their way out: a queue that survives a restart, on every replica.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/alerts/alert_book.h"
#include "admin/alerts/channels.h"
#include "admin/background.h"
#include "admin/http_client.h"
#include "admin/mailer.h"
#include "admin/view.h"

namespace budget::admin {

// A channel as the API names it.
struct ChannelInfo {
  std::string id;     // "webhook_0123456789abcdef" (of its URL) or "email"
  std::string kind;   // webhook | slack | email
  std::string where;  // the host alone, or the receivers
};

// Each alert is sent to each channel at least once and, but for a process that
// dies between sending and noting it, once; a receiver knows it again by its
// event id. What fails is tried again after 1, 4, 16, … seconds, at most
// tries_max times, then it is a dead letter. Sends on a thread of its own.
class Deliveries {
 public:
  static constexpr std::string_view collection = "alert_deliveries";
  static constexpr int tries_max = 10;
  static constexpr std::size_t finished_kept = 500;

  struct Parts {
    const policy::Clock& clock;
    StateStore& state;
    HttpClient* http;  // null: webhooks fail
    Mailer* mailer;    // null: mail fails
    AlertChannelSource channels;
  };
  explicit Deliveries(Parts parts);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  // The channels that there are.
  [[nodiscard]] std::vector<ChannelInfo> channels() const;
  // Puts `alert`, as the book has it, on its way to `channel_ids`. Blocks.
  StateStore::Result<void> enqueue(const json::object& alert,
                                   const std::vector<std::string>& channel_ids);
  // Sends `alert` to a channel now, once; for a test. The error is a sentence.
  std::expected<void, std::string> send_now(const json::object& alert,
                                            const std::string& channel_id);
  // Newest first: delivery_id, alert_id, channel, state (pending | delivered |
  // dead), attempts, next_at, error, created_at, ended_at.
  StateStore::Result<std::vector<json::object>> list();

  // Sends what is due, and says when there is more to do. For its thread, and
  // tests.
  std::chrono::milliseconds turn();
  [[nodiscard]] std::vector<MetricFamily> metrics() const;
  // Starts and ends the thread; close() ends it after the try under way.
  void start(Background::OnError on_error);
  void close();

 private:
  struct Delivery;
  std::chrono::milliseconds send_due(std::vector<Delivery>& pending);
  std::expected<void, std::string> send(const std::vector<json::object>& alerts,
                                        const std::string& channel_id);
  void finish(Delivery& delivery, const std::expected<void, std::string>& sent);
  void forget_old(const std::vector<Delivery>& finished);
  [[nodiscard]] policy::Time first_try(const std::string& channel_id) const;

  Parts parts_;
  std::atomic<std::int64_t> delivered_{0};
  std::atomic<std::int64_t> failed_{0};
  std::atomic<std::int64_t> dead_{0};
  std::unique_ptr<Background> background_;  // the last member: it uses the others
};

}  // namespace budget::admin
