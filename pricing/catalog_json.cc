#include "pricing/catalog_json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "pricing/rate.h"

namespace budget::pricing {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr int format_known = 1;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Reads one file. The first mistake ends the reading: every method answers
// false from then on, and `error` says what and where.
class Reader {
 public:
  bool read(std::string_view json, PriceFile& out);
  [[nodiscard]] std::string error() const {
    return place_.empty() ? error_ : place_ + ": " + error_;
  }

 private:
  bool read_provider(element from, ProviderEntry& out);
  bool read_model(object from, const std::string& provider, ModelEntry& out);
  bool read_row(object from, Price& out);
  bool read_tiers(object from, Price& out);
  bool read_rates(element from, Rates& out);
  bool read_window(element from, Price& out);
  bool read_names(element from, std::vector<std::string>& out);
  bool finish_rows(ModelEntry& model);
  bool fail(std::string why) {
    error_ = std::move(why);
    return false;
  }

  std::string place_;
  std::string error_;
  std::string date_;
  std::vector<std::string> sources_;
};

std::optional<int> digits_of(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  const char* first = text.data() + at;
  const auto [end, problem] = std::from_chars(first, first + count, value);
  if (problem != std::errc{} || end != first + count) return std::nullopt;
  return value;
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits_of(text, 0, 4);
  const auto month = digits_of(text, 5, 2);
  const auto day = digits_of(text, 8, 2);
  if (!year || !month || !day || *month < 0 || *day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::seconds> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = digits_of(text, 0, 2);
  const auto minute = digits_of(text, 3, 2);
  if (!hour || !minute || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59) {
    return std::nullopt;
  }
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute);
}

// "2026-11-24", or "2026-11-24T15:30:12Z".
std::optional<std::chrono::sys_seconds> parse_instant(std::string_view text) {
  const auto day = parse_day(text.substr(0, 10));
  if (!day || text.size() == 10) return day;
  if (text.size() != 20 || text[10] != 'T' || text[16] != ':' || text[19] != 'Z') {
    return std::nullopt;
  }
  const auto minute = parse_minute(text.substr(11, 5));
  const auto second = digits_of(text, 17, 2);
  if (!minute || !second || *second < 0 || *second > 59) return std::nullopt;
  return *day + *minute + std::chrono::seconds(*second);
}

std::optional<ServiceTier> parse_tier(std::string_view name) {
  if (name == "batch") return ServiceTier::batch;
  if (name == "flex") return ServiceTier::flex;
  if (name == "priority") return ServiceTier::priority;
  return std::nullopt;
}

bool Reader::read_rates(element from, Rates& out) {
  object rates;
  if (from.get(rates)) return fail("rates: not an object");
  for (const auto& [key, value] : rates) {
    const auto* field = std::ranges::find(rate_fields, key, &RateField::name);
    if (field == std::end(rate_fields)) return fail("unknown rate '" + std::string(key) + "'");
    std::string_view text;
    if (value.get(text)) return fail(std::string(key) + ": not a string");
    const auto rate = field->per_token ? parse_rate_per_million(text) : parse_rate_per_unit(text);
    if (!rate) {
      return fail(std::string(key) + ": '" + std::string(text) + "' is not a price in USD");
    }
    out.*field->member = rate;
  }
  return true;
}

bool Reader::read_names(element from, std::vector<std::string>& out) {
  array names;
  if (from.get(names)) return fail("names: not a list");
  for (const element& name : names) {
    std::string_view text;
    if (name.get(text) || text.empty()) return fail("names: not a list of names");
    out.push_back(lower(text));
  }
  return true;
}

bool Reader::read_window(element from, Price& out) {
  std::string_view start;
  std::string_view end;
  if (from.at(0).get(start) || from.at(1).get(end)) return fail("utc: not two times");
  const auto from_time = parse_minute(start);
  const auto until_time = parse_minute(end);
  if (!from_time || !until_time) return fail("utc: not times like 16:30");
  out.daily = DailyWindow{*from_time, *until_time};
  return true;
}

bool Reader::read_tiers(object from, Price& out) {
  array lengths;
  if (!from["long_context"].get(lengths)) {
    for (const element& length : lengths) {
      std::int64_t above = 0;
      if (length["above"].get(above) || above < 0) return fail("long_context: no number 'above'");
      element rates;
      if (length["rates"].get(rates)) return fail("long_context: no rates");
      out.long_context.push_back({Tokens(above), {}});
      if (!read_rates(rates, out.long_context.back().rates)) return false;
    }
    if (!std::ranges::is_sorted(out.long_context, {}, &LongContextTier::above_input)) {
      return fail("long_context: not ascending");
    }
  }
  object tiers;
  if (!from["service_tiers"].get(tiers)) {
    for (const auto& [name, rates] : tiers) {
      const auto tier = parse_tier(name);
      if (!tier) return fail("unknown service tier '" + std::string(name) + "'");
      out.service_tiers.push_back({*tier, {}});
      if (!read_rates(rates, out.service_tiers.back().rates)) return false;
    }
  }
  return true;
}

bool Reader::read_row(object from, Price& out) {
  std::uint64_t source = 0;
  if (from["source"].get(source) || source >= sources_.size()) return fail("no such source");
  out.source = sources_[source];
  std::string_view day;
  if (!from["from"].get(day)) {
    out.effective_from = parse_instant(day);
    if (!out.effective_from) return fail("from: '" + std::string(day) + "' is not a date");
  }
  bool flag = false;
  if (!from["verified"].get(flag)) out.verified = flag;
  if (!from["manual"].get(flag)) out.manual = flag;
  if (!from["ended"].get(flag)) out.ended = flag;
  if (out.ended) return true;
  element rates;
  if (from["rates"].get(rates)) return fail("no rates");
  if (!read_rates(rates, out.rates) || !read_tiers(from, out)) return false;
  const Rates& r = out.rates;
  if (!r.input && !r.output && !r.image && !r.audio_second && !r.character && !r.request) {
    return fail("neither tokens nor anything else has a price");
  }
  // Nothing is free by omission: both have to be stated as zero.
  out.free = r.input == 0 && r.output == 0 &&
             std::ranges::none_of(rate_fields, [&r](const RateField& field) {
               return (r.*field.member).value_or(0) != 0;
             });
  element window;
  if (!from["utc"].get(window) && !read_window(window, out)) return false;
  return true;
}

// Checks the order of the rows and names them.
bool Reader::finish_rows(ModelEntry& model) {
  if (model.rows.empty() && !model.verified) return fail("no rows");
  for (std::size_t i = 0; i < model.rows.size(); ++i) {
    const Price& row = model.rows[i];
    if (i == 0 && row.daily) return fail("a daily window without a price to vary");
    if (i > 0 && row.effective_from < model.rows[i - 1].effective_from) {
      return fail("rows are not ascending in time");
    }
  }
  name_rows(model, date_);
  return true;
}

bool Reader::read_model(object from, const std::string& provider, ModelEntry& out) {
  std::string_view name;
  if (from["model"].get(name) || name.empty()) return fail("a model without a name");
  place_ = provider + "/" + std::string(name);
  out.name = name;
  bool flag = false;
  if (!from["label"].get(flag)) out.label = flag;
  if (!from["verified"].get(flag)) out.verified = flag;
  element names;
  if (!from["aliases"].get(names) && !read_names(names, out.aliases)) return false;
  if (!from["families"].get(names) && !read_names(names, out.families)) return false;
  Price shared;
  shared.provider = provider;
  shared.model = name;
  if (!from["cache_on_request"].get(flag)) shared.cache_on_request = flag;
  std::int64_t tokens = 0;
  if (!from["context_window"].get(tokens)) shared.context_window = Tokens(tokens);
  if (!from["max_output"].get(tokens)) shared.max_output = Tokens(tokens);
  array rows;
  if (from["rows"].get(rows)) return fail("no rows");
  for (const element& row : rows) {
    object fields;
    if (row.get(fields)) return fail("a row that is no object");
    out.rows.push_back(shared);
    if (!read_row(fields, out.rows.back())) return false;
  }
  return finish_rows(out);
}

bool Reader::read_provider(element from, ProviderEntry& out) {
  std::string_view id;
  if (from["id"].get(id) || id.empty()) return fail("a provider without an id");
  out.id = lower(id);
  place_ = out.id;
  element names;
  if (!from["hosts"].get(names) && !read_names(names, out.hosts)) return false;
  if (!from["names"].get(names) && !read_names(names, out.names)) return false;
  array models;
  if (from["models"].get(models)) return fail("no models");
  out.models.reserve(models.size());
  for (const element& model : models) {
    object fields;
    if (model.get(fields)) return fail("a model that is no object");
    out.models.emplace_back();
    if (!read_model(fields, out.id, out.models.back())) return false;
  }
  return true;
}

bool Reader::read(std::string_view json, PriceFile& out) {
  simdjson::dom::parser parser;
  element root;
  if (const auto problem = parser.parse(json.data(), json.size()).get(root)) {
    return fail(std::string("not JSON: ") + simdjson::error_message(problem));
  }
  std::int64_t format = 0;
  if (root["format"].get(format) || format != format_known) {
    return fail("not a price file of format " + std::to_string(format_known));
  }
  std::string_view date;
  if (root["date"].get(date) || !parse_day(date)) return fail("no date");
  date_ = out.date = date;
  array list;
  if (root["sources"].get(list)) return fail("no sources");
  for (const element& source : list) {
    std::string_view text;
    if (source.get(text)) return fail("sources: not a list of names");
    sources_.emplace_back(text);
  }
  if (root["providers"].get(list)) return fail("no providers");
  for (const element& provider : list) {
    out.providers.emplace_back();
    if (!read_provider(provider, out.providers.back())) return false;
  }
  return true;
}

}  // namespace

std::expected<PriceFile, std::string> read_price_file(std::string_view json) {
  Reader reader;
  PriceFile file;
  if (!reader.read(json, file)) return std::unexpected(reader.error());
  return file;
}

}  // namespace budget::pricing
