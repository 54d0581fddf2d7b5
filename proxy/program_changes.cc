// What of the program changes while it runs: the configuration, the API's
// policies, the prices.
#include <chrono>
#include <utility>

#include "proxy/config_notes.h"
#include "proxy/program.h"
#include "proxy/program_views.h"

namespace budget {

namespace {

constexpr std::chrono::milliseconds file_check{500};

std::string join(const policy::ProblemList& problems) {
  std::string text;
  for (const policy::ConfigProblem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += problem.to_string();
  }
  return text;
}

}  // namespace

std::filesystem::file_time_type Program::time_of(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::last_write_time(file, ignored);
}

// Without its lock there could be two, and the older one last.
void Program::policies_changed() {
  const std::lock_guard lock(change_mutex_);
  if (opened_) put_in_force(snapshot_, Providers::same);
}

// Calls under way keep the snapshot that they were admitted with, hence their
// prices.
void Program::use_catalog(std::shared_ptr<const pricing::Catalog> catalog) {
  const std::lock_guard lock(change_mutex_);
  if (opened_) {
    put_in_force(pipeline::with_catalog(*snapshot_, std::move(catalog)), Providers::same);
  } else {
    stored_catalog_ = std::move(catalog);
  }
}

// By value: it may be snapshot_ itself, which is replaced.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Program::put_in_force(std::shared_ptr<const pipeline::Snapshot> base, Providers providers) {
  auto merged = admin_->merge_policies(base->config.policies, policy_context(base->config));
  auto next = pipeline::with_policies(*base, merged->in_force);
  if (next) {
    snapshot_ = std::move(*next);
    merged_ = std::move(merged);
    policies_error_.clear();
    tell_skipped(*merged_);
    for (auto& worker : workers_) {
      if (providers == Providers::same) worker->replace_policies(snapshot_);
      if (providers == Providers::replaced) worker->replace(snapshot_);
    }
  } else {
    // Every part was checked on its own, so this is a defect of ours: what was in
    // force stays so, and /health tells.
    policies_error_ = next.error();
    log_.error(LogModule::config, "policies_refused", {{"why", policies_error_}});
  }
  if (snapshot_) publish();
}

// Once for each change of what is skipped.
void Program::tell_skipped(const admin::MergedPolicies& merged) {
  std::vector<std::string> now;
  for (const auto* all : {&merged.skipped_budgets, &merged.skipped_policies}) {
    for (const admin::SkippedPolicy& each : *all) now.push_back(each.id + ": " + each.why);
  }
  if (now == skipped_told_) return;
  skipped_told_ = std::move(now);
  for (const std::string& what : skipped_told_)
    log_.error(LogModule::config, "policy_skipped", {{"what", what}});
}

void Program::watch_file() {
  file_timer_.expires_after(file_check);
  file_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    if (time_of(config_file_) != config_time_) reload();
    watch_file();
  });
}

// A configuration that does not validate is refused whole.
void Program::reload() {
  config_time_ = time_of(config_file_);
  auto config = load_config(config_file_);
  const std::lock_guard lock(change_mutex_);
  if (!config) {
    config_error_ = join(config.error());
  } else {
    const std::vector<std::string> late = need_restart(started_with_, *config);
    auto snapshot =
        pipeline::make_snapshot(std::move(*config), snapshot_->catalog, snapshot_.get());
    if (snapshot) {
      for (const std::string& key : late)
        log_.warn(LogModule::config, "needs_restart", {{"key", key}});
      config_error_.clear();
      log_.set_levels((*snapshot)->config.telemetry.log);
      put_in_force(std::move(*snapshot), Providers::replaced);
      admin_->config_changed();
      if (policies_error_.empty())
        log_.info(LogModule::config, "config_reloaded", {{"file", config_file_}});
      return;
    }
    config_error_ = snapshot.error();
  }
  log_.error(LogModule::config, "config_refused", {{"file", config_file_}, {"why", config_error_}});
  publish();
}

void Program::publish() {
  auto view =
      view_of(*snapshot_, config_error_, draining_, workers_.size(), merged_, policies_error_);
  auto channels = alert_channels_of(snapshot_->config);
  const std::lock_guard lock(view_mutex_);
  view_ = std::move(view);
  alert_channels_ = std::move(channels);
}

}  // namespace budget
