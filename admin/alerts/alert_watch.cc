#include "admin/alerts/alert_watch.h"

#include <iterator>
#include <utility>

namespace budget::admin {
namespace {

constexpr std::chrono::seconds sweep_every{30};
// Sums of a week are not asked for at every turn.
constexpr int turns_between_usage = 10;

}  // namespace

AlertWatch::AlertWatch(SweepParts parts, StateStore& state, EventSink& events,
                       Deliveries::Parts delivery_parts)
    : parts_(std::move(parts)),
      alerts_(parts_.clock, state, events, std::move(delivery_parts)),
      calls_(alerts_, parts_.clock) {
  refresh();
}

AlertWatch::~AlertWatch() {
  close();
}

void AlertWatch::start(const Background::OnError& on_error) {
  alerts_.start(on_error);
  background_ = std::make_unique<Background>(
      [this]() -> std::chrono::milliseconds {
        refresh();
        alerts_.raise_now(sweep_counters(parts_, alerts_.thresholds_ppm()));
        if (turns_++ % turns_between_usage == 0) alerts_.raise_now(sweep_usage(parts_));
        return sweep_every;
      },
      on_error);
}

void AlertWatch::close() {
  background_.reset();
  alerts_.close();
}

void AlertWatch::refresh() {
  calls_.set_thresholds(alerts_.thresholds_ppm());
}

std::vector<json::object> AlertWatch::check() {
  std::vector<Alert> due = sweep_counters(parts_, alerts_.thresholds_ppm());
  std::vector<Alert> unusual = sweep_usage(parts_);
  due.insert(due.end(), std::make_move_iterator(unusual.begin()),
             std::make_move_iterator(unusual.end()));
  return alerts_.raise_now(due);
}

}  // namespace budget::admin
