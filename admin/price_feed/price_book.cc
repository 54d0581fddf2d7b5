#include "admin/price_feed/price_book.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "admin/time_text.h"
#include "policy/rfc3339.h"

namespace budget::admin {
namespace {

// A file's own day is of no use here, for every row has its second.
constexpr std::string_view some_day = "2000-01-01";

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(std::string_view(value->get_string()))
                                                : std::string();
}

std::int64_t number_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::optional<policy::Time> time_in(const json::object& object, std::string_view name) {
  const std::string text = text_in(object, name);
  if (text.empty()) return std::nullopt;
  return parse_time(text);
}

std::optional<json::object> object_of(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string body_of(const pricing::PriceFile& file) {
  pricing::PriceFile dated = file;
  dated.date = some_day;
  return pricing::write_price_file(dated);
}

std::string statement_id(const std::string& provider, std::string model) {
  for (char& c : model) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return provider + "/" + model;
}

pricing::PriceFile file_of(const pricing::Price& price) {
  pricing::PriceFile file;
  file.date = some_day;
  pricing::ModelEntry entry;
  entry.name = price.model;
  entry.rows.push_back(price);
  pricing::ProviderEntry provider;
  provider.id = price.provider;
  provider.models.push_back(std::move(entry));
  file.providers.push_back(std::move(provider));
  return file;
}

std::optional<StatedPrice> statement_of(const StateItem& item) {
  const auto object = object_of(item.body);
  if (!object) return std::nullopt;
  auto file = pricing::read_price_file(text_in(*object, "price"));
  if (!file || file->providers.empty() || file->providers[0].models.empty() ||
      file->providers[0].models[0].rows.empty()) {
    return std::nullopt;
  }
  StatedPrice stated;
  stated.price = std::move(file->providers[0].models[0].rows.back());
  stated.by = text_in(*object, "by");
  stated.reason = text_in(*object, "reason");
  stated.at = time_in(*object, "at").value_or(policy::Time{});
  stated.version = item.version;
  return stated;
}

}  // namespace

PriceBook::Result<PriceBook::Rows> PriceBook::rows() {
  auto items = state_.list(rows_collection);
  if (!items) return std::unexpected(items.error());
  Rows rows;
  rows.file.date = some_day;
  for (StateItem& item : *items) {
    auto file = pricing::read_price_file(item.body);
    if (file) {
      for (pricing::ProviderEntry& provider : file->providers) {
        rows.file.providers.push_back(std::move(provider));
      }
    }
    std::string provider = item.id;
    rows.items.emplace(std::move(provider), std::move(item));
  }
  return rows;
}

PriceBook::Result<void> PriceBook::put_rows(const Rows& before, const pricing::PriceFile& after) {
  for (const pricing::ProviderEntry& provider : after.providers) {
    pricing::PriceFile file;
    file.providers.push_back(provider);
    const std::string body = body_of(file);
    const auto known = before.items.find(provider.id);
    if (known != before.items.end() && known->second.body == body) continue;
    const std::int64_t version = known == before.items.end() ? 0 : known->second.version;
    const auto put = state_.put(rows_collection, provider.id, body, version);
    if (!put) return std::unexpected(put.error());
  }
  return {};
}

PriceBook::Result<std::optional<pricing::PriceFile>> PriceBook::list_of(const std::string& source) {
  const auto item = state_.get(lists_collection, source);
  if (!item) return std::unexpected(item.error());
  if (!*item) return std::nullopt;
  auto file = pricing::read_price_file((*item)->body);
  if (!file) return std::nullopt;
  return std::move(*file);
}

PriceBook::Result<void> PriceBook::put_list(const std::string& source,
                                            const pricing::PriceFile& list) {
  const std::string body = body_of(list);
  const auto known = state_.get(lists_collection, source);
  if (!known) return std::unexpected(known.error());
  if (*known && (*known)->body == body) return {};
  const auto put = state_.put(lists_collection, source, body, std::nullopt);
  if (!put) return std::unexpected(put.error());
  return {};
}

PriceBook::Result<void> PriceBook::forget_list(const std::string& source) {
  const auto erased = state_.erase(lists_collection, source, std::nullopt);
  if (!erased) return std::unexpected(erased.error());
  return {};
}

PriceBook::Result<std::vector<SourceState>> PriceBook::source_states() {
  const auto items = state_.list(sources_collection);
  if (!items) return std::unexpected(items.error());
  std::vector<SourceState> states;
  for (const StateItem& item : *items) {
    const auto object = object_of(item.body);
    if (!object) continue;
    SourceState state;
    state.name = item.id;
    state.origin = text_in(*object, "origin");
    state.attempted_at = time_in(*object, "attempted_at");
    state.succeeded_at = time_in(*object, "succeeded_at");
    state.next_at = time_in(*object, "next_at").value_or(policy::Time{});
    state.error = text_in(*object, "error");
    state.models = number_in(*object, "models");
    state.skipped = number_in(*object, "skipped");
    states.push_back(std::move(state));
  }
  return states;
}

PriceBook::Result<void> PriceBook::put_source_state(const SourceState& state) {
  json::object object{{"origin", state.origin},
                      {"next_at", policy::rfc3339(state.next_at)},
                      {"error", state.error},
                      {"models", state.models},
                      {"skipped", state.skipped}};
  if (state.attempted_at) object["attempted_at"] = policy::rfc3339(*state.attempted_at);
  if (state.succeeded_at) object["succeeded_at"] = policy::rfc3339(*state.succeeded_at);
  const auto put =
      state_.put(sources_collection, state.name, json::serialize(object), std::nullopt);
  if (!put) return std::unexpected(put.error());
  return {};
}

PriceBook::Result<std::vector<StatedPrice>> PriceBook::statements() {
  const auto items = state_.list(statements_collection);
  if (!items) return std::unexpected(items.error());
  std::vector<StatedPrice> all;
  for (const StateItem& item : *items) {
    if (auto stated = statement_of(item)) all.push_back(std::move(*stated));
  }
  return all;
}

PriceBook::Result<std::optional<StatedPrice>> PriceBook::statement(const std::string& provider,
                                                                   const std::string& model) {
  const auto item = state_.get(statements_collection, statement_id(provider, model));
  if (!item) return std::unexpected(item.error());
  if (!*item) return std::nullopt;
  return statement_of(**item);
}

PriceBook::Result<std::int64_t> PriceBook::put_statement(const StatedPrice& stated,
                                                         std::optional<std::int64_t> expected) {
  const json::object object{{"price", pricing::write_price_file(file_of(stated.price))},
                            {"by", stated.by},
                            {"reason", stated.reason},
                            {"at", policy::rfc3339(stated.at)}};
  return state_.put(statements_collection, statement_id(stated.price.provider, stated.price.model),
                    json::serialize(object), expected);
}

PriceBook::Result<bool> PriceBook::erase_statement(const std::string& provider,
                                                   const std::string& model,
                                                   std::optional<std::int64_t> expected) {
  return state_.erase(statements_collection, statement_id(provider, model), expected);
}

}  // namespace budget::admin
