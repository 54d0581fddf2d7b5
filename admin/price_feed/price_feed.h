// Prices that change while the program runs.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/alerts/alert.h"
#include "admin/background.h"
#include "admin/events.h"
#include "admin/http_client.h"
#include "admin/price_feed/price_book.h"
#include "admin/view.h"
#include "pricing/price_merge.h"

namespace budget::admin {

// Called with every new catalog, on a thread that may be any; must not block.
using CatalogSink = std::function<void(std::shared_ptr<const pricing::Catalog>)>;

// All that is referred to must outlive the feed's close().
struct PriceFeedOptions {
  const policy::Clock& clock;
  StateStore& state;
  EventSink& events;
  HttpClient* http = nullptr;   // null: sources with a URL cannot be read
  AlertSink* alerts = nullptr;  // null: nobody is told
  ViewSource view;              // its sources, tolerance and providers are read each time
  CatalogSink publish;
};

struct SourceReport {
  std::string name;
  std::string error;  // "" when it was read
  std::int64_t models = 0;
  std::int64_t skipped = 0;
};

struct PriceUpdate {
  std::vector<SourceReport> sources;  // that were read
  std::vector<pricing::PriceChange> changes;
  std::vector<pricing::PriceConflict> conflicts;
  std::int64_t compared = 0;
};

// Reads price sources when their time has come, of all replicas one for each
// source, merges them into rows in the StateStore, and makes the catalog that
// calls are priced by of the shipped one and those rows. Every replica does the
// last on its own when the rows have changed. A source that cannot be read, or
// holds no list, changes nothing: its last good list goes on counting.
//
// Thread-safe. Members that are said to block do so for as long as the store,
// and those that fetch for as long as a source takes.
class PriceFeed {
 public:
  explicit PriceFeed(PriceFeedOptions options);
  ~PriceFeed();
  PriceFeed(const PriceFeed&) = delete;
  PriceFeed& operator=(const PriceFeed&) = delete;

  // Makes the catalog of what is stored; needs no view yet. Blocks.
  std::expected<void, StateError> load();
  // Begins to read sources; load() before it.
  void start(Background::OnError on_error);
  // Rows were written by somebody, or the view is another. Does not block.
  void wake();
  // Waits for what is under way. Idempotent.
  void close();

  // The latest catalog; null where nothing was stored.
  [[nodiscard]] std::shared_ptr<const pricing::Catalog> catalog() const;
  // How the configured sources do, as last known here.
  [[nodiscard]] std::vector<SourceState> sources() const;

  // Reads all sources, or the one named `only`, now. Blocks.
  [[nodiscard]] std::expected<PriceUpdate, StateError> update(const std::string& only);

  // States a price, or takes it back (false: none was stated). `expected` as
  // StateStore has it. In force when it returns, on this replica. Blocks.
  [[nodiscard]] std::expected<std::int64_t, StateError> state_price(
      const StatedPrice& stated, std::optional<std::int64_t> expected);
  [[nodiscard]] std::expected<bool, StateError> take_back(const std::string& provider,
                                                          const std::string& model,
                                                          std::optional<std::int64_t> expected);
  [[nodiscard]] std::expected<std::optional<StatedPrice>, StateError> stated(
      const std::string& provider, const std::string& model);

 private:
  std::chrono::milliseconds turn();
  // The following want update_mutex_ to be held.
  std::expected<void, StateError> rebuild();
  std::expected<SourceReport, StateError> read_source(const PriceSource& source,
                                                      const SourceState& known);
  std::expected<void, StateError> merge(PriceUpdate& update);
  std::expected<bool, StateError> merge_once(PriceUpdate& update);
  std::expected<std::vector<SourceState>, StateError> states_of(const View& view);

  void keep_states(std::vector<SourceState> states);
  void tell(const PriceUpdate& update);
  void tell_of_failure(const PriceSource& source, const SourceState& state);

  PriceFeedOptions options_;
  PriceBook book_;
  std::mutex update_mutex_;
  std::string rows_seen_;  // versions that the catalog was made of
  std::shared_ptr<const pricing::PriceFile> shipped_;

  mutable std::mutex mutex_;  // of the following
  std::shared_ptr<const pricing::Catalog> catalog_;
  std::vector<SourceState> states_;
  std::atomic<bool> closing_{false};
  std::unique_ptr<Background> background_;
};

}  // namespace budget::admin
