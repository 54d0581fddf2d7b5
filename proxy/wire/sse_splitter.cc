#include <algorithm>
#include <utility>

#include "proxy/wire/framing.h"
#include "proxy/wire/limits.h"
#include "proxy/wire/line_splitter.h"

namespace budget::wire {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

class SseSplitter final : public LineSplitter {
 public:
  SseSplitter() : LineSplitter(true) {}

  // A client joins a further data line to those of an unfinished event.
  [[nodiscard]] std::string_view separator() const override { return in_event_ ? "\n" : ""; }

 private:
  LineFate on_line(std::string_view line, std::size_t readable_behind, EventSink& sink) override;
  void on_last_line(EventSink& sink) override { (void)report_joined(sink); }
  void on_overflow() override {
    joined_ = std::string();
    lines_ = 0;
    overflowed_ = true;
    in_event_ = true;
  }

  LineFate on_data(std::string_view data, std::size_t readable_behind, EventSink& sink);
  LineFate on_blank(EventSink& sink);
  Verdict report_joined(EventSink& sink);

  std::string name_;
  std::string joined_;     // data lines that were not understood by themselves
  std::size_t lines_ = 0;  // how many of them
  bool first_line_ = true;
  bool overflowed_ = false;  // the rest of this event is not read
  bool drop_blank_ = false;  // the blank line belongs to a dropped event
  bool in_event_ = false;    // lines of an event were passed on, its blank line was not
};

LineFate SseSplitter::on_line(std::string_view line, std::size_t readable_behind, EventSink& sink) {
  if (first_line_) {
    first_line_ = false;
    if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  }
  if (line.empty()) return on_blank(sink);
  if (line.front() == ':') return holds() ? LineFate::hold : LineFate::release;
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") return on_data(value, readable_behind, sink);
  if (field == "event" && value.size() <= event_bytes_max) {
    name_ = value;
    drop_blank_ = false;
  }
  return LineFate::hold;
}

LineFate SseSplitter::on_data(std::string_view data, std::size_t readable_behind, EventSink& sink) {
  if (overflowed_) return LineFate::release;
  drop_blank_ = false;
  if (lines_ == 0) {
    switch (sink.on_event({name_, data, readable_behind})) {
      case Verdict::keep:
        in_event_ = true;
        return LineFate::release;
      case Verdict::drop:
        drop_held();
        drop_blank_ = true;
        return LineFate::drop;
      case Verdict::unread:
        break;
    }
  }
  if (joined_.size() + data.size() >= event_bytes_max) {
    on_overflow();
    return LineFate::release;
  }
  if (lines_ > 0) joined_ += '\n';
  joined_ += data;
  ++lines_;
  return LineFate::hold;
}

LineFate SseSplitter::on_blank(EventSink& sink) {
  const bool drop = drop_blank_ || report_joined(sink) == Verdict::drop;
  drop_blank_ = false;
  overflowed_ = false;
  name_.clear();
  if (drop) {
    drop_held();
    return LineFate::drop;
  }
  in_event_ = false;
  return LineFate::release;
}

// Lines that belong together by the standard; if they make no sense so, each
// for itself, for a server that puts no blank line between its events.
Verdict SseSplitter::report_joined(EventSink& sink) {
  if (lines_ == 0) return Verdict::keep;
  const std::string joined = std::exchange(joined_, {});
  if (std::exchange(lines_, 0) == 1) return Verdict::unread;  // was asked about already
  const Verdict verdict = sink.on_event({name_, joined, joined.capacity() - joined.size()});
  if (verdict != Verdict::unread) return verdict;
  std::string_view rest = joined;
  for (bool first = true; !rest.empty(); first = false) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    // The first was asked about when it came; the others are passed on whatever
    // is said of them: they cannot be taken out of the middle any more.
    if (!first) (void)sink.on_event({name_, rest.substr(0, end), rest.size() - end});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return Verdict::keep;
}

}  // namespace

std::unique_ptr<Splitter> make_sse_splitter() {
  return std::make_unique<SseSplitter>();
}

}  // namespace budget::wire
