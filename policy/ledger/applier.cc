#include "policy/ledger/applier.h"

#include <utility>

#include "policy/ledger/limits.h"

namespace budget::ledger {
namespace {

constexpr std::chrono::minutes kTrimInterval{1};  // while nothing happens

}  // namespace

Applier::Applier(Journal& journal, std::unique_ptr<StoreWriter> writer, const policy::Clock& clock,
                 Options options)
    : journal_(journal),
      writer_(std::move(writer)),
      clock_(clock),
      options_(std::move(options)),
      position_(writer_->position()) {
  thread_ = std::thread([this] { run(); });
}

Applier::~Applier() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  progress_.notify_all();
  thread_.join();
}

std::expected<void, std::string> Applier::barrier() {
  const Position target = journal_.head();
  std::unique_lock lock(mutex_);
  if (position() >= target) return {};
  wanted_ = std::max(wanted_, target);
  wake_.notify_all();
  // A round that began before this call may not have seen it; the one after
  // that has, and so its error is an answer.
  const std::uint64_t answered = rounds_ + 2;
  progress_.wait(lock, [&] { return position() >= target || rounds_ >= answered || stopping_; });
  if (position() >= target) return {};
  return std::unexpected(error_.empty() ? "the journal cannot be written" : error_);
}

void Applier::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, options_.interval, [this] { return stopping_ || wanted_ > position(); });
    if (stopping_) return;
    lock.unlock();
    journal_.write_out();
    bool more = apply_batch();
    lock.lock();
    while (more && !stopping_) {
      progress_.notify_all();
      lock.unlock();
      more = apply_batch();
      lock.lock();
    }
    ++rounds_;
    progress_.notify_all();
    // After a failure, not at once again, however many wait.
    if (!error_.empty() || journal_.failing()) {
      wake_.wait_for(lock, options_.interval, [this] { return stopping_; });
    }
  }
}

std::expected<Position, std::string> Applier::gather() {
  return journal_.read(position(), batch_bytes_max, [this](std::string_view payload, Position) {
    return writer_->apply(payload);
  });
}

bool Applier::apply_batch() {
  // With nothing to apply, only what has grown too old is looked for, and that
  // seldom.
  const bool idle = position() >= journal_.written();
  const auto started = std::chrono::steady_clock::now();
  if (idle && started - trimmed_at_ < kTrimInterval) return false;
  trimmed_at_ = started;
  writer_->begin();
  const auto end = idle ? position() : gather();
  const auto keep_from = clock_.now() - options_.usage_retention;
  auto done =
      end ? writer_->commit(*end, std::chrono::time_point_cast<policy::Time::duration>(keep_from))
          : std::unexpected(end.error());
  if (!end) writer_->abort();
  if (!done) {
    set_error(std::move(done.error()));
    return false;
  }
  set_error("");
  journal_.drop_before(*end);
  position_.store(*end, std::memory_order_release);
  if (options_.applied) options_.applied();
  return !idle;
}

void Applier::set_error(std::string error) {
  const std::scoped_lock lock(mutex_);
  if (error_ == error) return;
  error_ = std::move(error);
  if (options_.log) {
    options_.log(error_.empty() ? std::string("usage records are being stored again")
                                : "usage records cannot be stored for now: " + error_);
  }
}

}  // namespace budget::ledger
