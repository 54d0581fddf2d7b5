#include "proxy/wire/line_splitter.h"

#include <cstring>

#include "proxy/wire/limits.h"

namespace budget::wire {

std::size_t LineSplitter::line_end(std::string_view bytes) const {
  const auto* lf = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
  const std::size_t until =
      lf == nullptr ? bytes.size() : static_cast<std::size_t>(lf - bytes.data());
  if (lone_cr_) {
    const auto* cr = static_cast<const char*>(std::memchr(bytes.data(), '\r', until));
    if (cr != nullptr) return static_cast<std::size_t>(cr - bytes.data());
  }
  return lf == nullptr ? std::string_view::npos : until;
}

void LineSplitter::pass_on(std::string_view bytes, std::string* out) {
  if (out == nullptr) return;
  switch (last_fate_) {
    case LineFate::release:
      out->append(held_);
      held_.clear();
      out->append(bytes);
      break;
    case LineFate::hold:
      held_.append(bytes);
      if (held_.size() > event_bytes_max) {
        out->append(held_);
        held_.clear();
      }
      break;
    case LineFate::drop:
      break;
  }
}

void LineSplitter::give_up_line(std::string* out) {
  skipping_ = true;
  last_fate_ = LineFate::release;
  pass_on(partial_, out);
  partial_ = std::string();
  on_overflow();
}

void LineSplitter::keep_partial(std::string_view bytes, std::string* out) {
  if (!skipping_ && partial_.size() + bytes.size() > event_bytes_max) give_up_line(out);
  if (skipping_) {
    pass_on(bytes, out);
  } else {
    partial_.append(bytes);
  }
}

void LineSplitter::end_line(std::string_view line, std::size_t readable_behind,
                            std::string_view ending, EventSink& sink, std::string* out) {
  // The same bound for a line that comes whole, so that the split decides nothing.
  if (!skipping_ && partial_.size() + line.size() > event_bytes_max) give_up_line(out);
  if (skipping_) {
    skipping_ = false;
    pass_on(line, out);
    pass_on(ending, out);
    return;
  }
  if (partial_.empty()) {
    last_fate_ = on_line(line, readable_behind, sink);
    pass_on(line, out);
  } else {
    partial_.append(line);
    last_fate_ = on_line(partial_, partial_.capacity() - partial_.size(), sink);
    pass_on(partial_, out);
    partial_.clear();
  }
  pass_on(ending, out);
}

void LineSplitter::feed(std::string_view bytes, EventSink& sink, std::string* out) {
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        pass_on(bytes.substr(0, 1), out);
        bytes.remove_prefix(1);
        continue;
      }
    }
    const std::size_t end = line_end(bytes);
    if (end == std::string_view::npos) {
      keep_partial(bytes, out);
      return;
    }
    after_cr_ = bytes[end] == '\r';
    end_line(bytes.substr(0, end), bytes.size() - end, bytes.substr(end, 1), sink, out);
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish(EventSink& sink, std::string* out) {
  if (!partial_.empty()) end_line({}, 0, {}, sink, out);
  on_last_line(sink);
  last_fate_ = LineFate::release;
  pass_on({}, out);
}

}  // namespace budget::wire
