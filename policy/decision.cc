#include "policy/decision.h"

namespace budget::policy {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return "allow";
    case Verdict::warn:
      return "warn";
    case Verdict::clamp:
      return "clamp";
    case Verdict::downgrade:
      return "downgrade";
    case Verdict::queue:
      return "queue";
    case Verdict::deny:
      return "deny";
  }
  return "";
}

}  // namespace budget::policy
