// Reads a response's usage as its bytes pass.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "pricing/tokens/count.h"
#include "proxy/net/http_parser.h"
#include "proxy/pipeline/call.h"
#include "proxy/wire/content_decoder.h"
#include "proxy/wire/format.h"

namespace budget::pipeline {

// One call's. Sees every body byte once, in order.
class Meter {
 public:
  Meter(const Call& call, const net::Head& response);

  // Whether events can be held back and dropped: not in a compressed body,
  // whose original bytes must pass.
  [[nodiscard]] bool can_filter() const { return !encoded_; }

  // As ResponseReader::feed and finish. `out` only where can_filter().
  void feed(std::string_view bytes, std::string* out);
  void finish(std::string* out);

  // What has gone to the client of what was fed. A stream may be cut in front
  // of a burst that was read and not relayed, and what ends it must fit what the
  // client has seen. REQUIRES: can_filter(). Costs nothing but where a cut may come.
  void relayed(std::string_view bytes);

  [[nodiscard]] const wire::Reading& reading() const { return reader_->reading(); }
  // As ResponseReader::cut_ending, after what has been relayed.
  [[nodiscard]] std::string cut_ending(const pricing::Usage& usage) const {
    return (shown_ ? shown_ : reader_)->cut_ending(usage);
  }
  // Output tokens by our own count so far: exact for OpenAI's encodings to
  // within a seam every few kilobytes, an estimate for others. Counting is
  // left until this is asked: few answers need it, as most report their usage.
  [[nodiscard]] pricing::Tokens counted_output();
  // Whether something passed that could not be read, so that the count above
  // says nothing: an unknown or broken coding, a body that is not what its
  // content type says.
  [[nodiscard]] bool unreadable() const { return undecoded_ || reading().malformed; }

 private:
  void read(std::string_view bytes, std::string* out);
  void keep_output_text();
  void count();

  pricing::Encoding encoding_;
  std::unique_ptr<wire::ResponseReader> reader_;
  std::unique_ptr<wire::ResponseReader> shown_;  // reads what the client sees; null: no cut
  std::string discarded_;
  std::unique_ptr<wire::ContentDecoder> decoder_;  // null: nothing to decode
  bool encoded_ = false;
  bool undecoded_ = false;
  std::string uncounted_;  // output text that counted_output_ lacks
  pricing::Tokens counted_output_;
};

// Whether an answer is a stream of events, by its content type.
[[nodiscard]] bool is_event_stream(std::string_view content_type);

}  // namespace budget::pipeline
