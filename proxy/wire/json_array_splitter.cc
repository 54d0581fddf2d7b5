#include "proxy/wire/framing.h"
#include "proxy/wire/limits.h"

namespace budget::wire {
namespace {

class JsonArraySplitter final : public Splitter {
 public:
  void feed(std::string_view bytes, EventSink& sink, std::string* out) override;
  void finish(EventSink& sink, std::string* out) override;

  // The comma is passed on together with the element that it precedes, so one
  // more element needs its own.
  [[nodiscard]] std::string_view separator() const override {
    if (!in_array_) return "[";
    return elements_ > 0 ? "," : "";
  }

 private:
  void give_up_element(std::string* out);
  void keep(std::string_view bytes, std::string* out);
  void end_element(std::string_view bytes, std::size_t readable_behind, EventSink& sink,
                   std::string* out);
  // Moves `at` to the byte behind the element that it is in; false: not here.
  [[nodiscard]] bool skip_element(std::string_view bytes, std::size_t& at);

  std::string between_;  // commas and white space before the element; only with `out`
  std::string element_;  // the element so far, of earlier feeds
  std::uint64_t elements_ = 0;
  std::size_t depth_ = 0;  // of brackets inside the element; 0: between elements
  bool in_array_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  bool overflowed_ = false;  // the element is too long and passes unread
};

bool JsonArraySplitter::skip_element(std::string_view bytes, std::size_t& at) {
  for (; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && --depth_ == 0) {
      ++at;
      return true;
    }
  }
  return false;
}

void JsonArraySplitter::give_up_element(std::string* out) {
  if (out != nullptr) out->append(between_).append(element_);
  overflowed_ = true;
  between_.clear();
  element_ = std::string();
}

void JsonArraySplitter::keep(std::string_view bytes, std::string* out) {
  if (!overflowed_ && element_.size() + bytes.size() > event_bytes_max) give_up_element(out);
  if (!overflowed_) {
    element_.append(bytes);
  } else if (out != nullptr) {
    out->append(bytes);
  }
}

void JsonArraySplitter::end_element(std::string_view bytes, std::size_t readable_behind,
                                    EventSink& sink, std::string* out) {
  // The same bound for an element that comes whole, so that the split decides nothing.
  if (!overflowed_ && element_.size() + bytes.size() > event_bytes_max) give_up_element(out);
  if (overflowed_) {
    if (out != nullptr) out->append(bytes);
  } else {
    if (!element_.empty()) {
      element_.append(bytes);
      bytes = element_;
      readable_behind = element_.capacity() - element_.size();
    }
    // Never dropped: what stands around it would no longer fit.
    (void)sink.on_event({{}, bytes, readable_behind});
    if (out != nullptr) out->append(between_).append(bytes);
  }
  overflowed_ = false;
  between_.clear();
  element_.clear();
  ++elements_;
}

void JsonArraySplitter::feed(std::string_view bytes, EventSink& sink, std::string* out) {
  while (!bytes.empty()) {
    if (depth_ == 0) {
      const char c = bytes.front();
      if (c == '{' || (c == '[' && in_array_)) {
        // An element begins; its own bracket is counted below.
      } else {
        const bool opens = c == '[';
        in_array_ = in_array_ || opens;
        const bool held = c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
        // White space before the array, and after it, has nothing to wait for.
        if (out != nullptr) {
          if (held && in_array_ && between_.size() < event_bytes_max) {
            between_ += c;
          } else {
            out->append(between_);
            between_.clear();
            *out += c;
          }
        }
        bytes.remove_prefix(1);
        continue;
      }
    }
    std::size_t end = 0;
    if (!skip_element(bytes, end)) {
      keep(bytes, out);
      return;
    }
    end_element(bytes.substr(0, end), bytes.size() - end, sink, out);
    bytes.remove_prefix(end);
  }
}

void JsonArraySplitter::finish(EventSink&, std::string* out) {
  if (out != nullptr) out->append(between_).append(element_);
  between_.clear();
  element_.clear();
}

}  // namespace

std::unique_ptr<Splitter> make_json_array_splitter() {
  return std::make_unique<JsonArraySplitter>();
}

}  // namespace budget::wire
