#include "admin/live/live_watch.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <limits>
#include <utility>

#include "admin/blocking.h"
#include "admin/input.h"
#include "admin/utf8.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

constexpr std::string_view prefix = "/ws/budget/";
constexpr std::size_t answers_max = 16;
constexpr std::uint16_t policy_violation = 1008;  // RFC 6455, 7.4.1

bool shows_key(const ApiRequest& request) {
  return !request.header("x-api-key").empty() || !request.header("authorization").empty();
}

// A browser sends its cookie to whoever a page connects to, and says which page
// that was: https://HOST:PORT.
bool of_same_origin(const ApiRequest& request) {
  std::string_view origin = request.header("origin");
  if (origin.empty()) return true;
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return false;
  origin.remove_prefix(scheme + 3);
  return origin == request.header("host");
}

class LiveWatch final : public Watch {
 public:
  LiveWatch(const LiveParts& parts, Topic topic, std::optional<std::int64_t> after,
            std::function<void()> wake, Moment now)
      : parts_(parts),
        topic_(topic),
        after_(after),
        wake_(std::move(wake)),
        due_(now + auth_within) {}

  // `shown`: the request that shows who it is, to be asked again.
  void begin(Principal principal, ApiRequest shown, Moment now) {
    principal_ = std::move(principal);
    shown_ = std::move(shown);
    subscriber_ = parts_.bus.subscribe(topic_, after_, wake_);
    // The first heartbeat says that all is well, and from where to resume.
    due_ = now;
  }

  std::optional<std::string> next(Moment now) override {
    if (!answers_.empty()) {
      std::string answer = std::move(answers_.front());
      answers_.pop_front();
      return answer;
    }
    if (end_) return std::nullopt;
    if (!subscriber_) {
      if (now >= due_) end("no key was said in time");
      return std::nullopt;
    }
    if (pending_) return *std::exchange(pending_, nullptr);
    EventBus::Taken taken = subscriber_->take();
    if (taken.missed != 0) {
      pending_ = std::move(taken.message);
      const json::value missed =
          taken.missed < 0 ? json::value(nullptr) : json::value(taken.missed);
      return message("gap", {{"missed", missed}}, std::nullopt);
    }
    if (taken.message) return *taken.message;
    if (now < due_) return std::nullopt;
    return heartbeat(now, taken.id);
  }

  [[nodiscard]] Moment due() const override { return due_; }

  Awaitable<void> receive(std::string text) override {
    boost::system::error_code error;
    const json::value said = json::parse(text, error);
    const json::object* object = error ? nullptr : said.if_object();
    const json::value* type = object ? object->if_contains("type") : nullptr;
    if (!type || !type->is_string()) {
      complain("invalid_request", "A message is a JSON object with a type.");
    } else if (type->get_string() == "auth") {
      authenticate(*object);
    } else if (!subscriber_) {
      end("the first message has to be of type auth");
    } else if (type->get_string() == "team_message") {
      co_await speak(*object);
    } else {
      complain("invalid_request", "There are messages of type auth and team_message.");
    }
  }

  [[nodiscard]] std::optional<End> ended() const override {
    return answers_.empty() ? end_ : std::nullopt;
  }

 private:
  void end(std::string why) { end_ = End{policy_violation, std::move(why)}; }

  std::string heartbeat(Moment now, std::int64_t id) {
    due_ = now + heartbeat_every;
    // A key that was revoked, or a session that is over, ends here.
    if (!parts_.auth.identify(shown_, parts_.clock.now())) end("no longer authorised");
    return message("heartbeat", {{"name", principal_.name}, {"role", name_of(principal_.role)}},
                   id);
  }

  [[nodiscard]] std::string message(std::string_view type, json::object data,
                                    std::optional<std::int64_t> id) const {
    json::object object{{"type", type},
                        {"topic", name_of(topic_)},
                        {"data", std::move(data)},
                        {"timestamp", policy::rfc3339(parts_.clock.now())}};
    if (id) object["id"] = *id;
    return repaired_utf8(json::serialize(object));
  }

  void complain(std::string_view code, std::string_view what) {
    answers_.push_back(message("error", {{"code", code}, {"message", what}}, std::nullopt));
    // Who does not read the answers gets no more of them.
    if (answers_.size() > answers_max) end("too many messages");
    wake_();
  }

  void authenticate(const json::object& said) {
    if (subscriber_) return complain("conflict", "This watch has a key already.");
    const json::value* token = said.if_contains("token");
    const json::value* last = said.if_contains("last_event_id");
    if (last && last->is_int64()) after_ = last->get_int64();
    ApiRequest shown;
    shown.headers.emplace_back("x-api-key", token && token->is_string()
                                                ? std::string(std::string_view(token->get_string()))
                                                : std::string());
    auto principal = parts_.auth.identify(shown, parts_.clock.now());
    if (!principal) {
      complain(name_of(principal.error().code), principal.error().message);
      return end("not authorised");
    }
    begin(std::move(*principal), std::move(shown), std::chrono::steady_clock::now());
    wake_();
  }

  Awaitable<void> speak(const json::object& said) {
    const json::value* data = said.if_contains("data");
    const json::value* given =
        data && data->is_object() ? data->get_object().if_contains("text") : nullptr;
    if (!given || !given->is_string()) {
      complain("invalid_request", "A team_message has data with a text.");
      co_return;
    }
    std::string text(std::string_view(given->get_string()));
    if (!TeamChat::may_speak(principal_)) {
      complain("authorization_error", "This needs the role operator.");
      co_return;
    }
    if (const auto problem = TeamChat::problem_in(text)) {
      complain("invalid_request", "text " + *problem);
      co_return;
    }
    auto say = [&chat = parts_.chat, author = principal_, text = std::move(text),
                now = parts_.clock.now()] { return chat.say(author, text, now).has_value(); };
    const bool kept = co_await run_blocking(parts_.pool, std::move(say));
    if (!kept) complain("internal_error", "The store did not keep the message.");
  }

  LiveParts parts_;
  Topic topic_;
  std::optional<std::int64_t> after_;
  std::function<void()> wake_;
  Moment due_;  // of the next heartbeat, or for the key
  Principal principal_;
  ApiRequest shown_;
  std::unique_ptr<EventBus::Subscriber> subscriber_;  // null: no key yet
  std::shared_ptr<const std::string> pending_;        // behind the gap that was told
  std::deque<std::string> answers_;
  std::optional<End> end_;
};

ApiResponse refusal(ErrorCode code, std::string message, int status) {
  return failure({code, std::move(message), {}, status});
}

// What shows who asks, and no more.
ApiRequest credentials_of(const ApiRequest& request) {
  ApiRequest shown;
  for (const auto& [name, value] : request.headers) {
    if (name == "x-api-key" || name == "authorization" || name == "cookie") {
      shown.headers.emplace_back(name, value);
    }
  }
  return shown;
}

}  // namespace

std::expected<std::unique_ptr<Watch>, ApiResponse> make_live_watch(const LiveParts& parts,
                                                                   const ApiRequest& request,
                                                                   std::function<void()> wake,
                                                                   Watch::Moment now) {
  std::string_view path = request.path;
  std::optional<Topic> topic;
  if (path.starts_with(prefix)) topic = topic_named(path.substr(prefix.size()));
  const bool keyed = shows_key(request);
  const bool own_page = of_same_origin(request);
  const ApiRequest shown = keyed || own_page ? credentials_of(request) : ApiRequest{};
  auto principal = parts.auth.identify(shown, parts.clock.now());
  // Whoever shows no key learns nothing, not even what there is to watch.
  if (!principal && (keyed || !topic)) return std::unexpected(failure(principal.error()));
  if (!topic) {
    return std::unexpected(
        refusal(ErrorCode::resource_not_found, "There is nothing to watch at this path.", 0));
  }
  auto input = Input::of_query(request.query);
  if (!input) return std::unexpected(failure(input.error()));
  const auto after = input->integer("last_event_id", 0, std::numeric_limits<std::int64_t>::max());
  if (const auto problem = input->problem()) return std::unexpected(failure(*problem));
  if (parts.bus.stats().subscribers >= watchers_max) {
    return std::unexpected(
        refusal(ErrorCode::internal_error, "There are too many watchers already.", 503));
  }
  auto watch = std::make_unique<LiveWatch>(parts, *topic, after, std::move(wake), now);
  if (principal) watch->begin(std::move(*principal), shown, now);
  return watch;
}

}  // namespace budget::admin
