// The part of the line-based framings that finds the lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/framing.h"

namespace budget::wire {

// What becomes of a line's bytes.
enum class LineFate : std::uint8_t {
  release,  // to the client, after what was held
  hold,     // undecided: kept behind what is held already
  drop,
};

// Cuts bytes into lines, holds back what is undecided, and keeps the bounds.
class LineSplitter : public Splitter {
 public:
  void feed(std::string_view bytes, EventSink& sink, std::string* out) final;
  void finish(EventSink& sink, std::string* out) final;

 protected:
  // `lone_cr`: a CR ends a line also without an LF behind it.
  explicit LineSplitter(bool lone_cr) : lone_cr_(lone_cr) {}

  // A whole line, without its end; `readable_behind` bytes after it may be read.
  [[nodiscard]] virtual LineFate on_line(std::string_view line, std::size_t readable_behind,
                                         EventSink& sink) = 0;
  // The last line has been given.
  virtual void on_last_line(EventSink& sink) = 0;
  // A line has grown beyond event_bytes_max and is passed on unread.
  virtual void on_overflow() = 0;

  // Forgets the bytes that are held: their event is dropped.
  void drop_held() { held_.clear(); }
  [[nodiscard]] bool holds() const { return !held_.empty(); }

 private:
  [[nodiscard]] std::size_t line_end(std::string_view bytes) const;
  void give_up_line(std::string* out);
  void keep_partial(std::string_view bytes, std::string* out);
  void end_line(std::string_view line, std::size_t readable_behind, std::string_view ending,
                EventSink& sink, std::string* out);
  void pass_on(std::string_view bytes, std::string* out);

  const bool lone_cr_;
  bool after_cr_ = false;  // an LF now belongs to the line before
  bool skipping_ = false;  // inside a line that is too long
  LineFate last_fate_ = LineFate::release;
  std::string partial_;  // a line whose end has not come
  std::string held_;     // whole lines, as received; only with `out`
};

}  // namespace budget::wire
