// What is kept of prices at run time: rows, lists, statements, states.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/answer.h"
#include "admin/price_feed/price_source.h"
#include "admin/state/state_store.h"
#include "pricing/catalog_json.h"

namespace budget::admin {

// How a source does.
struct SourceState {
  std::string name;
  std::string origin;  // format and place: another one's state says nothing
  std::optional<policy::Time> attempted_at;
  std::optional<policy::Time> succeeded_at;
  policy::Time next_at{};  // when it is read again
  std::string error;       // of the last attempt; "" after success
  std::int64_t models = 0;
  std::int64_t skipped = 0;
};

// An operator's price of one model.
struct StatedPrice {
  pricing::Price price;  // provider, model and rates
  std::string by;        // whose key
  std::string reason;
  policy::Time at{};
  std::int64_t version = 0;
};

// Everything in one StateStore: collections price_rows (a provider's rows of
// merges), price_lists (a source's last good list), price_sources and
// price_statements. Each call blocks; thread-safe. What cannot be read again
// (a newer version wrote it) is left alone and counts as absent.
class PriceBook {
 public:
  static constexpr std::string_view rows_collection = "price_rows";
  static constexpr std::string_view lists_collection = "price_lists";
  static constexpr std::string_view sources_collection = "price_sources";
  static constexpr std::string_view statements_collection = "price_statements";

  template <class T>
  using Result = StateStore::Result<T>;

  explicit PriceBook(StateStore& state) : state_(state) {}

  struct Rows {
    pricing::PriceFile file;
    std::map<std::string, StateItem> items;  // by provider, as stored
  };
  [[nodiscard]] Result<Rows> rows();
  // Writes the providers whose rows differ from `before`. Conflict: somebody
  // else wrote meanwhile; some may have been written.
  [[nodiscard]] Result<void> put_rows(const Rows& before, const pricing::PriceFile& after);

  [[nodiscard]] Result<std::optional<pricing::PriceFile>> list_of(const std::string& source);
  [[nodiscard]] Result<void> put_list(const std::string& source, const pricing::PriceFile& list);
  [[nodiscard]] Result<void> forget_list(const std::string& source);

  [[nodiscard]] Result<std::vector<SourceState>> source_states();
  [[nodiscard]] Result<void> put_source_state(const SourceState& state);

  [[nodiscard]] Result<std::vector<StatedPrice>> statements();
  [[nodiscard]] Result<std::optional<StatedPrice>> statement(const std::string& provider,
                                                             const std::string& model);
  [[nodiscard]] Result<std::int64_t> put_statement(const StatedPrice& stated,
                                                   std::optional<std::int64_t> expected);
  [[nodiscard]] Result<bool> erase_statement(const std::string& provider, const std::string& model,
                                             std::optional<std::int64_t> expected);

 private:
  StateStore& state_;
};

}  // namespace budget::admin
