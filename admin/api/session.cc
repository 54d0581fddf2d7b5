// Logging in to the console, and out.
#include "admin/api/handlers.h"
#include "admin/identify.h"
#include "admin/json_parts.h"

namespace budget::admin {
namespace {

// Not readable by scripts, not sent along by other sites.
std::string cookie(const Context& context, std::string_view value, std::int64_t seconds) {
  std::string text(Sessions::cookie_name);
  text.append("=").append(value);
  text.append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=").append(std::to_string(seconds));
  // Whoever ends TLS before us says so; a lie would only cost the liar its cookie.
  if (context.request.secure || context.header("x-forwarded-proto") == "https") text += "; Secure";
  return text;
}

json::object session_json(const Principal& principal) {
  json::object object{{"name", principal.name}, {"role", name_of(principal.role)}};
  const bool session = !principal.session.empty();
  object["by"] = session ? "session" : "key";
  object["csrf_token"] = session ? json::value(principal.csrf_token) : json::value(nullptr);
  object["expires_at"] =
      session ? to_json(std::optional(principal.session_ends_at)) : json::value(nullptr);
  return object;
}

}  // namespace

Answer begin_session(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  std::string key = input->raw_text("key").value_or("");
  if (const auto problem = input->problem()) co_return failure(*problem);
  if (key.empty()) key = presented_key(context.request);

  auto principal = context.services.auth.identify(key, context.now);
  if (!principal) co_return unidentified(principal.error());
  auto begin = [&sessions = context.services.sessions, digest = digest_of(key), now = context.now] {
    return sessions.begin(digest, now);
  };
  const auto begun = co_await run_blocking(context.services.pool, std::move(begin));
  if (!begun) co_return failure(store_failed("the session could not be kept"));
  principal->session = begun->session.id;
  principal->csrf_token = begun->session.csrf_token;
  principal->session_ends_at = begun->session.ends_at;
  ApiResponse response = success(session_json(*principal), 201);
  const auto seconds = std::chrono::seconds(Sessions::lives_for).count();
  response.headers.emplace_back("set-cookie", cookie(context, begun->token, seconds));
  co_return response;
}

Answer get_session(Context& context) {
  co_return success(session_json(context.principal));
}

Answer end_session(Context& context) {
  const std::string id = context.principal.session;
  if (!id.empty()) {
    auto end = [&sessions = context.services.sessions, id] { return sessions.end(id); };
    const auto ended = co_await run_blocking(context.services.pool, std::move(end));
    if (!ended) co_return failure(store_failed("the session could not be ended"));
  }
  ApiResponse response = success(json::object{{"ended", !id.empty()}});
  response.headers.emplace_back("set-cookie", cookie(context, "", 0));
  co_return response;
}

}  // namespace budget::admin
