// The parts of the Redis ledger that need no Redis.
#include <gtest/gtest.h>

#include "policy/ledger/message_pack.h"
#include "policy/ledger/percent.h"
#include "policy/ledger/redis_address.h"
#include "policy/ledger/redis_clock.h"
#include "policy/ledger/redis_codec.h"
#include "policy/ledger/redis_greeting.h"

namespace budget::ledger {
namespace {

struct UrlCase {
  const char* url;
  const char* printable;  // "" when it must be refused
  const char* user = "";
  const char* password = "";
};

TEST(RedisUrl, SaysWhereAndAsWhom) {
  const UrlCase cases[] = {
      {"redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"},
      {"redis://", "redis://127.0.0.1:6379/0"},
      {"redis://db.example", "redis://db.example:6379/0"},
      {"rediss://u:p%40ss@db.example:6380/3", "rediss://db.example:6380/3", "u", "p@ss"},
      {"redis://:secret@db.example", "redis://db.example:6379/0", "", "secret"},
      {"redis://[::1]:7000/2", "redis://[::1]:7000/2"},
      {"redis://[::1]", "redis://[::1]:6379/0"},
      {"unix:///run/redis.sock", "unix:///run/redis.sock"},
      {"unix://u:p@/run/redis.sock?db=4", "unix:///run/redis.sock", "u", "p"},
      {"http://127.0.0.1", ""},
      {"127.0.0.1:6379", ""},
      {"redis://host:0", ""},
      {"redis://host:65536", ""},
      {"redis://host:1x", ""},
      {"redis://[::1", ""},
      {"redis://host/first", ""},
      {"redis://host/-1", ""},
      {"redis://u:%4@host", ""},
      {"unix://relative.sock", ""},
      {"unix:///run/redis.sock?database=4", ""},
  };
  for (const UrlCase& each : cases) {
    SCOPED_TRACE(each.url);
    const auto address = parse_redis_url(each.url);
    ASSERT_EQ(address.has_value(), each.printable[0] != '\0');
    if (!address) continue;
    EXPECT_EQ(address->printable(), each.printable);
    EXPECT_EQ(address->user, each.user);
    EXPECT_EQ(address->password, each.password);
  }
  EXPECT_EQ(parse_redis_url("unix:///s?db=4")->database, 4);
}

TEST(RedisUrl, ErrorQuotesNoSecret) {
  const auto address = parse_redis_url("redis://user:hunter2@host:port");
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().find("hunter2"), std::string::npos);
}

TEST(Percent, IsDecodedOrRefused) {
  EXPECT_EQ(percent_decoded("a%2Fb%2f"), "a/b/");
  EXPECT_EQ(percent_decoded(""), "");
  EXPECT_FALSE(percent_decoded("%2"));
  EXPECT_FALSE(percent_decoded("%"));
  EXPECT_FALSE(percent_decoded("%zz"));
}

TEST(RedisCodec, CutsRepliesWhereverTheBytesAreCut) {
  const std::string bytes = "*3\r\n:-7\r\n$4\r\na\r\nb\r\n$-1\r\n-ERR no\r\n+OK\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RedisReader reader;
    std::vector<RedisReply> replies;
    for (const auto& part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      reader.feed(part);
      for (;;) {
        auto reply = reader.next();
        ASSERT_TRUE(reply);
        if (!*reply) break;
        replies.push_back(std::move(**reply));
      }
    }
    ASSERT_EQ(replies.size(), 3u);
    ASSERT_EQ(replies[0].value().size(), 3u);
    EXPECT_EQ(replies[0].value().at(0).integer(), -7);
    EXPECT_EQ(replies[0].value().at(1).text(), "a\r\nb");
    EXPECT_TRUE(replies[0].value().at(2).is_nil());
    EXPECT_TRUE(replies[1].value().is_error());
    EXPECT_EQ(replies[2].value().text(), "OK");
  }
}

TEST(RedisCodec, SaysSoWhenThePeerSpeaksSomethingElse) {
  RedisReader reader;
  reader.feed("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_FALSE(reader.next());
}

TEST(RedisCodec, WritesWordsWithAnyBytes) {
  const std::string word("a\0b", 3);
  EXPECT_EQ(redis_command({"GET", word}), std::string("*2\r\n$3\r\nGET\r\n$3\r\na\0b\r\n", 22));
}

TEST(MessagePack, WritesEachKindInItsShortestForm) {
  Packer out;
  out.array(2);
  out.integer(5);
  out.integer(-1);
  out.boolean(true);
  out.text("ab");
  out.integer(300);
  out.integer(70'000);
  EXPECT_EQ(out.bytes(), std::string("\x92\x05\xD3\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xC3\xA2"
                                     "ab\xCD\x01\x2C\xCE\x00\x01\x11\x70",
                                     23));
}

TEST(RedisGreeting, NamesWhatIsWrongWithAServer) {
  const std::string good =
      "# Server\r\nredis_version:7.0.15\r\n# Persistence\r\nloading:0\r\n# Memory\r\n"
      "maxmemory_policy:noeviction\r\n# Replication\r\nrole:master\r\n";
  EXPECT_TRUE(fit_for_ledger(good));
  const auto with = [&good](const std::string& from, const std::string& to) {
    std::string info = good;
    info.replace(info.find(from), from.size(), to);
    const auto fit = fit_for_ledger(info);
    return fit ? std::string("fit") : fit.error();
  };
  EXPECT_EQ(with("7.0.15", "6.2.0"), "fit");
  EXPECT_EQ(with("7.0.15", "10.1"), "fit");
  EXPECT_TRUE(with("7.0.15", "6.0.16").starts_with("Redis 6.0.16 is too old"));
  EXPECT_TRUE(with("noeviction", "allkeys-lru").contains("maxmemory-policy allkeys-lru"));
  EXPECT_TRUE(with("role:master", "role:slave").contains("read-only replica"));
  EXPECT_TRUE(with("loading:0", "loading:1").contains("loading"));
  EXPECT_FALSE(fit_for_ledger(""));
}

TEST(RedisClock, MovesNoFurtherThanItMust) {
  RedisClock clock;
  const auto ms = [](std::int64_t n) { return policy::Time(std::chrono::milliseconds(n)); };
  clock.saw(ms(5'000), ms(4'990), ms(5'010));  // possible as it is
  EXPECT_EQ(clock.offset_ms(), 0);
  clock.saw(ms(9'000), ms(5'000), ms(5'020));  // at least 3,980 ahead
  EXPECT_EQ(clock.offset_ms(), 3'980);
  clock.saw(ms(9'000), ms(5'000), ms(5'001));
  EXPECT_EQ(clock.offset_ms(), 3'999);
  clock.saw(ms(1'000), ms(2'000), ms(2'004));
  EXPECT_EQ(clock.offset_ms(), -999);
  clock.saw(ms(1'000), ms(2'000), ms(1'000));  // the machine's clock was set back
  EXPECT_EQ(clock.offset_ms(), -999);
}

}  // namespace
}  // namespace budget::ledger
