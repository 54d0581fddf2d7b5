// Redis's protocol (RESP2) as bytes; hiredis does the work, no socket in sight
// (docs/decisions/0009-hiredis-as-codec.md).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct redisReply;
struct redisReader;

namespace budget::ledger {

// Looks at a reply, or at a part of one, that somebody else owns.
class RedisValue {
 public:
  explicit RedisValue(const redisReply* reply) : reply_(reply) {}

  [[nodiscard]] bool is_error() const;
  [[nodiscard]] bool is_nil() const;
  // Of strings, statuses and errors; else "".
  [[nodiscard]] std::string_view text() const;
  // An integer, or text that is one; else 0.
  [[nodiscard]] std::int64_t integer() const;
  // Of an array; else 0.
  [[nodiscard]] std::size_t size() const;
  // Nil beyond the end: what a peer sent is not trusted to be long enough.
  [[nodiscard]] RedisValue at(std::size_t index) const;

 private:
  const redisReply* reply_;
};

// One reply, owned.
class RedisReply {
 public:
  explicit RedisReply(redisReply* reply) : reply_(reply) {}
  [[nodiscard]] RedisValue value() const { return RedisValue(reply_.get()); }

 private:
  struct Free {
    void operator()(redisReply* reply) const;
  };
  std::unique_ptr<redisReply, Free> reply_;
};

// Cuts a stream of bytes into replies. Not thread-safe.
class RedisReader {
 public:
  RedisReader();

  void feed(std::string_view bytes);
  // The next whole reply; nullopt when more bytes are needed. After an error,
  // which is one sentence, the reader is of no more use.
  [[nodiscard]] std::expected<std::optional<RedisReply>, std::string> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
};

// Appends a command to what is to be sent.
void append_command(std::string& out, std::span<const std::string_view> words);
[[nodiscard]] std::string redis_command(std::initializer_list<std::string_view> words);

}  // namespace budget::ledger
