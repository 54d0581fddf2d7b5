// Idempotency-Key: a request that is sent again is answered as it was, and done
// once, on whichever replica.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "admin/answer.h"
#include "admin/state/state_store.h"

namespace budget::admin {

// A request as far as it must be the same: whose, to where, with what.
struct RepeatableRequest {
  std::string who;
  std::string method;
  std::string path;
  std::string key;   // as the client chose it
  std::string body;  // with the query
};

// Thread-safe; blocks on the store.
class Idempotency {
 public:
  static constexpr std::size_t key_bytes_max = 255;
  static constexpr std::chrono::hours kept{24};

  explicit Idempotency(StateStore& store) : store_(store) {}

  // What to answer without doing anything: the earlier answer, or a failure
  // (the key was used for another request, the first is still being answered,
  // the store is away). nullopt: it is this one's to do, and end() must follow.
  std::optional<ApiResponse> begin(const RepeatableRequest& request, policy::Time now);
  // Keeps the answer of a request that was done; one that failed may be tried
  // again under its key. `secret`: the answer is not kept, only that there was
  // one.
  void end(const RepeatableRequest& request, const ApiResponse& response, bool secret,
           policy::Time now);

 private:
  void sweep(policy::Time now);

  StateStore& store_;
};

}  // namespace budget::admin
