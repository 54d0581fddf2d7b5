#include "admin/assistant/assistant_line.h"

#include <utility>

namespace budget::admin {
namespace {
constexpr std::string_view id = "assistant";
}

AssistantKey::AssistantKey(const KeyDirectory& others, ViewSource view)
    : others_(others),
      view_(std::move(view)),
      text_("bk_" + std::string(id) + "_" + random_hex(32)),
      digest_(digest_of(text_)) {}

std::shared_ptr<const KeyGrant> AssistantKey::find(std::string_view presented,
                                                   policy::Time now) const {
  if (!equal_in_constant_time(digest_of(presented), digest_)) return others_.find(presented, now);
  const auto view = view_();
  if (!view->assistant) return nullptr;
  auto grant = std::make_shared<KeyGrant>();
  grant->id = id;
  grant->name = "the assistant";
  grant->component = view->assistant->component;
  grant->providers = {view->assistant->provider};
  return grant;
}

}  // namespace budget::admin
