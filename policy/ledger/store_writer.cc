#include "policy/ledger/store_writer.h"

#include <algorithm>

#include "policy/ledger/amounts.h"
#include "policy/ledger/codec.h"
#include "policy/ledger/limits.h"
#include "policy/ledger/rolling_window.h"
#include "policy/ledger/schema.h"

namespace budget::ledger {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

std::int64_t ms_of(policy::Time time) {
  return time.time_since_epoch().count();
}

// The ten sums of a record, in the order of the rollups' columns.
struct Figures {
  std::int64_t values[10];
};
Figures figures_of(const UsageRecord& record) {
  const pricing::Usage& usage = record.usage;
  return {{1, usage.input_total().value(), usage.output_total().value(), usage.cache_read.value(),
           (usage.cache_write_5m + usage.cache_write_1h).value(), usage.reasoning.value(),
           record.cost.input.value(), record.cost.output.value(), record.cost.total.value(),
           record.estimated ? 1 : 0}};
}

}  // namespace

std::expected<std::unique_ptr<StoreWriter>, std::string> StoreWriter::open(
    const std::string& path) {
  auto database = Database::open(path, false);
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto prepared = prepare_schema(**database); !prepared) {
    return std::unexpected(std::move(prepared.error()));
  }
  std::unique_ptr<StoreWriter> writer(new StoreWriter(std::move(*database)));
  if (!writer->database_->ok()) return std::unexpected(writer->database_->take_error());
  Statement all = writer->statement("SELECT number, ref FROM counters");
  while (all.next()) {
    Decoder decoder(all.bytes(1));
    const CounterRef ref = decoder.counter();
    if (ref.rolling.count() > 0) writer->rolling_[all.number(0)] = ref.rolling;
  }
  Statement holds = writer->statement("SELECT id FROM holds");
  while (holds.next()) writer->stored_holds_.insert(holds.text(0));
  return writer;
}

StoreWriter::StoreWriter(std::unique_ptr<Database> database) : database_(std::move(database)) {
  insert_counter_ = statement("INSERT OR REPLACE INTO counters(number, ref) VALUES(?1, ?2)");
  drop_counter_ = statement("DELETE FROM counters WHERE number = ?1");
  drop_buckets_ = statement("DELETE FROM buckets WHERE number = ?1");
  add_counter_ = statement(
      "UPDATE counters SET cost = cost + ?2, input = input + ?3, output = output + ?4, "
      "requests = requests + ?5 WHERE number = ?1");
  add_bucket_ = statement(
      "INSERT INTO buckets VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(number, bucket) DO UPDATE "
      "SET cost = cost + ?3, input = input + ?4, output = output + ?5, requests = requests + ?6");
  trim_buckets_ = statement(
      "DELETE FROM buckets WHERE number = ?1 AND bucket < "
      "(SELECT max(bucket) FROM buckets WHERE number = ?1) - ?2");
  keep_hold_ = statement("INSERT OR REPLACE INTO holds VALUES(?1, ?2)");
  drop_hold_ = statement("DELETE FROM holds WHERE id = ?1");
  insert_released_ = statement("INSERT INTO released(id) VALUES(?1)");
  trim_released_ =
      statement("DELETE FROM released WHERE sequence <= (SELECT max(sequence) FROM released) - ?1");
  keep_allocation_ = statement("INSERT OR REPLACE INTO allocations(id, entry) VALUES(?1, ?2)");
  end_allocation_ = statement("UPDATE allocations SET ended = 1 WHERE id = ?1");
  trim_allocations_ = statement(
      "DELETE FROM allocations WHERE ended = 1 AND sequence <= "
      "(SELECT max(sequence) FROM allocations) - ?1");
  drop_consumed_ = statement("DELETE FROM consumed WHERE id = ?1");
  add_consumed_ = statement(
      "INSERT INTO consumed VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(id, number) DO UPDATE "
      "SET cost = cost + ?3, input = input + ?4, output = output + ?5");
  // Not OR REPLACE: SQLite would copy every page that the statement touches, so
  // as to be able to take back half of it.
  insert_record_ = statement(
      "INSERT INTO records VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
      "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)");
  find_record_ = statement(
      "SELECT sequence, counters, body FROM records WHERE request_id = ?1 "
      "ORDER BY sequence DESC LIMIT 1");
  insert_tag_ = statement("INSERT OR IGNORE INTO record_tags VALUES(?1, ?2, ?3)");
  drop_tag_ = statement("DELETE FROM record_tags WHERE name = ?1 AND value = ?2 AND sequence = ?3");
  find_policy_set_ = statement("SELECT id FROM policy_sets WHERE names = ?1");
  insert_policy_set_ = statement("INSERT INTO policy_sets(names) VALUES(?1)");
  insert_in_set_ = statement("INSERT OR IGNORE INTO policies_in_sets VALUES(?1, ?2)");
  add_rollup_ = statement(
      "INSERT INTO rollups VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
      "?15, ?16, ?17, ?18, ?19) ON CONFLICT DO UPDATE SET requests = requests + ?10, "
      "input = input + ?11, output = output + ?12, cache_read = cache_read + ?13, "
      "cache_write = cache_write + ?14, reasoning = reasoning + ?15, "
      "input_cost = input_cost + ?16, output_cost = output_cost + ?17, "
      "total_cost = total_cost + ?18, estimated = estimated + ?19");
  set_position_ = statement("UPDATE meta SET value = ?1 WHERE name = 'position'");
  old_records_ = statement("SELECT sequence, body FROM records WHERE timestamp < ?1 LIMIT ?2");
  drop_record_ = statement("DELETE FROM records WHERE sequence = ?1");
  drop_rollups_ = statement("DELETE FROM rollups WHERE hour < ?1");
}

Position StoreWriter::position() {
  Statement ask = statement("SELECT value FROM meta WHERE name = 'position'");
  return ask.next() ? static_cast<Position>(ask.number(0)) : 0;
}

void StoreWriter::begin() {
  counters_.clear();
  buckets_.clear();
  rollups_.clear();
  holds_.clear();
  database_->run("BEGIN IMMEDIATE");
}

bool StoreWriter::apply(std::string_view bytes) {
  if (auto id = kept_hold_id(bytes)) {
    keep_hold(*std::move(id), bytes);
    return true;
  }
  const auto entry = decode(bytes);
  if (!entry) return false;
  std::visit(
      [this, bytes](const auto& each) {
        if constexpr (requires { on(each, bytes); }) {
          on(each, bytes);
        } else {
          on(each);
        }
      },
      *entry);
  return true;
}

void StoreWriter::on(const CounterDefined& entry) {
  std::string ref;
  Encoder(ref).counter(entry.ref);
  insert_counter_.bind(1, entry.number).bind_bytes(2, ref).run();
  if (entry.ref.rolling.count() > 0) rolling_[entry.number] = entry.ref.rolling;
}

void StoreWriter::on(const CounterForgotten& entry) {
  counters_.erase(entry.number);
  std::erase_if(buckets_, [&entry](const auto& each) { return each.first.first == entry.number; });
  rolling_.erase(entry.number);
  drop_counter_.bind(1, entry.number).run();
  drop_buckets_.bind(1, entry.number).run();
}

void StoreWriter::on(const HoldReleased& entry) {
  holds_[entry.id] = std::nullopt;
  insert_released_.bind(1, entry.id).run();
  trim_released_.bind(1, resolved_ids_max).run();
}

void StoreWriter::charge(std::int64_t counter, policy::Time at, const Amount& amount,
                         std::int64_t requests) {
  const auto rolling = rolling_.find(counter);
  Delta& delta = rolling == rolling_.end()
                     ? counters_[counter]
                     : buckets_[{counter, RollingWindow::index_of(rolling->second, at)}];
  delta.amount = plus(delta.amount, amount);
  delta.requests += requests;
}

void StoreWriter::on(const Charged& entry) {
  holds_[entry.record.request_id] = std::nullopt;
  std::string numbers;
  Encoder encoder(numbers);
  encoder.number(static_cast<std::int64_t>(entry.lines.size()));
  for (const ChargedLine& line : entry.lines) {
    encoder.number(line.counter);
    charge(line.counter, entry.record.timestamp, used_by(entry.record), 1);
    if (line.consumed == Amount{}) continue;
    add_consumed_.bind(1, entry.allocation_id)
        .bind(2, line.counter)
        .bind(3, line.consumed.cost.value())
        .bind(4, line.consumed.input.value())
        .bind(5, line.consumed.output.value())
        .run();
  }
  write_record(entry.record, numbers, std::nullopt);
  roll_up(entry.record, 1);
}

void StoreWriter::on(const Corrected& entry) {
  const Amount difference = minus(used_by(entry.record), entry.before);
  for (const std::int64_t counter : entry.lines) {
    charge(counter, entry.record.timestamp, difference, 0);
  }
  find_record_.bind(1, entry.record.request_id);
  if (!find_record_.next()) {  // trimmed meanwhile: there is nothing left to correct
    find_record_.reset();
    return;
  }
  const std::int64_t sequence = find_record_.number(0);
  const std::string numbers(find_record_.bytes(1));
  Decoder decoder(find_record_.bytes(2));
  const UsageRecord before = decoder.record();
  find_record_.reset();
  roll_up(before, -1);
  roll_up(entry.record, 1);
  drop_tags(before, sequence);
  drop_record_.bind(1, sequence).run();
  write_record(entry.record, numbers, sequence);
}

void StoreWriter::on(const AllocationKept& entry, std::string_view bytes) {
  keep_allocation_.bind(1, entry.id).bind_bytes(2, bytes).run();
}

void StoreWriter::on(const AllocationEnded& entry) {
  end_allocation_.bind(1, entry.id).run();
  drop_consumed_.bind(1, entry.id).run();
  trim_allocations_.bind(1, ended_allocations_max).run();
}

void StoreWriter::write_record(const UsageRecord& record, std::string_view counters,
                               std::optional<std::int64_t> sequence) {
  std::string body;
  Encoder(body).record(record);
  const std::int64_t set = policy_set_of(record.policies);
  if (sequence) insert_record_.bind(1, *sequence);  // else NULL: the next one
  insert_record_.bind(2, record.request_id)
      .bind(3, ms_of(record.timestamp))
      .bind(4, record.provider)
      .bind(5, record.model)
      .bind(6, record.caller.component)
      .bind(7, record.caller.task_type)
      .bind(8, record.caller.user)
      .bind(9, record.caller.context_id)
      .bind(10, record.caller.key_id)
      .bind(11, record.operation)
      .bind(12, record.status);
  const Figures figures = figures_of(record);
  for (int i = 1; i < 10; ++i) insert_record_.bind(12 + i, figures.values[i]);
  insert_record_.bind(22, set).bind_bytes(23, counters).bind_bytes(24, body).run();
  const std::int64_t row = database_->last_row();
  for (const auto& [name, value] : record.caller.tags) {
    insert_tag_.bind(1, name).bind(2, value).bind(3, row).run();
  }
}

// The set's id, made if it is new; 0 for none.
std::int64_t StoreWriter::policy_set_of(const std::vector<std::string>& policies) {
  if (policies.empty()) return 0;
  std::string names;
  Encoder encoder(names);
  for (const std::string& policy : policies) encoder.text(policy);
  const auto known = policy_sets_.find(names);
  if (known != policy_sets_.end()) return known->second;
  std::int64_t id = 0;
  find_policy_set_.bind_bytes(1, names);
  if (find_policy_set_.next()) id = find_policy_set_.number(0);
  find_policy_set_.reset();
  if (id == 0) {
    insert_policy_set_.bind_bytes(1, names).run();
    id = database_->last_row();
    for (const std::string& policy : policies) insert_in_set_.bind(1, policy).bind(2, id).run();
  }
  if (policy_sets_.size() >= policy_sets_known_max) policy_sets_.clear();
  policy_sets_.emplace(std::move(names), id);
  return id;
}

void StoreWriter::drop_tags(const UsageRecord& record, std::int64_t sequence) {
  for (const auto& [name, value] : record.caller.tags) {
    drop_tag_.bind(1, name).bind(2, value).bind(3, sequence).run();
  }
}

void StoreWriter::roll_up(const UsageRecord& record, std::int64_t sign) {
  const std::int64_t at = ms_of(record.timestamp);
  RollupKey key{at / kHourMs * kHourMs,  record.provider,         record.model,
                record.caller.component, record.caller.task_type, record.caller.user,
                record.caller.key_id,    record.operation,        record.status};
  Sums& sums = rollups_[std::move(key)];
  const Figures figures = figures_of(record);
  for (std::size_t i = 0; i < 10; ++i) sums.values[i] += sign * figures.values[i];
}

void StoreWriter::write_counters() {
  for (const auto& [number, delta] : counters_) {
    add_counter_.bind(1, number)
        .bind(2, delta.amount.cost.value())
        .bind(3, delta.amount.input.value())
        .bind(4, delta.amount.output.value())
        .bind(5, delta.requests)
        .run();
  }
  for (const auto& [key, delta] : buckets_) {
    add_bucket_.bind(1, key.first)
        .bind(2, key.second)
        .bind(3, delta.amount.cost.value())
        .bind(4, delta.amount.input.value())
        .bind(5, delta.amount.output.value())
        .bind(6, delta.requests)
        .run();
    trim_buckets_.bind(1, key.first).bind(2, RollingWindow::kept_max).run();
  }
}

void StoreWriter::write_holds() {
  for (const auto& [id, entry] : holds_) {
    if (entry) {
      keep_hold_.bind(1, id).bind_bytes(2, *entry).run();
    } else if (stored_holds_.contains(id)) {
      drop_hold_.bind(1, id).run();
    }
  }
}

void StoreWriter::write_rollups() {
  for (const auto& [key, sums] : rollups_) {
    add_rollup_.bind(1, key.hour)
        .bind(2, key.provider)
        .bind(3, key.model)
        .bind(4, key.component)
        .bind(5, key.task_type)
        .bind(6, key.user)
        .bind(7, key.key_id)
        .bind(8, key.operation)
        .bind(9, key.status);
    for (int i = 0; i < 10; ++i) add_rollup_.bind(10 + i, sums.values[i]);
    add_rollup_.run();
  }
}

void StoreWriter::trim(policy::Time keep_from) {
  // Whole hours, and the rollups last, so that records and rollups tell the
  // same story again once all that is too old is gone.
  const std::int64_t cut = ms_of(keep_from) / kHourMs * kHourMs;
  std::vector<std::pair<std::int64_t, UsageRecord>> old;
  old_records_.bind(1, cut).bind(2, trimmed_at_once_max);
  while (old_records_.next()) {
    Decoder decoder(old_records_.bytes(1));
    old.emplace_back(old_records_.number(0), decoder.record());
  }
  old_records_.reset();
  for (const auto& [sequence, record] : old) {
    drop_tags(record, sequence);
    drop_record_.bind(1, sequence).run();
  }
  if (std::ssize(old) < trimmed_at_once_max) drop_rollups_.bind(1, cut).run();
}

std::expected<void, std::string> StoreWriter::commit(Position position, policy::Time keep_from) {
  write_counters();
  write_holds();
  write_rollups();
  trim(keep_from);
  set_position_.bind(1, static_cast<std::int64_t>(position)).run();
  if (database_->ok()) database_->run("COMMIT");
  if (database_->ok()) {
    for (const auto& [id, entry] : holds_) {
      if (entry) {
        stored_holds_.insert(id);
      } else {
        stored_holds_.erase(id);
      }
    }
    return {};
  }
  std::string error = database_->take_error();
  abort();
  return std::unexpected(std::move(error));
}

void StoreWriter::abort() {
  database_->run("ROLLBACK");
  policy_sets_.clear();                        // some may have been rolled back
  static_cast<void>(database_->take_error());  // it may have rolled back by itself
}

}  // namespace budget::ledger
