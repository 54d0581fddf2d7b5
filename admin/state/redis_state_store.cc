#include "admin/state/redis_state_store.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "admin/secret.h"
#include "policy/ledger/redis_codec.h"

namespace budget::admin {
namespace {

using ledger::redis_command;
using ledger::RedisValue;

// How long one read of the stream of changes waits, well within the deadline of
// a command; the end of the program waits as long.
constexpr std::string_view feed_wait_ms = "200";
constexpr std::string_view feed_entries_max = "500";
constexpr std::chrono::milliseconds feed_retry{200};
constexpr std::size_t origin_bytes = 8;

// {op, token, name, id, body, number, origin}; `number` is the expected version
// or "", and for a log how many lines it keeps. A token that was seen is
// answered as it was then: the caller did not hear it.
constexpr std::string_view write_script = R"lua(
local op, token, name, id, body, number, origin = unpack(ARGV)
local prefix = string.match(KEYS[1], '^(.*)state_changes$')
local answered = redis.call('GET', prefix .. 'answered:' .. token)
if answered then return tonumber(answered) end
local result
if op == 'append' then
  result = redis.call('HINCRBY', prefix .. 'sequences', name, 1)
  redis.call('XADD', prefix .. 'log:' .. name, 'MAXLEN', '~', number,
             string.format('%.0f-0', result), 'body', body)
else
  local key = prefix .. 'state:' .. name
  local kept = redis.call('HGET', key, id)
  local version = kept and tonumber(string.match(kept, '^%d+')) or 0
  if op == 'erase' and version == 0 then return 0 end
  if number ~= '' and tonumber(number) ~= version then return -1 end
  if op == 'put' then
    result = version + 1
    redis.call('HSET', key, id, string.format('%.0f ', result) .. body)
  else
    result = 1
    redis.call('HDEL', key, id)
  end
end
local change = redis.call('INCR', prefix .. 'state_version')
redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1000, string.format('%.0f-0', change),
           'name', name, 'id', id, 'origin', origin)
redis.call('SET', prefix .. 'answered:' .. token, result, 'PX', 60000)
return result)lua";

constexpr std::string_view claim_script = R"lua(
local holder = redis.call('GET', KEYS[1])
if holder then return holder == ARGV[1] and 1 or 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
return 1)lua";

std::int64_t number_in(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// From "VERSION BODY".
StateItem item_of(std::string_view id, std::string_view value) {
  const std::size_t space = std::min(value.find(' '), value.size());
  return {std::string(id), std::string(value.substr(std::min(space + 1, value.size()))),
          number_in(value.substr(0, space))};
}

}  // namespace

RedisStateStore::RedisStateStore(ledger::RedisLedger& ledger)
    : client_(ledger),
      feed_(ledger),
      origin_(random_hex(origin_bytes)),
      thread_([this] { follow(); }) {}

RedisStateStore::~RedisStateStore() {
  close();
}

void RedisStateStore::close() {
  {
    const std::lock_guard lock(stop_mutex_);
    stop_ = true;
  }
  stop_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string RedisStateStore::key(std::string_view kind, std::string_view name) const {
  std::string text = client_.ledger().prefix();
  text += kind;
  text += name;
  return text;
}

RedisStateStore::Result<std::vector<StateItem>> RedisStateStore::list(std::string_view collection) {
  const auto reply = client_.ask(redis_command({"HGETALL", key("state:", collection)}));
  if (!reply) return std::unexpected(StateError::unavailable);
  std::vector<StateItem> items;
  const RedisValue fields = reply->value();
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    items.push_back(item_of(fields.at(i).text(), fields.at(i + 1).text()));
  }
  std::ranges::sort(items, {}, &StateItem::id);
  return items;
}

RedisStateStore::Result<std::optional<StateItem>> RedisStateStore::get(std::string_view collection,
                                                                       std::string_view id) {
  const auto reply = client_.ask(redis_command({"HGET", key("state:", collection), id}));
  if (!reply) return std::unexpected(StateError::unavailable);
  if (reply->value().is_nil()) return std::nullopt;
  return item_of(id, reply->value().text());
}

RedisStateStore::Result<std::int64_t> RedisStateStore::write(Op op, std::string_view name,
                                                             std::string_view id,
                                                             std::string_view body,
                                                             const std::string& number) {
  static constexpr std::string_view names[] = {"put", "erase", "append"};
  const std::string token = origin_ + ":" + std::to_string(++writes_);
  const auto reply = client_.ask(
      redis_command({"EVAL", write_script, "1", key("state_changes", ""),
                     names[static_cast<std::size_t>(op)], token, name, id, body, number, origin_}));
  if (!reply) return std::unexpected(StateError::unavailable);
  const std::int64_t result = reply->value().integer();
  if (result < 0) return std::unexpected(StateError::conflict);
  if (result > 0) tell(name, id);
  return result;
}

RedisStateStore::Result<std::int64_t> RedisStateStore::put(std::string_view collection,
                                                           std::string_view id,
                                                           std::string_view body,
                                                           std::optional<std::int64_t> expected) {
  return write(Op::put, collection, id, body, expected ? std::to_string(*expected) : "");
}

RedisStateStore::Result<bool> RedisStateStore::erase(std::string_view collection,
                                                     std::string_view id,
                                                     std::optional<std::int64_t> expected) {
  const auto erased =
      write(Op::erase, collection, id, "", expected ? std::to_string(*expected) : "");
  if (!erased) return std::unexpected(erased.error());
  return *erased > 0;
}

RedisStateStore::Result<std::int64_t> RedisStateStore::append(std::string_view log,
                                                              std::string_view body,
                                                              std::int64_t keep) {
  return write(Op::append, log, "", body, std::to_string(keep));
}

RedisStateStore::Result<std::vector<StateEntry>> RedisStateStore::read(std::string command) {
  const auto reply = client_.ask(std::move(command));
  if (!reply) return std::unexpected(StateError::unavailable);
  std::vector<StateEntry> lines;
  for (std::size_t i = 0; i < reply->value().size(); ++i) {
    const RedisValue entry = reply->value().at(i);
    lines.push_back({number_in(entry.at(0).text()), std::string(entry.at(1).at(1).text())});
  }
  return lines;
}

RedisStateStore::Result<std::vector<StateEntry>> RedisStateStore::read_after(std::string_view log,
                                                                             std::int64_t sequence,
                                                                             std::size_t limit) {
  const std::string from = std::to_string(std::max<std::int64_t>(sequence, 0)) + "-1";
  return read(
      redis_command({"XRANGE", key("log:", log), from, "+", "COUNT", std::to_string(limit)}));
}

RedisStateStore::Result<std::vector<StateEntry>> RedisStateStore::read_before(
    std::string_view log, std::optional<std::int64_t> sequence, std::size_t limit) {
  if (sequence && *sequence <= 0) return std::vector<StateEntry>();
  const std::string from = sequence ? "(" + std::to_string(*sequence) + "-0" : "+";
  return read(
      redis_command({"XREVRANGE", key("log:", log), from, "-", "COUNT", std::to_string(limit)}));
}

RedisStateStore::Result<bool> RedisStateStore::claim(std::string_view what, policy::Time until) {
  const std::string token = origin_ + ":" + std::to_string(++writes_);
  const auto reply =
      client_.ask(redis_command({"EVAL", claim_script, "1", key("claim:", what), token,
                                 std::to_string(until.time_since_epoch().count())}));
  if (!reply) return std::unexpected(StateError::unavailable);
  return reply->value().integer() == 1;
}

void RedisStateStore::listen(Listener listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.push_back(std::move(listener));
}

void RedisStateStore::tell(std::string_view name, std::string_view id) {
  std::vector<Listener> listeners;
  {
    const std::lock_guard lock(listeners_mutex_);
    listeners = listeners_;
  }
  const StateChange change{std::string(name), std::string(id)};
  for (const Listener& listener : listeners) listener(change);
}

void RedisStateStore::pause() {
  std::unique_lock lock(stop_mutex_);
  stop_changed_.wait_for(lock, feed_retry, [this] { return stop_; });
}

void RedisStateStore::follow() {
  const auto stopped = [this] {
    const std::lock_guard lock(stop_mutex_);
    return stop_;
  };
  while (!stopped()) {
    if (!(known_ ? catch_up() : find_end())) pause();
  }
}

bool RedisStateStore::find_end() {
  const auto reply = feed_.ask(redis_command({"GET", key("state_version", "")}));
  if (!reply) return false;
  last_ = number_in(reply->value().text());
  known_ = true;
  // What was read before this is older than it.
  tell("", "");
  return true;
}

bool RedisStateStore::catch_up() {
  const auto reply =
      feed_.ask(redis_command({"XREAD", "COUNT", feed_entries_max, "BLOCK", feed_wait_ms, "STREAMS",
                               key("state_changes", ""), std::to_string(last_) + "-0"}));
  if (!reply) return false;
  const RedisValue entries = reply->value().at(0).at(1);
  if (entries.size() == 0) {
    // Nothing new, or a Redis that knows less than this process has seen.
    const auto now = feed_.ask(redis_command({"GET", key("state_version", "")}));
    if (!now) return false;
    known_ = number_in(now->value().text()) >= last_;
    return true;
  }
  if (number_in(entries.at(0).at(0).text()) != last_ + 1) tell("", "");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const RedisValue fields = entries.at(i).at(1);
    last_ = number_in(entries.at(i).at(0).text());
    // The writer has told of its own already.
    if (fields.at(5).text() != origin_) tell(fields.at(1).text(), fields.at(3).text());
  }
  return true;
}

}  // namespace budget::admin
