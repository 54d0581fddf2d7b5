// A key's grant in JSON: as the API shows and takes it, and as it is stored.
#pragma once

#include "admin/input.h"
#include "admin/key_store.h"

namespace budget::admin {

[[nodiscard]] json::object to_json(const KeyGrant& grant);
// With what is known of its life; nothing of its secret.
[[nodiscard]] json::object to_json(const StoredKey& key, policy::Time now);

// Reads all fields of a grant but its id; notes what is wrong in `input`.
[[nodiscard]] KeyGrant read_grant(Input& input);

}  // namespace budget::admin
