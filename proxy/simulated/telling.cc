#include "proxy/simulated/telling.h"

#include <algorithm>

#include "proxy/simulated/text.h"
#include "proxy/wire/aws_frame.h"

namespace budget::simulated {
namespace {

constexpr std::size_t slice_bytes = 4;
// A long event is handed out in parts of about this many tokens.
constexpr std::int64_t part_tokens = 2048;

// The end of the slice that begins at `at`: never inside a UTF-8 character.
std::size_t slice_end(std::string_view text, std::size_t at, std::size_t bytes) {
  std::size_t end = std::min(text.size(), at + bytes);
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return end;
}

}  // namespace

std::int64_t Text::next(std::string& out, std::int64_t most) {
  std::int64_t steps = 0;
  if (Words* words = std::get_if<Words>(&source_)) {
    while (steps < most && words->next(out)) ++steps;
    return steps;
  }
  Fixed& fixed = std::get<Fixed>(source_);
  while (steps < most && fixed.at < fixed.text.size()) {
    const std::size_t end = slice_end(fixed.text, fixed.at, slice_bytes);
    put(out, Escaped{std::string_view(fixed.text).substr(fixed.at, end - fixed.at)});
    fixed.at = end;
    ++steps;
  }
  return steps;
}

void Text::append_all(std::string& out) const {
  if (const Words* words = std::get_if<Words>(&source_)) {
    Words copy = *words;
    while (copy.next(out)) {
    }
    return;
  }
  const Fixed& fixed = std::get<Fixed>(source_);
  put(out, Escaped{std::string_view(fixed.text).substr(fixed.at)});
}

std::int64_t Text::steps() const {
  if (const Words* words = std::get_if<Words>(&source_)) return words->left();
  const Fixed& fixed = std::get<Fixed>(source_);
  std::int64_t steps = 0;
  for (std::size_t at = fixed.at; at < fixed.text.size(); ++steps) {
    at = slice_end(fixed.text, at, slice_bytes);
  }
  return steps;
}

void EventList::add(std::string_view type, std::string payload) {
  items_.push_back(
      {Item::Kind::event, {.type = std::string(type), .before = std::move(payload)}, {}});
}

void EventList::tell(Told told, Text text) {
  items_.push_back({Item::Kind::told, std::move(told), std::move(text)});
}

void EventList::add_whole(std::string_view type, std::string before, Text text, std::string after) {
  items_.push_back(
      {Item::Kind::whole,
       {.type = std::string(type), .before = std::move(before), .after = std::move(after)},
       std::move(text)});
}

void EventList::raw(std::string bytes) {
  items_.push_back({Item::Kind::raw, {.before = std::move(bytes)}, {}});
}

bool EventList::next(std::string& out) {
  while (at_ < items_.size()) {
    Item& item = items_[at_];
    switch (item.kind) {
      case Item::Kind::event:
        ++at_;
        frame(item.told.type, item.told.before, out);
        return true;
      case Item::Kind::raw:
        ++at_;
        out += item.told.before;
        return true;
      case Item::Kind::told:
        if (tell_next(item, out)) return true;
        ++at_;
        break;
      case Item::Kind::whole:
        return whole_next(item, out);
    }
  }
  if (framing_ == Framing::json_array && !array_closed_) {
    array_closed_ = true;
    out += first_ ? "[]" : "]";
    return true;
  }
  return false;
}

bool EventList::tell_next(Item& item, std::string& out) {
  payload_.assign(item.told.before);
  const std::int64_t steps = item.text.next(payload_, item.told.tokens_each);
  if (steps == 0) return false;
  payload_ += item.told.after;
  for (Counter& counter : item.told.counters) {
    counter.value += steps;
    append(payload_, counter.label, counter.value);
  }
  payload_ += item.told.end;
  frame(item.told.type, payload_, out);
  return true;
}

bool EventList::whole_next(Item& item, std::string& out) {
  if (!inside_) {
    open(item.told.type, out);
    out += item.told.before;
  }
  inside_ = item.text.next(out, part_tokens) == part_tokens;
  if (!inside_) {
    out += item.told.after;
    close(out);
    ++at_;
  }
  return true;
}

void EventList::frame(std::string_view type, std::string_view payload, std::string& out) {
  switch (framing_) {
    case Framing::aws:
      out += wire::encode_event(type, payload);
      return;
    case Framing::aws_chunk: {
      std::string chunk = R"({"bytes":")";
      append_base64(chunk, payload);
      chunk += R"(","p":"abcdefgh"})";
      out += wire::encode_event("chunk", chunk);
      return;
    }
    default:
      open(type, out);
      out += payload;
      close(out);
  }
}

void EventList::open(std::string_view type, std::string& out) {
  switch (framing_) {
    case Framing::sse:
    case Framing::sse_crlf:
      out += "data: ";
      break;
    case Framing::sse_named:
      append(out, "event: ", type, "\ndata: ");
      break;
    case Framing::json_array:
      out += first_ ? "[" : ",\r\n";
      break;
    default:
      break;
  }
  first_ = false;
}

void EventList::close(std::string& out) const {
  switch (framing_) {
    case Framing::sse:
    case Framing::sse_named:
      out += "\n\n";
      break;
    case Framing::sse_crlf:
      out += "\r\n\r\n";
      break;
    case Framing::ndjson:
      out += '\n';
      break;
    default:
      break;
  }
}

}  // namespace budget::simulated
