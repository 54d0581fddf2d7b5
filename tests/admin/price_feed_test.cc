#include "admin/price_feed/price_feed.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "admin/state/sqlite_state_store.h"
#include "tests/admin/admin_under_test.h"

namespace budget::admin {
namespace {

class Events final : public EventSink {
 public:
  void publish(Event event) override { all.push_back(std::move(event)); }
  std::vector<Event> all;
};

class Alerts final : public AlertSink {
 public:
  void raise(Alert alert) override { all.push_back(std::move(alert)); }
  std::vector<Alert> all;
};

// Answers by URL what it is told to; no socket.
class Lists final : public HttpClient {
 public:
  std::expected<HttpAnswer, HttpFailure> fetch(const HttpRequest& request,
                                               const OnBody& on_body) override {
    ++fetches;
    const auto found = lists.find(request.url);
    if (found == lists.end()) {
      return std::unexpected(HttpFailure{HttpFailure::Step::connect, "nobody is there"});
    }
    on_body(found->second);
    return HttpAnswer{.status = 200, .headers = {}, .body = {}};
  }
  std::map<std::string, std::string> lists;
  int fetches = 0;
};

std::string list_of(const std::string& model, const std::string& input, const std::string& output) {
  return R"({")" + model + R"(":{"litellm_provider":"openai","input_cost_per_token":)" + input +
         R"(e-6,"output_cost_per_token":)" + output + "e-6}}";
}

// A replica: its own feed and catalog, over a store that others share.
struct Replica {
  Replica(SetClock& clock, StateStore& state, Lists& lists) {
    view->catalog = pricing::Catalog::shipped();
    view->providers.push_back({"openai", "openai", "https://api.openai.com", {"openai", "openai"}});
    view->price_tolerance_ppm = 10'000;
    feed = std::make_unique<PriceFeed>(
        PriceFeedOptions{.clock = clock,
                         .state = state,
                         .events = events,
                         .http = &lists,
                         .alerts = &alerts,
                         .view = [this] { return view; },
                         .publish =
                             [this](std::shared_ptr<const pricing::Catalog> catalog) {
                               view = std::make_shared<View>(*view);
                               view->catalog = std::move(catalog);
                             }});
  }
  void add_source(const std::string& name, std::int64_t trust_ppm) {
    PriceSource source;
    source.name = name;
    source.format = pricing::ListFormat::litellm;
    source.url = "http://" + name + "/";
    source.trust_ppm = trust_ppm;
    view->price_sources.push_back(source);
  }
  [[nodiscard]] std::optional<std::int64_t> input_of(std::string_view model,
                                                     policy::Time at) const {
    const auto found = view->catalog->find({"openai", "openai", false}, model,
                                           std::chrono::floor<std::chrono::seconds>(at), {});
    return found.match == pricing::PriceMatch::exact ||
                   found.match == pricing::PriceMatch::override_
               ? found.price->rates.input
               : std::nullopt;
  }
  Events events;
  Alerts alerts;
  std::shared_ptr<View> view = std::make_shared<View>();
  std::unique_ptr<PriceFeed> feed;
};

struct World {
  World() {
    std::string path = (std::filesystem::temp_directory_path() / "budget-feed-XXXXXX").string();
    if (!::mkdtemp(path.data())) std::abort();
    folder = path;
    state = std::move(*SqliteStateStore::open(path + "/admin.db", clock));
  }
  ~World() {
    state.reset();
    std::filesystem::remove_all(folder);
  }
  SetClock clock;
  Lists lists;
  std::filesystem::path folder;
  std::unique_ptr<StateStore> state;
};

TEST(PriceFeed, TellsOnceOfAPriceThatRoseByFortyPercent) {
  World world;
  Replica replica(world.clock, *world.state, world.lists);
  replica.add_source("a", 500'000);
  world.lists.lists["http://a/"] = list_of("gpt-4o", "2.5", "10");
  ASSERT_TRUE(replica.feed->update(""));
  EXPECT_TRUE(replica.alerts.all.empty());
  world.clock.time += std::chrono::hours(1);
  const policy::Time changed = world.clock.time;
  world.lists.lists["http://a/"] = list_of("gpt-4o", "3.5", "10");
  ASSERT_TRUE(replica.feed->update(""));
  ASSERT_EQ(replica.alerts.all.size(), 1U);
  const Alert& alert = replica.alerts.all[0];
  EXPECT_EQ(alert.type, AlertType::price_change);
  EXPECT_EQ(alert.severity, Severity::warning);
  EXPECT_EQ(alert.model, "openai/gpt-4o");
  EXPECT_NE(alert.message.find("+40 %"), std::string::npos) << alert.message;
  ASSERT_EQ(replica.events.all.size(), 1U);
  EXPECT_EQ(replica.events.all[0].topic, Topic::prices);
  EXPECT_EQ(replica.events.all[0].type, "price_update");
  EXPECT_EQ(replica.input_of("gpt-4o", changed - std::chrono::seconds(1)), 2'500'000);
  EXPECT_EQ(replica.input_of("gpt-4o", changed), 3'500'000);
  ASSERT_TRUE(replica.feed->update(""));
  EXPECT_EQ(replica.alerts.all.size(), 1U);
}

TEST(PriceFeed, TellsOfSourcesThatDisagreeAndOfOneThatIsAway) {
  World world;
  Replica replica(world.clock, *world.state, world.lists);
  replica.add_source("low", 100'000);
  replica.add_source("high", 900'000);
  world.lists.lists["http://low/"] = list_of("gpt-4o", "3", "10");
  world.lists.lists["http://high/"] = list_of("gpt-4o", "2.5", "10");
  ASSERT_TRUE(replica.feed->update(""));
  ASSERT_EQ(replica.alerts.all.size(), 1U);
  EXPECT_EQ(replica.alerts.all[0].type, AlertType::price_conflict);
  EXPECT_NE(replica.alerts.all[0].message.find("what high says"), std::string::npos);
  EXPECT_EQ(replica.input_of("gpt-4o", world.clock.time), 2'500'000);
  // Away, the trusted one's last word goes on counting.
  world.clock.time += std::chrono::hours(1);
  world.lists.lists.erase("http://high/");
  const auto update = replica.feed->update("");
  ASSERT_TRUE(update);
  EXPECT_TRUE(update->changes.empty());
  EXPECT_EQ(replica.input_of("gpt-4o", world.clock.time), 2'500'000);
  const auto told = std::ranges::find(replica.alerts.all, AlertType::price_source, &Alert::type);
  ASSERT_NE(told, replica.alerts.all.end());
  EXPECT_NE(told->message.find("nobody is there"), std::string::npos);
  // The same each time it fails: raised once.
  const std::string once = told->once;
  world.clock.time += std::chrono::hours(1);
  ASSERT_TRUE(replica.feed->update(""));
  EXPECT_EQ(std::ranges::count(replica.alerts.all, once, &Alert::once), 2);
}

TEST(PriceFeed, ReachesEveryReplicaThroughTheStore) {
  World world;
  Replica one(world.clock, *world.state, world.lists);
  Replica two(world.clock, *world.state, world.lists);
  ASSERT_TRUE(two.feed->load());
  one.add_source("a", 500'000);
  world.lists.lists["http://a/"] = list_of("house-model", "1", "2");
  ASSERT_TRUE(one.feed->update(""));
  EXPECT_EQ(two.input_of("house-model", world.clock.time), std::nullopt);
  ASSERT_TRUE(two.feed->load());
  EXPECT_EQ(two.input_of("house-model", world.clock.time), 1'000'000);
}

TEST(PriceFeed, IsStatedByOneReplicaAndTakenBackByAnother) {
  World world;
  Replica one(world.clock, *world.state, world.lists);
  Replica two(world.clock, *world.state, world.lists);
  StatedPrice stated;
  stated.price.provider = "openai";
  stated.price.model = "gpt-4o";
  stated.price.source = "manual";
  stated.price.rates.input = 1'000'000;
  stated.price.rates.output = 1'000'000;
  const auto version = one.feed->state_price(stated, 0);
  ASSERT_TRUE(version);
  EXPECT_EQ(one.input_of("gpt-4o", world.clock.time), 1'000'000);
  EXPECT_EQ(one.feed->state_price(stated, 0).error(), StateError::conflict);
  world.clock.time += std::chrono::seconds(5);
  EXPECT_EQ(two.feed->take_back("openai", "GPT-4o", *version), true);
  EXPECT_EQ(two.input_of("gpt-4o", world.clock.time), 2'500'000);
  EXPECT_TRUE(one.alerts.all.empty()) << "what an operator does is no news";
}

// Two feeds that take turns on their own threads: a source is read by one.
TEST(PriceFeed, ReadsASourceOnceForAllReplicas) {
  World world;
  world.lists.lists["http://a/"] = list_of("gpt-4o", "3", "10");
  Replica one(world.clock, *world.state, world.lists);
  one.add_source("a", 500'000);
  ASSERT_TRUE(one.feed->update(""));
  ASSERT_EQ(world.lists.fetches, 1);
  Replica two(world.clock, *world.state, world.lists);
  two.add_source("a", 500'000);
  two.feed->start([](const std::string& what) { FAIL() << what; });
  two.feed->close();  // waits for the turn under way
  EXPECT_EQ(world.lists.fetches, 1) << "it is not due before a day has passed";
}

}  // namespace
}  // namespace budget::admin
