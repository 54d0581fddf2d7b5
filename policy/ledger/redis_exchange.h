// Questions on a stream that nobody else uses yet.
#pragma once

#include <string>
#include <vector>

#include "policy/ledger/redis_codec.h"
#include "policy/ledger/redis_stream.h"

namespace budget::ledger {

// Sends commands, as redis_command() writes them, and returns their replies in
// order; one that is an error ends it. The error is one sentence. Closes the
// stream when the time is up. Both must stay until it has returned.
RedisAwaitable<std::vector<RedisReply>> ask_redis(RedisStream& stream, RedisReader& reader,
                                                  std::vector<std::string> commands,
                                                  Deadline deadline);

}  // namespace budget::ledger
