// One client's connection: requests in, one after the other.
#pragma once

#include <memory>
#include <string>

#include "admin/api.h"
#include "proxy/net/connection.h"
#include "proxy/net/http_parser.h"
#include "proxy/net/read_buffer.h"
#include "proxy/pipeline/pipeline.h"
#include "proxy/server/watch_session.h"
#include "proxy/wire/problem.h"

namespace budget::server {

// What a listener serves.
struct Role {
  bool llm = true;
  bool admin = true;
  bool tls = false;  // the connection is
};

// What sessions of a worker share.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  [[nodiscard]] virtual std::shared_ptr<pipeline::WorkerState> state() const = 0;
  [[nodiscard]] virtual admin::Api& api() const = 0;
  // Whether the process is ending: connections close after their answer.
  [[nodiscard]] virtual bool draining() const = 0;
};

class Session {
 public:
  Session(SessionHost& host, std::unique_ptr<net::Connection> connection, Role role)
      : host_(host), connection_(std::move(connection)), role_(role) {}

  // Serves requests until either side closes.
  net::Awaitable<void> run();

  // Between two requests. An idle session may be closed at once.
  [[nodiscard]] bool idle() const { return idle_; }
  void close() { connection_->cancel(); }
  // Has host.draining() looked at soon, also by one that goes on forever.
  void drain() {
    if (idle_) close();
    if (signal_) signal_->poke();
  }

 private:
  net::Awaitable<bool> read_head();
  net::Awaitable<bool> read_body();
  net::Awaitable<bool> read_known_length(std::uint64_t length, net::SteadyTime deadline);
  net::Awaitable<bool> read_chunks(net::SteadyTime deadline);
  net::Awaitable<bool> continue_if_expected(net::SteadyTime deadline);
  net::Awaitable<pipeline::After> serve();
  net::Awaitable<pipeline::After> serve_admin(const pipeline::Request& request);
  net::Awaitable<pipeline::After> stream_admin(const pipeline::Request& request,
                                               admin::ApiResponse response);
  net::Awaitable<pipeline::After> answer_admin(const pipeline::Request& request,
                                               admin::ApiResponse response);
  net::Awaitable<pipeline::After> serve_upgrade(const pipeline::Request& request);
  [[nodiscard]] admin::ApiRequest api_request(const pipeline::Request& request) const;
  net::Awaitable<bool> refuse(wire::ProblemKind kind, std::string message);
  net::Awaitable<void> linger();
  void put_back(std::string_view bytes);
  net::Io<void> fill(std::size_t bytes, net::SteadyTime deadline);

  SessionHost& host_;
  std::shared_ptr<net::Connection> connection_;
  std::shared_ptr<Signal> signal_;  // while it watches the live feed
  Role role_;
  std::shared_ptr<pipeline::WorkerState> state_;  // of the request being served
  net::ReadBuffer buffer_;
  net::Head head_;
  std::unique_ptr<net::RequestParser> parser_;
  std::string body_storage_;
  std::string_view body_;
  std::string next_request_;  // bytes behind a chunked body
  bool idle_ = true;
};

}  // namespace budget::server
