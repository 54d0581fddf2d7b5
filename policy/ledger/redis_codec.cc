#include "policy/ledger/redis_codec.h"

#include <hiredis/hiredis.h>

#include <charconv>
#include <new>
#include <vector>

namespace budget::ledger {

bool RedisValue::is_error() const {
  return reply_->type == REDIS_REPLY_ERROR;
}

bool RedisValue::is_nil() const {
  return reply_->type == REDIS_REPLY_NIL;
}

std::string_view RedisValue::text() const {
  switch (reply_->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      return {reply_->str, reply_->len};
    default:
      return {};
  }
}

std::int64_t RedisValue::integer() const {
  if (reply_->type == REDIS_REPLY_INTEGER) return reply_->integer;
  const std::string_view digits = text();
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::size_t RedisValue::size() const {
  return reply_->type == REDIS_REPLY_ARRAY ? reply_->elements : 0;
}

RedisValue RedisValue::at(std::size_t index) const {
  static const redisReply nil = [] {
    redisReply reply{};
    reply.type = REDIS_REPLY_NIL;
    return reply;
  }();
  return RedisValue(index < size() ? reply_->element[index] : &nil);
}

void RedisReply::Free::operator()(redisReply* reply) const {
  freeReplyObject(reply);
}

void RedisReader::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

RedisReader::RedisReader() : reader_(redisReaderCreate()) {
  if (!reader_) throw std::bad_alloc();
}

void RedisReader::feed(std::string_view bytes) {
  // What can fail here is told by next().
  static_cast<void>(redisReaderFeed(reader_.get(), bytes.data(), bytes.size()));
}

std::expected<std::optional<RedisReply>, std::string> RedisReader::next() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    return std::unexpected("Redis sent what is not its protocol: " + std::string(reader_->errstr));
  }
  if (!reply) return std::nullopt;
  return RedisReply(static_cast<redisReply*>(reply));
}

void append_command(std::string& out, std::span<const std::string_view> words) {
  std::vector<const char*> pointers;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    pointers.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const int size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()),
                                          pointers.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  const std::unique_ptr<char, decltype(&redisFreeCommand)> owned(formatted, &redisFreeCommand);
  out.append(formatted, static_cast<std::size_t>(size));
}

std::string redis_command(std::initializer_list<std::string_view> words) {
  std::string out;
  append_command(out, {words.begin(), words.size()});
  return out;
}

}  // namespace budget::ledger
