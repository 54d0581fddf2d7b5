#include "admin/hermes.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/mcp/tool.h"

namespace budget::admin {
namespace {

using std::chrono::milliseconds;
using State = HermesStatus::State;

constexpr milliseconds first_pause{1'000};
constexpr milliseconds longest_pause{60'000};
constexpr milliseconds off_pause = std::chrono::hours(1);
// An end waits for the unregistration: a Hermes that hangs must not hold it up.
constexpr milliseconds exchange_time{2'000};
constexpr std::size_t answer_bytes_max = std::size_t{64} << 10;

bool worked(const HttpAnswer& answer) {
  return answer.status >= 200 && answer.status < 300;
}

bool has_forgotten_us(const HttpAnswer& answer) {
  return answer.status == 401 || answer.status == 403 || answer.status == 404 ||
         answer.status == 410;
}

std::string refusal(std::string_view what, const HttpAnswer& answer) {
  return "Hermes answered the " + std::string(what) + " with " + std::to_string(answer.status);
}

std::string token_in(const HttpAnswer& answer) {
  boost::system::error_code error;
  const json::value body = json::parse(answer.body, error);
  if (error || !body.is_object()) return "";
  const auto* token = body.get_object().if_contains("token");
  return token && token->is_string() ? std::string(std::string_view(token->get_string())) : "";
}

std::string registration_body(const HermesView& as, std::string_view version) {
  json::array capabilities;
  for (const std::string_view name : mcp_capabilities()) capabilities.push_back(json::value(name));
  json::array tools;
  for (const McpTool& tool : mcp_tools()) tools.push_back(json::value(tool.name));
  const json::object metadata{{"description", "Counts what model calls cost and holds budgets"},
                              {"api", as.endpoint + "/api"},
                              {"mcp", as.endpoint + "/api/mcp"},
                              {"health", as.endpoint + "/health"},
                              {"tools", std::move(tools)}};
  return json::serialize(json::object{{"component_id", as.component_id},
                                      {"name", "Budget"},
                                      {"version", version},
                                      {"type", "budget"},
                                      {"endpoint", as.endpoint},
                                      {"capabilities", std::move(capabilities)},
                                      {"metadata", metadata}});
}

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::off:
      return "off";
    case State::connecting:
      return "connecting";
    case State::registered:
      return "registered";
    case State::away:
      return "away";
  }
  return "off";
}

void Hermes::start(OnChange on_change, Background::OnError on_error) {
  if (http_ == nullptr || background_) return;
  on_change_ = std::move(on_change);
  background_ = std::make_unique<Background>([this] { return turn(); }, std::move(on_error));
}

void Hermes::wake() {
  if (background_) background_->wake();
}

void Hermes::close() {
  background_.reset();
  if (registration_) unregister();
}

HermesStatus Hermes::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

milliseconds Hermes::turn() {
  const auto view = view_();
  const std::optional<HermesView> wanted = view->draining ? std::nullopt : view->hermes;
  if (registration_ && registration_->as != wanted) unregister();
  if (!wanted) {
    failures_ = 0;
    become({});
    return off_pause;
  }
  if (status().state == State::off) become({State::connecting, wanted->component_id, ""});
  return registration_ ? beat() : register_as(*wanted);
}

milliseconds Hermes::register_as(const HermesView& wanted) {
  const auto answer =
      post(wanted.url + "/register", registration_body(wanted, view_()->version), "");
  if (!answer) return away(wanted, answer.error().message);
  if (!worked(*answer)) return away(wanted, refusal("registration", *answer));
  std::string token = token_in(*answer);
  // A token is a header's value: what could not be one would be a header more.
  const bool printable = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 127; });
  if (token.empty() || !printable) {
    return away(wanted, "Hermes answered the registration without a token");
  }
  registration_ = Registration{wanted, std::move(token)};
  failures_ = 0;
  become({State::registered, wanted.component_id, ""});
  return wanted.heartbeat;
}

milliseconds Hermes::beat() {
  const HermesView as = registration_->as;
  const json::object body{
      {"component_id", as.component_id},
      {"component", as.component_id},
      {"status", json::object{{"healthy", true}, {"version", view_()->version}}}};
  const auto answer = post(as.url + "/heartbeat", json::serialize(body), registration_->token);
  if (!answer) return away(as, answer.error().message);
  if (has_forgotten_us(*answer)) {
    registration_.reset();
    return register_as(as);
  }
  if (!worked(*answer)) return away(as, refusal("heartbeat", *answer));
  failures_ = 0;
  become({State::registered, as.component_id, ""});
  return as.heartbeat;
}

// Whatever it answers: a component that does not beat is forgotten anyway.
void Hermes::unregister() {
  const Registration gone = *std::exchange(registration_, std::nullopt);
  static_cast<void>(
      post(gone.as.url + "/unregister?component_id=" + percent_encoded(gone.as.component_id), "",
           gone.token));
}

milliseconds Hermes::away(const HermesView& wanted, std::string problem) {
  become({State::away, wanted.component_id, std::move(problem)});
  const milliseconds pause = first_pause * (1 << std::min(failures_, 10));
  ++failures_;
  return std::min(pause, longest_pause);
}

void Hermes::become(HermesStatus status) {
  bool other = false;
  {
    const std::lock_guard lock(mutex_);
    other = status_.state != status.state;
    status_ = std::move(status);
    status = status_;
  }
  // Why it is away may change from try to try; that it is, only once.
  if (other && on_change_) on_change_(status);
}

std::expected<HttpAnswer, HttpFailure> Hermes::post(const std::string& url, std::string body,
                                                    const std::string& token) const {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
  if (!token.empty()) request.headers.emplace_back("x-authentication-token", token);
  request.body = std::move(body);
  request.connect_timeout = exchange_time;
  request.timeout = exchange_time;
  request.answer_bytes_max = answer_bytes_max;
  return http_->fetch(request);
}

}  // namespace budget::admin
