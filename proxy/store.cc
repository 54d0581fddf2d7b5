#include "proxy/store.h"

#include "proxy/store_embedded.h"
#include "proxy/store_redis.h"

namespace budget {

std::expected<std::unique_ptr<Store>, std::string> open_store(const Config& config,
                                                              const policy::Clock& clock,
                                                              const Log& log) {
  if (config.store.kind == StoreConfig::Kind::redis) return open_redis_store(config, log);
  return open_embedded_store(config, clock, log);
}

}  // namespace budget
