// OpenAI's table of which encoding a model uses.
#include <array>
#include <string_view>

#include "pricing/tokens/count.h"

namespace budget::pricing {
namespace {

struct Row {
  std::string_view name;
  Encoding encoding;
  // What may follow the name: "o1" covers "o1-mini", but not "o100".
  std::string_view followers;
};

constexpr std::string_view alone;
constexpr std::string_view family = "-:";

// After openai/tiktoken, tiktoken/model.py (as of 2026-10: "gpt-5" is a prefix
// there, so later versions of it are o200k_base), and, for models that table
// leaves out, their family. gpt-oss and other o200k_harmony models encode
// ordinary text exactly as o200k_base does. Models of the p50k, r50k and gpt2
// encodings are not served any more and are left out. The first that fits wins.
constexpr std::array rows = {
    Row{"gpt-5", Encoding::o200k_base, "-:."},
    Row{"gpt-4o", Encoding::o200k_base, family},
    Row{"chatgpt-4o", Encoding::o200k_base, family},
    Row{"gpt-4.1", Encoding::o200k_base, family},
    Row{"gpt-4.5", Encoding::o200k_base, family},
    Row{"o1", Encoding::o200k_base, family},
    Row{"o3", Encoding::o200k_base, family},
    Row{"o4-mini", Encoding::o200k_base, family},
    Row{"codex-mini", Encoding::o200k_base, family},
    Row{"computer-use-preview", Encoding::o200k_base, family},
    Row{"gpt-oss", Encoding::o200k_base, family},
    Row{"gpt-4", Encoding::cl100k_base, family},
    Row{"gpt-3.5", Encoding::cl100k_base, family},
    Row{"gpt-3.5-turbo", Encoding::cl100k_base, family},
    Row{"gpt-35-turbo", Encoding::cl100k_base, family},  // Azure's name
    Row{"text-embedding-3-small", Encoding::cl100k_base, alone},
    Row{"text-embedding-3-large", Encoding::cl100k_base, alone},
    Row{"text-embedding-ada-002", Encoding::cl100k_base, alone},
    Row{"davinci-002", Encoding::cl100k_base, family},
    Row{"babbage-002", Encoding::cl100k_base, family},
};

bool fits(const Row& row, std::string_view model) {
  if (!model.starts_with(row.name)) return false;
  if (model.size() == row.name.size()) return true;
  return row.followers.find(model[row.name.size()]) != std::string_view::npos;
}

}  // namespace

std::optional<Encoding> encoding_of(std::string_view model) {
  if (model.starts_with("openai/")) model.remove_prefix(7);
  if (model.starts_with("ft:")) model.remove_prefix(3);
  for (const auto& row : rows) {
    if (fits(row, model)) return row.encoding;
  }
  return std::nullopt;
}

}  // namespace budget::pricing
