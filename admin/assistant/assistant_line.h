// How the assistant reaches its model: through this proxy, like anybody.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "admin/http_client.h"
#include "admin/keys.h"
#include "admin/secret.h"
#include "admin/view.h"

namespace budget::admin {

// A proxy key of this process's own, which pins the assistant's component, so
// that its calls are metered and held to budgets as anybody's. It is made
// anew at each start, kept nowhere and told to nobody but the proxy itself.
// Thread-safe.
class AssistantKey {
 public:
  // What `view` refers to must outlive this.
  explicit AssistantKey(ViewSource view);
  // nullptr: another key, or there is no assistant.
  [[nodiscard]] std::shared_ptr<const KeyGrant> find(std::string_view presented) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  ViewSource view_;
  std::string text_;
  Digest digest_;
};

struct AssistantLine {
  HttpClient* http = nullptr;
  std::function<std::string()> own_url;
  const AssistantKey* key = nullptr;
  boost::asio::thread_pool* pool = nullptr;  // a model takes its time: not the one of the store
};

}  // namespace budget::admin
