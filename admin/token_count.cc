#include "admin/token_count.h"

#include "pricing/tokens/count.h"

namespace budget::admin {

pricing::Vendor vendor_of(const std::string& model) {
  if (pricing::encoding_of(model)) return pricing::Vendor::openai;
  if (model.contains("claude")) return pricing::Vendor::anthropic;
  if (model.contains("gemini")) return pricing::Vendor::google;
  return pricing::Vendor::other;
}

}  // namespace budget::admin
