#include "admin/idempotency.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "admin/secret.h"

namespace budget::admin {
namespace {

constexpr std::string_view collection = "idempotency";
// A process that died in the middle does not come back to end it.
constexpr std::chrono::minutes abandoned_after{10};
constexpr std::chrono::hours sweep_every{1};
constexpr std::size_t kept_bytes_max = std::size_t{256} << 10;

std::string id_of(const RepeatableRequest& request) {
  return to_hex(
      digest_of(request.who + '\n' + request.method + '\n' + request.path + '\n' + request.key));
}

std::int64_t milliseconds(policy::Time time) {
  return time.time_since_epoch().count();
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(std::string_view(*text)) : "";
}

std::int64_t number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_int64() ? value->get_int64() : 0;
}

json::object read(const std::string& body) {
  boost::system::error_code ignored;
  const json::value value = json::parse(body, ignored);
  return value.is_object() ? value.get_object() : json::object{};
}

policy::Time began(const json::object& entry) {
  return policy::Time(std::chrono::milliseconds(number_in(entry, "at")));
}

// Nothing stands under the key any more, or nobody will end what does.
bool is_over(const json::object& entry, policy::Time now) {
  const auto age = now - began(entry);
  if (age >= Idempotency::kept) return true;
  return text_in(entry, "state") == "running" && age >= abandoned_after;
}

Failure refused(std::string message, int status) {
  return {ErrorCode::conflict, std::move(message), {}, status};
}

ApiResponse earlier_answer(const json::object& entry) {
  if (text_in(entry, "state") == "running") {
    ApiResponse response = failure(
        refused("The request with this Idempotency-Key is still being answered. Try again.", 409));
    response.headers.emplace_back("retry-after", "1");
    return response;
  }
  if (!entry.contains("body")) {
    return failure(refused(
        "The request with this Idempotency-Key was done. Its answer held a secret, or was large, "
        "and was not kept.",
        409));
  }
  ApiResponse response;
  response.status = static_cast<int>(number_in(entry, "status"));
  response.content_type = text_in(entry, "content_type");
  response.body = text_in(entry, "body");
  if (const auto* headers = entry.if_contains("headers"); headers && headers->is_object()) {
    for (const auto& [name, value] : headers->get_object()) {
      if (value.is_string()) {
        response.headers.emplace_back(name, std::string_view(value.get_string()));
      }
    }
  }
  response.headers.emplace_back("idempotency-replayed", "true");
  return response;
}

}  // namespace

std::optional<ApiResponse> Idempotency::begin(const RepeatableRequest& request, policy::Time now) {
  if (request.key.size() > key_bytes_max) {
    return failure(
        {ErrorCode::invalid_request, "The Idempotency-Key must be at most 255 bytes.", {}, 0});
  }
  sweep(now);
  const std::string id = id_of(request);
  const std::string fingerprint = to_hex(digest_of(request.body));
  const std::string running = json::serialize(
      json::object{{"at", milliseconds(now)}, {"fingerprint", fingerprint}, {"state", "running"}});
  while (true) {
    const auto item = store_.get(collection, id);
    if (!item) return failure(store_failed("Idempotency-Keys cannot be looked up"));
    std::int64_t version = 0;
    if (*item) {
      version = (*item)->version;
      const json::object entry = read((*item)->body);
      if (!is_over(entry, now)) {
        if (text_in(entry, "fingerprint") == fingerprint) return earlier_answer(entry);
        return failure(refused(
            "The Idempotency-Key was used for another request. Use a new one for each.", 422));
      }
    }
    const auto put = store_.put(collection, id, running, version);
    if (put) return std::nullopt;
    if (put.error() == StateError::unavailable) {
      return failure(store_failed("Idempotency-Keys cannot be kept"));
    }
  }
}

void Idempotency::end(const RepeatableRequest& request, const ApiResponse& response, bool secret,
                      policy::Time now) {
  const std::string id = id_of(request);
  if (response.status >= 300) {
    // Should the store be away just now, the key is free again a little later.
    static_cast<void>(store_.erase(collection, id, std::nullopt));
    return;
  }
  json::object entry{{"at", milliseconds(now)},
                     {"fingerprint", to_hex(digest_of(request.body))},
                     {"state", "done"}};
  if (!secret && response.body.size() <= kept_bytes_max) {
    json::object headers;
    for (const auto& [name, value] : response.headers) headers[name] = value;
    entry["status"] = response.status;
    entry["content_type"] = response.content_type;
    entry["headers"] = std::move(headers);
    entry["body"] = response.body;
  }
  static_cast<void>(store_.put(collection, id, json::serialize(entry), std::nullopt));
}

void Idempotency::sweep(policy::Time now) {
  const auto mine = store_.claim("idempotency_sweep", now + sweep_every);
  if (!mine || !*mine) return;
  const auto items = store_.list(collection);
  if (!items) return;
  for (const StateItem& item : *items) {
    if (now - began(read(item.body)) < kept) continue;
    static_cast<void>(store_.erase(collection, item.id, item.version));
  }
}

}  // namespace budget::admin
