// Registration with Tekton's Hermes, by which its components find each other.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "admin/background.h"
#include "admin/http_client.h"
#include "admin/view.h"

namespace budget::admin {

struct HermesStatus {
  enum class State : std::uint8_t {
    off,         // not configured, or draining
    connecting,  // nothing was heard of Hermes yet
    registered,  // the latest heartbeat was taken
    away,        // it could not be reached, or said no; tried again and again
  };
  State state = State::off;
  std::string component_id;
  std::string problem;  // away: a sentence

  friend bool operator==(const HermesStatus&, const HermesStatus&) = default;
};
[[nodiscard]] std::string_view name_of(HermesStatus::State state);

// Keeps the proxy registered as the view of the moment says:
//
//   POST {url}/register                      who we are; the answer's `token`
//   POST {url}/heartbeat                     is sent back with these two as
//   POST {url}/unregister?component_id=ID    X-Authentication-Token
//
// While Hermes is away it is tried again after 1 s, 2 s, 4 s, … 60 s; where it
// has forgotten us (401, 403, 404, 410) we register again at once. When the
// view drains or names another Hermes, we unregister.
// The protocol: github.com/ckoons/Tekton, Hermes/hermes/api/endpoints.py.
// Thread-safe; the thread that talks to Hermes is its own.
class Hermes {
 public:
  // Told of each change of state, on Hermes's thread.
  using OnChange = std::function<void(const HermesStatus& status)>;

  // `http` may be null: then it stays off. It must outlive close().
  Hermes(ViewSource view, HttpClient* http) : view_(std::move(view)), http_(http) {}
  ~Hermes() { close(); }
  Hermes(const Hermes&) = delete;
  Hermes& operator=(const Hermes&) = delete;

  // Begins. The view has to be there.
  void start(OnChange on_change, Background::OnError on_error);
  // The view is another.
  void wake();
  // Unregisters, where that was not done, and ends. Waits no longer than one
  // exchange may take. Idempotent.
  void close();

  [[nodiscard]] HermesStatus status() const;

 private:
  struct Registration {
    HermesView as;
    std::string token;
  };

  std::chrono::milliseconds turn();
  std::chrono::milliseconds register_as(const HermesView& wanted);
  std::chrono::milliseconds beat();
  void unregister();
  // The pause until the next try, longer each time.
  std::chrono::milliseconds away(const HermesView& wanted, std::string problem);
  void become(HermesStatus status);
  std::expected<HttpAnswer, HttpFailure> post(const std::string& url, std::string body,
                                              const std::string& token) const;

  ViewSource view_;
  HttpClient* http_;
  OnChange on_change_;
  // Of the thread that takes turns, and of close() once that has ended.
  std::optional<Registration> registration_;
  int failures_ = 0;

  mutable std::mutex mutex_;
  HermesStatus status_;  // guarded
  std::unique_ptr<Background> background_;
};

}  // namespace budget::admin
