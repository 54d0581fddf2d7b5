// Proxy keys: made, listed, rotated, revoked.
#include "admin/api/handlers.h"
#include "admin/key_json.h"

namespace budget::admin {
namespace {

Failure key_failure(KeyStore::Error error, const std::string& id) {
  switch (error) {
    case KeyStore::Error::unknown:
      return not_found("key", id);
    case KeyStore::Error::revoked:
      return {ErrorCode::conflict, "The key '" + id + "' is revoked.", {}, 0};
    case KeyStore::Error::store:
      break;
  }
  return store_failed("the key could not be written");
}

// The one answer that holds a secret, and the only time it is told.
ApiResponse new_key_answer(const NewKey& made, policy::Time now, int status) {
  json::object object = to_json(*made.key, now);
  object["key"] = made.text;
  return success(std::move(object), status);
}

}  // namespace

Answer create_key(Context& context) {
  auto input = Input::of_body(context.request.body);
  if (!input) co_return failure(input.error());
  KeyGrant grant = read_grant(*input);
  if (grant.name.empty()) input->complain("name", "is required");
  if (grant.expires_at && *grant.expires_at <= context.now) {
    input->complain("expires_at", "is in the past");
  }
  if (const auto problem = input->problem()) co_return failure(*problem);

  auto make = [&keys = context.services.keys, grant = std::move(grant), by = context.principal.name,
               now = context.now] { return keys.create(grant, by, now); };
  const auto made = co_await run_blocking(context.services.pool, std::move(make));
  if (!made) co_return failure(key_failure(made.error(), ""));
  co_return new_key_answer(*made, context.now, 201);
}

Answer list_keys(Context& context) {
  auto input = Input::of_query(context.request.query);
  if (!input) co_return failure(input.error());
  const Page page = input->page();
  if (const auto problem = input->problem()) co_return failure(*problem);

  const auto all = context.services.keys.list();
  json::array items;
  for (const auto& key : part_of(all, page)) items.push_back(to_json(*key, context.now));
  co_return listing(std::move(items), static_cast<std::int64_t>(all.size()), page);
}

Answer get_key(Context& context) {
  const auto key = context.services.keys.get(context.param("id"));
  if (!key) co_return failure(not_found("key", context.param("id")));
  co_return success(to_json(*key, context.now));
}

Answer revoke_key(Context& context) {
  const std::string& id = context.param("id");
  auto revoke = [&keys = context.services.keys, id, now = context.now] {
    return keys.revoke(id, now);
  };
  const auto revoked = co_await run_blocking(context.services.pool, std::move(revoke));
  if (!revoked) co_return failure(key_failure(revoked.error(), id));
  co_return success(to_json(**revoked, context.now));
}

Answer rotate_key(Context& context) {
  const std::string& id = context.param("id");
  auto rotate = [&keys = context.services.keys, id, now = context.now] {
    return keys.rotate(id, now);
  };
  const auto made = co_await run_blocking(context.services.pool, std::move(rotate));
  if (!made) co_return failure(key_failure(made.error(), id));
  co_return new_key_answer(*made, context.now, 200);
}

}  // namespace budget::admin
