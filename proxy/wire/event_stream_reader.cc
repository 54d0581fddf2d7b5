#include "proxy/wire/event_stream_reader.h"

#include "proxy/wire/limits.h"

namespace budget::wire {

void EventStreamReader::feed(std::string_view bytes, std::string* out) {
  splitter_->feed(bytes, *this, out);
}

void EventStreamReader::finish(std::string* out) {
  splitter_->finish(*this, out);
  on_end();
}

std::string_view EventStreamReader::take_output_text() {
  taken_.swap(output_text_);
  output_text_.clear();
  return taken_;
}

void EventStreamReader::add_output_text(std::string_view text) {
  if (output_text_.size() + text.size() <= event_bytes_max) output_text_.append(text);
}

}  // namespace budget::wire
