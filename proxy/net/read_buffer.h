// Bytes that have arrived and are not used yet.
#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace budget::net {

// A flat buffer that grows to a bound. Behind its unread bytes there are
// always `padding` bytes that may be read (simdjson wants them). Views into it
// hold until make_room() or consume_all() moves or frees the bytes.
class ReadBuffer {
 public:
  static constexpr std::size_t padding = 64;

  [[nodiscard]] std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  // Uses up the first `count` unread bytes. Moves nothing.
  void consume(std::size_t count) { begin_ += count; }

  // Moves the unread bytes to the front and makes room for at least `wanted`
  // more. Views become invalid.
  void make_room(std::size_t wanted) {
    const std::size_t unread_bytes = end_ - begin_;
    if (capacity_ >= unread_bytes + wanted) {
      std::memmove(data_.get(), data_.get() + begin_, unread_bytes);
    } else {
      std::size_t grown = capacity_ == 0 ? wanted : capacity_ * 2;
      if (grown < unread_bytes + wanted) grown = unread_bytes + wanted;
      auto data = std::make_unique_for_overwrite<char[]>(grown + padding);
      if (unread_bytes > 0) std::memcpy(data.get(), data_.get() + begin_, unread_bytes);
      data_ = std::move(data);
      capacity_ = grown;
    }
    begin_ = 0;
    end_ = unread_bytes;
  }

  // Where the next bytes may be read to.
  [[nodiscard]] boost::asio::mutable_buffer space() {
    return {data_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t count) { end_ += count; }

  // Gives the memory back when nothing is unread.
  void release_if_empty() {
    if (!empty()) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace budget::net
