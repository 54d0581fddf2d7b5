#include "proxy/net/read_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace budget::net {
namespace {

void put(ReadBuffer& buffer, std::string_view bytes) {
  buffer.make_room(bytes.size());
  ASSERT_GE(buffer.space().size(), bytes.size());
  std::memcpy(buffer.space().data(), bytes.data(), bytes.size());
  buffer.commit(bytes.size());
}

TEST(ReadBuffer, KeepsWhatIsUnreadWhateverIsAddedAndUsed) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  ReadBuffer buffer;
  std::string model;
  for (int round = 0; round < 2'000; ++round) {
    const std::string bytes(random() % 300, static_cast<char>('a' + round % 26));
    if (!bytes.empty()) put(buffer, bytes);
    model += bytes;
    const std::size_t used = model.empty() ? 0 : random() % (model.size() + 1);
    buffer.consume(used);
    model.erase(0, used);
    ASSERT_EQ(buffer.unread(), model);
    if (round % 7 == 0) buffer.release_if_empty();
  }
}

TEST(ReadBuffer, LetsSomeBytesBehindTheUnreadOnesBeRead) {
  ReadBuffer buffer;
  put(buffer, "abc");
  const char* const behind = buffer.unread().data() + buffer.unread().size();
  unsigned sum = 0;
  // AddressSanitizer would object to one byte more than was promised.
  for (std::size_t i = 0; i < ReadBuffer::padding; ++i) {
    std::memset(const_cast<char*>(behind) + i, 0, 1);
    sum += static_cast<unsigned char>(behind[i]);
  }
  EXPECT_EQ(sum, 0U);
}

TEST(ReadBuffer, ConsumingMovesNothing) {
  ReadBuffer buffer;
  put(buffer, "head|body");
  const std::string_view head = buffer.unread().substr(0, 4);
  buffer.consume(5);
  EXPECT_EQ(head, "head");
  EXPECT_EQ(buffer.unread(), "body");
}

}  // namespace
}  // namespace budget::net
