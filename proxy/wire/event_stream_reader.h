// What the readers of all formats share: a splitter, the reading, the text.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "proxy/wire/format.h"
#include "proxy/wire/framing.h"

namespace budget::wire {

// A format's reader implements on_event() and cut_ending(), and on_end() where
// the end of the body says something; the rest of ResponseReader is here.
class EventStreamReader : public ResponseReader, protected EventSink {
 public:
  void feed(std::string_view bytes, std::string* out) final;
  void finish(std::string* out) final;
  [[nodiscard]] const Reading& reading() const final { return reading_; }
  [[nodiscard]] std::string_view take_output_text() final;

 protected:
  explicit EventStreamReader(std::unique_ptr<Splitter> splitter) : splitter_(std::move(splitter)) {}

  // Called once, after the last event.
  virtual void on_end() {}

  // Adds to what take_output_text() gives. Beyond event_bytes_max of text that
  // nobody took, more is not kept.
  void add_output_text(std::string_view text);
  // To stand in front of cut_ending()'s first event.
  [[nodiscard]] std::string_view separator() const { return splitter_->separator(); }

  Reading reading_;

 private:
  std::unique_ptr<Splitter> splitter_;
  std::string output_text_;
  std::string taken_;
};

}  // namespace budget::wire
