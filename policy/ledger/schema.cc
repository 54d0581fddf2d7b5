#include "policy/ledger/schema.h"

#include <array>

namespace budget::ledger {
namespace {

// One script a version; a script is never changed once released.
constexpr std::array<const char*, 1> kVersions = {R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
-- How far the journal has been applied.
INSERT INTO meta VALUES('position', 0);

CREATE TABLE counters(
  number INTEGER PRIMARY KEY, ref BLOB NOT NULL,
  cost INTEGER NOT NULL DEFAULT 0, input INTEGER NOT NULL DEFAULT 0,
  output INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0);
-- What rolling counters have spent, by sub-bucket.
CREATE TABLE buckets(
  number INTEGER NOT NULL, bucket INTEGER NOT NULL,
  cost INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  requests INTEGER NOT NULL, PRIMARY KEY(number, bucket)) WITHOUT ROWID;
-- Calls in flight, as the journal wrote them.
CREATE TABLE holds(id TEXT PRIMARY KEY, entry BLOB NOT NULL) WITHOUT ROWID;
-- Ids that ended without a record; the newest ones.
CREATE TABLE released(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE INDEX released_by_id ON released(id);
CREATE TABLE allocations(
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, entry BLOB NOT NULL,
  ended INTEGER NOT NULL DEFAULT 0);
-- What calls that are over have used of an allocation, by counter.
CREATE TABLE consumed(
  id TEXT NOT NULL, number INTEGER NOT NULL,
  cost INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
  PRIMARY KEY(id, number)) WITHOUT ROWID;

-- `body` is the whole record; the columns repeat what is searched and summed.
CREATE TABLE records(
  sequence INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL, timestamp INTEGER NOT NULL,
  provider TEXT NOT NULL, model TEXT NOT NULL, component TEXT NOT NULL, task_type TEXT NOT NULL,
  user TEXT NOT NULL, context_id TEXT NOT NULL, key_id TEXT NOT NULL, operation TEXT NOT NULL,
  status INTEGER NOT NULL,
  input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL, reasoning INTEGER NOT NULL,
  input_cost INTEGER NOT NULL, output_cost INTEGER NOT NULL, total_cost INTEGER NOT NULL,
  estimated INTEGER NOT NULL, policy_set INTEGER NOT NULL,
  counters BLOB NOT NULL, body BLOB NOT NULL);
CREATE INDEX records_by_request ON records(request_id);
CREATE INDEX records_by_time ON records(timestamp);
CREATE INDEX records_by_component ON records(component, timestamp) WHERE component <> '';
CREATE INDEX records_by_context ON records(context_id, timestamp) WHERE context_id <> '';
CREATE INDEX records_by_user ON records(user, timestamp) WHERE user <> '';
CREATE INDEX records_by_key ON records(key_id, timestamp) WHERE key_id <> '';
CREATE INDEX records_by_policy_set ON records(policy_set, timestamp) WHERE policy_set <> 0;
CREATE TABLE record_tags(
  name TEXT NOT NULL, value TEXT NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY(name, value, sequence)) WITHOUT ROWID;
-- The policies that records counted against. Many records share few sets, so a
-- record names its set: 0 is none, and a set stays when its records go.
CREATE TABLE policy_sets(id INTEGER PRIMARY KEY, names BLOB NOT NULL UNIQUE);
CREATE TABLE policies_in_sets(
  policy TEXT NOT NULL, policy_set INTEGER NOT NULL,
  PRIMARY KEY(policy, policy_set)) WITHOUT ROWID;

CREATE TABLE rollups(
  hour INTEGER NOT NULL,
  provider TEXT NOT NULL, model TEXT NOT NULL, component TEXT NOT NULL, task_type TEXT NOT NULL,
  user TEXT NOT NULL, key_id TEXT NOT NULL, operation TEXT NOT NULL, status INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL, reasoning INTEGER NOT NULL,
  input_cost INTEGER NOT NULL, output_cost INTEGER NOT NULL, total_cost INTEGER NOT NULL,
  estimated INTEGER NOT NULL,
  PRIMARY KEY(hour, provider, model, component, task_type, user, key_id, operation, status)
) WITHOUT ROWID;
)sql"};

}  // namespace

std::expected<void, std::string> prepare_schema(Database& database) {
  // FULL: the journal is deleted on the word of a commit, so a commit must be
  // on disk. It is paid once a batch, on a thread that nobody waits for.
  database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  std::int64_t version = 0;
  {
    Statement ask(database, "PRAGMA user_version");
    if (ask.next()) version = ask.number(0);
  }
  if (!database.ok()) return std::unexpected(database.take_error());
  constexpr auto newest = static_cast<std::int64_t>(kVersions.size());
  if (version > newest) {
    return std::unexpected("ledger.sqlite is of version " + std::to_string(version) +
                           "; this program knows up to " + std::to_string(newest));
  }
  for (; version < newest; ++version) {
    database.run("BEGIN IMMEDIATE;" + std::string(kVersions[static_cast<std::size_t>(version)]) +
                 "PRAGMA user_version = " + std::to_string(version + 1) + "; COMMIT;");
    if (!database.ok()) return std::unexpected(database.take_error());
  }
  return {};
}

}  // namespace budget::ledger
