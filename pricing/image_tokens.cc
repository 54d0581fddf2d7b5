#include "pricing/image_tokens.h"

#include <algorithm>
#include <array>

namespace budget::pricing {
namespace {

std::int64_t divided_up(std::int64_t dividend, std::int64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

bool size_known(const ImagePart& image) {
  return image.width > 0 && image.height > 0;
}

std::int64_t squares(std::int64_t width, std::int64_t height, std::int64_t side) {
  return divided_up(width, side) * divided_up(height, side);
}

struct OpenAiRule {
  std::string_view prefix;
  // Tiles: a base and so much a tile. Patches (base == 0): at most `budget`,
  // each `per_unit` hundredths of a token.
  std::int64_t base;
  std::int64_t per_unit;
  std::int64_t budget;
};

// The first prefix that fits wins. The last row is for models that are newer
// than this table: the largest budget and factor that OpenAI has for patches.
constexpr std::array openai_rules = {
    OpenAiRule{"gpt-4o-mini", 2833, 5667, 0},
    OpenAiRule{"gpt-4.1-mini", 0, 162, 1536},
    OpenAiRule{"gpt-4.1-nano", 0, 246, 1536},
    OpenAiRule{"o4-mini", 0, 172, 1536},
    OpenAiRule{"codex-mini", 0, 172, 1536},
    OpenAiRule{"gpt-5-mini", 0, 162, 1536},
    OpenAiRule{"gpt-5-nano", 0, 246, 1536},
    OpenAiRule{"gpt-5.", 0, 246, 10'000},
    OpenAiRule{"gpt-5", 70, 140, 0},
    OpenAiRule{"gpt-4", 85, 170, 0},
    OpenAiRule{"chatgpt-4o", 85, 170, 0},
    OpenAiRule{"o1", 75, 150, 0},
    OpenAiRule{"o3", 75, 150, 0},
    OpenAiRule{"computer-use-preview", 65, 129, 0},
    OpenAiRule{"", 0, 246, 10'000},
};

const OpenAiRule& openai_rule(std::string_view model) {
  if (model.starts_with("openai/")) model.remove_prefix(7);
  if (model.starts_with("ft:")) model.remove_prefix(3);
  return *std::find_if(openai_rules.begin(), openai_rules.end(),
                       [&](const OpenAiRule& rule) { return model.starts_with(rule.prefix); });
}

// Tiles of 512 px after shrinking to fit 2,048 × 2,048 and then to a short side
// of 768 at most.
std::int64_t openai_tiles(const ImagePart& image) {
  if (!size_known(image)) return 8;
  std::int64_t longer = std::max(image.width, image.height);
  std::int64_t shorter = std::min(image.width, image.height);
  if (longer > 2048 && 2048 * shorter <= 768 * longer) {
    shorter = divided_up(shorter * 2048, longer);
    longer = 2048;
  } else if (shorter > 768) {
    longer = divided_up(longer * 768, shorter);
    shorter = 768;
  }
  return squares(longer, shorter, 512);
}

std::int64_t openai_tokens(const ImagePart& image, std::string_view model) {
  const OpenAiRule& rule = openai_rule(model);
  if (rule.base > 0) {
    return rule.base + (image.low_detail ? 0 : rule.per_unit * openai_tiles(image));
  }
  // Low detail was not seen to lower the count of these models.
  const std::int64_t patches = size_known(image)
                                   ? std::min(squares(image.width, image.height, 32), rule.budget)
                                   : rule.budget;
  return divided_up(patches * rule.per_unit, 100);
}

std::int64_t anthropic_tokens(const ImagePart& image) {
  constexpr std::int64_t most = 4784;
  if (!size_known(image)) return most;
  const std::int64_t by_area = divided_up(std::int64_t{image.width} * image.height, 750);
  return std::min(std::max(by_area, squares(image.width, image.height, 28)), most);
}

std::int64_t google_tokens(const ImagePart& image) {
  constexpr std::int64_t tile = 258;
  constexpr std::int64_t media_resolution_most = 2240;
  if (!size_known(image)) return 16 * tile;
  const std::int64_t shorter = std::min(image.width, image.height);
  const std::int64_t side = std::clamp<std::int64_t>(shorter * 2 / 3, 256, 768);
  return std::max(tile * squares(image.width, image.height, side), media_resolution_most);
}

std::int64_t unpublished_tokens(const ImagePart& image) {
  constexpr std::int64_t most = 16'384;
  return size_known(image) ? std::min(squares(image.width, image.height, 16), most) : most;
}

}  // namespace

std::int64_t image_tokens(const ImagePart& image, Vendor vendor, std::string_view model) {
  switch (vendor) {
    case Vendor::openai:
      return openai_tokens(image, model);
    case Vendor::anthropic:
      return anthropic_tokens(image);
    case Vendor::google:
      return google_tokens(image);
    case Vendor::other:
      break;
  }
  return unpublished_tokens(image);
}

}  // namespace budget::pricing
