// Price files written, and put together.
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <unordered_map>

#include "pricing/catalog_json.h"
#include "pricing/rate.h"

namespace budget::pricing {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string two(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string minute_text(std::chrono::seconds time_of_day) {
  const std::int64_t minutes = time_of_day.count() / 60;
  return two(minutes / 60) + ":" + two(minutes % 60);
}

// "2026-11-24", or "2026-11-24T15:30:12Z" where it is no midnight.
std::string instant_text(std::chrono::sys_seconds instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  std::string text = std::to_string(static_cast<int>(date.year())) + "-" +
                     two(static_cast<unsigned>(date.month())) + "-" +
                     two(static_cast<unsigned>(date.day()));
  const std::chrono::seconds time_of_day = instant - day;
  if (time_of_day.count() == 0) return text;
  return text + "T" + minute_text(time_of_day) + ":" + two(time_of_day.count() % 60) + "Z";
}

std::string_view name_of(ServiceTier tier) {
  switch (tier) {
    case ServiceTier::standard:
      return "standard";
    case ServiceTier::batch:
      return "batch";
    case ServiceTier::flex:
      return "flex";
    case ServiceTier::priority:
      return "priority";
  }
  return "standard";
}

// JSON, of which only texts need care.
class Writer {
 public:
  void raw(std::string_view text) { out_ += text; }
  void text(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
        out_ += escaped;
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }
  // `"name":`, after a comma where it is not the first.
  void key(std::string_view name) {
    if (!out_.ends_with('{')) out_ += ',';
    text(name);
    out_ += ':';
  }
  // Before an element of a list.
  void item() {
    if (!out_.ends_with('[')) out_ += ',';
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void put(Writer& out, const Rates& rates) {
  out.raw("{");
  for (const RateField& field : rate_fields) {
    const Rate& rate = rates.*field.member;
    if (!rate) continue;
    out.key(field.name);
    out.text(field.per_token ? to_usd_per_million(*rate) : to_usd_per_unit(*rate));
  }
  out.raw("}");
}

void put_row(Writer& out, const Price& row, std::size_t source) {
  out.raw("{");
  out.key("source");
  out.raw(std::to_string(source));
  if (row.effective_from) {
    out.key("from");
    out.text(instant_text(*row.effective_from));
  }
  for (const auto& [name, set] : {std::pair<std::string_view, bool>{"verified", row.verified},
                                  {"manual", row.manual},
                                  {"ended", row.ended}}) {
    if (!set) continue;
    out.key(name);
    out.raw("true");
  }
  if (row.daily) {
    out.key("utc");
    out.raw("[");
    out.text(minute_text(row.daily->from));
    out.raw(",");
    out.text(minute_text(row.daily->until));
    out.raw("]");
  }
  out.key("rates");
  put(out, row.rates);
  if (!row.long_context.empty()) {
    out.key("long_context");
    out.raw("[");
    for (const LongContextTier& tier : row.long_context) {
      out.item();
      out.raw(R"({"above":)" + std::to_string(tier.above_input.value()) + R"(,"rates":)");
      put(out, tier.rates);
      out.raw("}");
    }
    out.raw("]");
  }
  if (!row.service_tiers.empty()) {
    out.key("service_tiers");
    out.raw("{");
    for (const ServiceTierRates& tier : row.service_tiers) {
      out.key(name_of(tier.tier));
      put(out, tier.rates);
    }
    out.raw("}");
  }
  out.raw("}");
}

void put_names(Writer& out, std::string_view key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  out.key(key);
  out.raw("[");
  for (const std::string& name : names) {
    out.item();
    out.text(name);
  }
  out.raw("]");
}

using Sources = std::vector<std::string>;

std::size_t number_of(const Sources& sources, const std::string& source) {
  return static_cast<std::size_t>(std::ranges::find(sources, source) - sources.begin());
}

void put_model(Writer& out, const ModelEntry& model, const Sources& sources) {
  out.raw("{");
  out.key("model");
  out.text(model.name);
  if (model.label) {
    out.key("label");
    out.raw("true");
  }
  if (model.verified) {
    out.key("verified");
    out.raw(*model.verified ? "true" : "false");
  }
  put_names(out, "aliases", model.aliases);
  put_names(out, "families", model.families);
  if (!model.rows.empty()) {
    const Price& last = model.rows.back();
    for (const auto& [key, tokens] : {std::pair{"context_window", last.context_window},
                                      std::pair{"max_output", last.max_output}}) {
      if (!tokens) continue;
      out.key(key);
      out.raw(std::to_string(tokens->value()));
    }
    if (last.cache_on_request) {
      out.key("cache_on_request");
      out.raw("true");
    }
  }
  out.key("rows");
  out.raw("[");
  for (const Price& row : model.rows) {
    out.item();
    put_row(out, row, number_of(sources, row.source));
  }
  out.raw("]}");
}

}  // namespace

void name_rows(ModelEntry& model, std::string_view undated) {
  int same = 0;
  for (std::size_t i = 0; i < model.rows.size(); ++i) {
    Price& row = model.rows[i];
    row.id = row.provider + "/" + row.model + "@";
    if (row.effective_from) {
      row.id += instant_text(*row.effective_from);
    } else {
      row.id += model.rows.back().effective_from ? "start" : undated;
    }
    if (row.daily) row.id += "T" + minute_text(row.daily->from);
    const bool again = i > 0 && !row.daily && row.effective_from &&
                       row.effective_from == model.rows[i - 1].effective_from;
    same = again ? same + 1 : 0;
    if (again) row.id += "." + std::to_string(same + 1);
  }
}

std::string write_price_file(const PriceFile& file) {
  Sources sources;
  for (const ProviderEntry& provider : file.providers) {
    for (const ModelEntry& model : provider.models) {
      for (const Price& row : model.rows) {
        if (std::ranges::find(sources, row.source) == sources.end()) sources.push_back(row.source);
      }
    }
  }
  Writer out;
  out.raw(R"({"format":1)");
  out.key("date");
  out.text(file.date);
  out.key("sources");
  out.raw("[");
  for (const std::string& source : sources) {
    out.item();
    out.text(source);
  }
  out.raw("]");
  out.key("providers");
  out.raw("[");
  for (const ProviderEntry& provider : file.providers) {
    out.item();
    out.raw("{");
    out.key("id");
    out.text(provider.id);
    put_names(out, "hosts", provider.hosts);
    put_names(out, "names", provider.names);
    out.key("models");
    out.raw("[");
    for (const ModelEntry& model : provider.models) {
      out.item();
      out.raw("\n");
      put_model(out, model, sources);
    }
    out.raw("]}");
  }
  out.raw("]}");
  return out.take();
}

void add_rows(PriceFile& file, PriceFile additions) {
  for (ProviderEntry& added : additions.providers) {
    auto provider = std::ranges::find(file.providers, added.id, &ProviderEntry::id);
    if (provider == file.providers.end()) {
      file.providers.push_back({.id = added.id, .hosts = {}, .names = {}, .models = {}});
      provider = std::prev(file.providers.end());
    }
    std::unordered_map<std::string, std::size_t> known;
    for (std::size_t i = 0; i < provider->models.size(); ++i) {
      if (!provider->models[i].label) known.emplace(lower(provider->models[i].name), i);
    }
    for (ModelEntry& model : added.models) {
      const auto at = known.find(lower(model.name));
      if (at == known.end()) {
        if (model.rows.empty()) continue;
        if (model.verified) model.rows.back().verified = *model.verified;
        provider->models.push_back(std::move(model));
        continue;
      }
      std::vector<Price>& rows = provider->models[at->second].rows;
      for (Price& row : model.rows) {
        const auto behind =
            std::ranges::upper_bound(rows, row.effective_from, {}, &Price::effective_from);
        rows.insert(behind, std::move(row));
      }
      if (model.verified) rows.back().verified = *model.verified;
    }
  }
}

}  // namespace budget::pricing
