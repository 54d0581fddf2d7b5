#include "admin/price_feed/price_feed.h"

#include <algorithm>
#include <utility>

#include "admin/price_feed/price_fetch.h"
#include "admin/price_feed/price_news.h"

namespace budget::admin {
namespace {

using std::chrono::milliseconds;

// A source that failed is tried again sooner than one that did not.
constexpr milliseconds retry_after{std::chrono::minutes(5)};
// How long another replica leaves a source to one that began to read it.
constexpr std::chrono::minutes claim_span{2};
// Replicas look at least so often whether one of them wrote rows.
constexpr milliseconds turn_most{std::chrono::seconds(60)};
constexpr milliseconds turn_least{std::chrono::milliseconds(200)};
constexpr int merges_most = 5;

std::string origin_of(const PriceSource& source) {
  const auto format = std::to_string(static_cast<int>(source.format));
  return format + (source.url.empty() ? " file " + source.file : " url " + source.url);
}

std::string versions_of(const PriceBook::Rows& rows) {
  std::string versions;
  for (const auto& [provider, item] : rows.items) {
    versions += provider + "=" + std::to_string(item.version) + ";";
  }
  return versions;
}

}  // namespace

PriceFeed::PriceFeed(PriceFeedOptions options)
    : options_(std::move(options)),
      book_(options_.state),
      shipped_(std::make_shared<pricing::PriceFile>(pricing::Catalog::shipped_file())) {}

PriceFeed::~PriceFeed() {
  close();
}

void PriceFeed::start(Background::OnError on_error) {
  background_ = std::make_unique<Background>([this] { return turn(); }, std::move(on_error));
}

void PriceFeed::wake() {
  if (background_) background_->wake();
}

void PriceFeed::close() {
  closing_.store(true, std::memory_order_relaxed);
  background_.reset();
}

std::shared_ptr<const pricing::Catalog> PriceFeed::catalog() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

std::vector<SourceState> PriceFeed::sources() const {
  const std::lock_guard lock(mutex_);
  return states_;
}

void PriceFeed::keep_states(std::vector<SourceState> states) {
  const std::lock_guard lock(mutex_);
  states_ = std::move(states);
}

std::expected<void, StateError> PriceFeed::load() {
  const std::lock_guard lock(update_mutex_);
  return rebuild();
}

std::expected<void, StateError> PriceFeed::rebuild() {
  const auto rows = book_.rows();
  if (!rows) return std::unexpected(rows.error());
  std::string versions = versions_of(*rows);
  if (versions == rows_seen_) return {};
  pricing::PriceFile all = *shipped_;
  pricing::add_rows(all, rows->file);
  auto catalog = pricing::Catalog::of(std::move(all));
  rows_seen_ = std::move(versions);
  {
    const std::lock_guard lock(mutex_);
    catalog_ = catalog;
  }
  if (options_.publish) options_.publish(std::move(catalog));
  return {};
}

// Of the configured sources, in their order. One that was configured otherwise
// before is new.
std::expected<std::vector<SourceState>, StateError> PriceFeed::states_of(const View& view) {
  const auto stored = book_.source_states();
  if (!stored) return std::unexpected(stored.error());
  std::vector<SourceState> states;
  for (const PriceSource& source : view.price_sources) {
    SourceState state;
    state.name = source.name;
    state.origin = origin_of(source);
    const auto known = std::ranges::find(*stored, source.name, &SourceState::name);
    if (known != stored->end() && known->origin == state.origin) state = *known;
    states.push_back(std::move(state));
  }
  return states;
}

std::expected<SourceReport, StateError> PriceFeed::read_source(const PriceSource& source,
                                                               const SourceState& known) {
  const bool new_here = !known.attempted_at;
  const auto text = fetch_price_list(source, options_.http,
                                     [this] { return closing_.load(std::memory_order_relaxed); });
  std::expected<pricing::PriceList, std::string> list =
      std::unexpected(text ? std::string() : text.error());
  if (text) {
    list = pricing::read_price_list(*text, source.format, source.name, *options_.view()->catalog);
  }
  SourceState state = known;
  state.attempted_at = options_.clock.now();
  SourceReport report{.name = source.name, .error = {}, .models = 0, .skipped = 0};
  if (list) {
    if (auto put = book_.put_list(source.name, list->file); !put) {
      return std::unexpected(put.error());
    }
    state.succeeded_at = state.attempted_at;
    state.error.clear();
    state.models = report.models = list->models;
    state.skipped = report.skipped = list->skipped;
    state.next_at = *state.attempted_at + source.refresh;
  } else {
    // What another source of this name said is not this one's word.
    if (new_here) {
      if (auto forgotten = book_.forget_list(source.name); !forgotten) {
        return std::unexpected(forgotten.error());
      }
    }
    state.error = report.error = list.error();
    state.next_at = *state.attempted_at + std::min(source.refresh, retry_after);
    if (!closing_.load(std::memory_order_relaxed)) tell_of_failure(source, state);
  }
  if (auto put = book_.put_source_state(state); !put) return std::unexpected(put.error());
  return report;
}

// Several replicas may merge at once: one whose rows were overtaken looks at
// the new ones, and finds less to do.
std::expected<void, StateError> PriceFeed::merge(PriceUpdate& update) {
  for (int tries = 0; tries < merges_most; ++tries) {
    const auto done = merge_once(update);
    if (!done) return std::unexpected(done.error());
    if (*done) {
      if (auto built = rebuild(); !built) return built;
      tell(update);
      return {};
    }
  }
  return std::unexpected(StateError::conflict);
}

std::expected<bool, StateError> PriceFeed::merge_once(PriceUpdate& update) {
  const auto view = options_.view();
  const auto rows = book_.rows();
  if (!rows) return std::unexpected(rows.error());
  const auto stated = book_.statements();
  if (!stated) return std::unexpected(stated.error());
  pricing::PriceFile overrides;
  for (const StatedPrice& each : *stated) {
    pricing::ModelEntry entry;
    entry.name = each.price.model;
    entry.rows.push_back(each.price);
    pricing::PriceFile one;
    one.providers.push_back({.id = each.price.provider, .hosts = {}, .names = {}, .models = {}});
    one.providers[0].models.push_back(std::move(entry));
    pricing::add_rows(overrides, std::move(one));
  }
  std::vector<PriceSource> sources = view->price_sources;
  std::ranges::sort(sources, std::ranges::greater{}, &PriceSource::trust_ppm);
  std::vector<std::pair<std::string, pricing::PriceFile>> files;
  files.reserve(sources.size());
  std::vector<pricing::Listing> listings;
  for (const PriceSource& source : sources) {
    auto list = book_.list_of(source.name);
    if (!list) return std::unexpected(list.error());
    if (!*list) continue;
    // A budget file keeps whom its rows are from; here they are the source's.
    files.emplace_back(source.name, std::move(**list));
    listings.push_back({source.name, source.trust_ppm, &files.back().second});
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(options_.clock.now());
  auto outcome = pricing::merge_prices({.shipped = *shipped_,
                                        .own = rows->file,
                                        .listings = listings,
                                        .overrides = overrides,
                                        .now = now,
                                        .tolerance_ppm = view->price_tolerance_ppm});
  if (outcome.own_changed) {
    const auto put = book_.put_rows(*rows, outcome.own);
    if (!put && put.error() == StateError::conflict) return false;
    if (!put) return std::unexpected(put.error());
  }
  update.changes = std::move(outcome.changes);
  update.conflicts = std::move(outcome.conflicts);
  update.compared = outcome.compared;
  return true;
}

std::expected<PriceUpdate, StateError> PriceFeed::update(const std::string& only) {
  const std::lock_guard lock(update_mutex_);
  const auto view = options_.view();
  const auto states = states_of(*view);
  if (!states) return std::unexpected(states.error());
  PriceUpdate update;
  for (std::size_t i = 0; i < view->price_sources.size(); ++i) {
    const PriceSource& source = view->price_sources[i];
    if (!only.empty() && source.name != only) continue;
    auto report = read_source(source, (*states)[i]);
    if (!report) return std::unexpected(report.error());
    update.sources.push_back(std::move(*report));
  }
  if (auto merged = merge(update); !merged) return std::unexpected(merged.error());
  if (const auto after = states_of(*view)) keep_states(*after);
  return update;
}

milliseconds PriceFeed::turn() {
  const std::lock_guard lock(update_mutex_);
  static_cast<void>(rebuild());  // an unavailable store is looked at again below
  const auto view = options_.view();
  const auto states = states_of(*view);
  if (!states) return turn_most;
  keep_states(*states);
  milliseconds pause = turn_most;
  bool read = false;
  for (std::size_t i = 0; i < view->price_sources.size(); ++i) {
    const SourceState& state = (*states)[i];
    const policy::Time now = options_.clock.now();
    if (state.next_at > now) {
      pause = std::min(pause, std::chrono::ceil<milliseconds>(state.next_at - now));
      continue;
    }
    // Whoever is first reads it; a claim for each time it is due.
    const std::string what = "price_source/" + state.name + "/" + state.origin + "/" +
                             std::to_string(state.next_at.time_since_epoch().count());
    const auto mine = options_.state.claim(what, now + claim_span);
    if (!mine || !*mine) continue;
    if (closing_.load(std::memory_order_relaxed)) return turn_most;
    if (read_source(view->price_sources[i], state)) read = true;
    pause = turn_least;  // when it is due again is in the store
  }
  if (read) {
    PriceUpdate update;
    static_cast<void>(merge(update));
  }
  return std::max(pause, turn_least);
}

void PriceFeed::tell(const PriceUpdate& update) {
  for (Event& event : price_events(update.changes, options_.clock.now())) {
    options_.events.publish(std::move(event));
  }
  if (options_.alerts == nullptr) return;
  for (Alert& alert : price_alerts(update, *options_.view(), options_.clock.now())) {
    options_.alerts->raise(std::move(alert));
  }
}

void PriceFeed::tell_of_failure(const PriceSource& source, const SourceState& state) {
  if (options_.alerts == nullptr) return;
  options_.alerts->raise(source_alert(source.name, state, options_.clock.now()));
}

std::expected<std::int64_t, StateError> PriceFeed::state_price(
    const StatedPrice& stated, std::optional<std::int64_t> expected) {
  const std::lock_guard lock(update_mutex_);
  const auto version = book_.put_statement(stated, expected);
  if (!version) return std::unexpected(version.error());
  PriceUpdate update;
  if (auto merged = merge(update); !merged) return std::unexpected(merged.error());
  return *version;
}

std::expected<bool, StateError> PriceFeed::take_back(const std::string& provider,
                                                     const std::string& model,
                                                     std::optional<std::int64_t> expected) {
  const std::lock_guard lock(update_mutex_);
  const auto erased = book_.erase_statement(provider, model, expected);
  if (!erased || !*erased) return erased;
  PriceUpdate update;
  if (auto merged = merge(update); !merged) return std::unexpected(merged.error());
  return true;
}

std::expected<std::optional<StatedPrice>, StateError> PriceFeed::stated(const std::string& provider,
                                                                        const std::string& model) {
  return book_.statement(provider, model);
}

}  // namespace budget::admin
