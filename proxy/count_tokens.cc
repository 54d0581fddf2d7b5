#include "proxy/count_tokens.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "pricing/tokens/count.h"

namespace budget {
namespace {

std::optional<pricing::Encoding> chosen_encoding(const CountTokensOptions& options) {
  if (!options.encoding.empty()) return pricing::encoding_named(options.encoding);
  if (!options.model.empty()) return pricing::encoding_of(options.model);
  return pricing::Encoding::o200k_base;
}

std::optional<std::string> read_input(const std::string& file) {
  if (file.empty() || file == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void print_ids(const std::vector<std::uint32_t>& ids, const char* separator) {
  for (std::size_t i = 0; i < ids.size(); ++i) std::printf("%s%u", i ? separator : "", ids[i]);
}

}  // namespace

int count_tokens(const CountTokensOptions& options) {
  const auto encoding = chosen_encoding(options);
  if (!encoding && !options.encoding.empty()) {
    std::fprintf(stderr, "budget: no encoding '%s'; there are o200k_base and cl100k_base\n",
                 options.encoding.c_str());
    return 2;
  }
  if (!encoding) {
    std::fprintf(stderr, "budget: the tokenizer of '%s' is not known; choose one with --encoding\n",
                 options.model.c_str());
    return 1;
  }
  const auto text = read_input(options.file);
  if (!text) {
    std::fprintf(stderr, "budget: cannot read '%s'\n", options.file.c_str());
    return 1;
  }
  const auto ids = options.ids ? pricing::encode(*encoding, *text) : std::vector<std::uint32_t>{};
  const auto tokens = pricing::count_tokens(*encoding, *text).value();
  if (options.format == "json") {
    std::printf("{\"tokens\":%lld,\"encoding\":\"%s\",\"bytes\":%zu",
                static_cast<long long>(tokens), std::string(pricing::name_of(*encoding)).c_str(),
                text->size());
    if (options.ids) {
      std::printf(",\"ids\":[");
      print_ids(ids, ",");
      std::printf("]");
    }
    std::printf("}\n");
  } else if (options.ids) {
    print_ids(ids, " ");
    std::printf("\n");
  } else {
    std::printf("%lld\n", static_cast<long long>(tokens));
  }
  return 0;
}

}  // namespace budget
