#include "admin/assistant/assistant_line.h"

#include <utility>

namespace budget::admin {
namespace {
constexpr std::string_view id = "assistant";
constexpr std::string_view head = "bk_assistant_";
}  // namespace

AssistantKey::AssistantKey(ViewSource view)
    : view_(std::move(view)),
      text_(std::string(head) + random_hex(32)),
      digest_(digest_of(text_)) {}

std::shared_ptr<const KeyGrant> AssistantKey::find(std::string_view presented) const {
  // Most keys are others': they cost no hash here.
  if (!presented.starts_with(head)) return nullptr;
  if (!equal_in_constant_time(digest_of(presented), digest_)) return nullptr;
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
