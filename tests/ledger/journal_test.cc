#include "policy/ledger/journal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include "policy/ledger/crc32c.h"
#include "tests/ledger/embedded_under_test.h"

namespace budget::ledger {
namespace {

namespace fs = std::filesystem;

struct Opened {
  std::unique_ptr<Journal> journal;
  std::string error;
  std::shared_ptr<std::vector<std::string>> log = std::make_shared<std::vector<std::string>>();
};

Opened open_in(const std::string& folder, std::size_t segment_bytes = 1u << 20,
               std::size_t ring_bytes = 8192, Position from = 0) {
  Opened opened;
  JournalOptions options;
  options.folder = folder;
  options.sync = std::chrono::hours(1);  // only when a test says so
  options.ring_bytes = ring_bytes;
  options.segment_bytes = segment_bytes;
  options.log = [log = opened.log](std::string_view text) { log->emplace_back(text); };
  auto journal = Journal::open(std::move(options), from);
  if (journal) {
    opened.journal = std::move(*journal);
  } else {
    opened.error = journal.error();
  }
  return opened;
}

std::vector<std::string> frames_of(Journal& journal) {
  std::vector<std::string> frames;
  Position position = 0;
  while (position < journal.head()) {
    const auto next = journal.read(position, 1000, [&](std::string_view payload, Position) {
      frames.emplace_back(payload);
      return true;
    });
    EXPECT_TRUE(next) << next.error();
    if (!next || *next == position) break;
    position = *next;
  }
  return frames;
}

std::string frame(int n) {
  return "frame " + std::to_string(n) + std::string(20, '.');
}

std::string segment_in(const std::string& folder) {
  std::string last;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() == ".log") last = std::max(last, file.path().string());
  }
  return last;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Takes away what the ring could mend a segment with, but for what it says is
// durable: as a power loss may.
void empty_ring(const std::string& folder) {
  std::string ring = read_file(folder + "/journal.ring");
  std::fill(ring.begin() + 4096, ring.end(), '\0');
  write_file(folder + "/journal.ring", ring);
}

// A folder with ten frames in its segment file, made durable or not, then
// killed.
void write_ten(const std::string& folder, bool durable) {
  Opened opened = open_in(folder);
  ASSERT_TRUE(opened.journal) << opened.error;
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(opened.journal->append(frame(i), Journal::Need::may_fail));
  opened.journal->write_out();
  if (durable) ASSERT_TRUE(opened.journal->sync());
  opened.journal->abandon();
}

std::vector<std::string> first_frames(int count) {
  std::vector<std::string> frames;
  for (int i = 0; i < count; ++i) frames.push_back(frame(i));
  return frames;
}

constexpr std::size_t kFrameBytes = 8 + 27;  // header, then frame(0..9)

TEST(Crc32c, MatchesThePublishedVectorWithAndWithoutTheInstruction) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c_portable("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789"));
}

TEST(Journal, KeepsFramesThroughLapsOfTheRingAndRollsOfTheSegments) {
  const TemporaryFolder folder;
  std::vector<std::string> expected;
  {
    Opened opened = open_in(folder.path(), 4096);
    ASSERT_TRUE(opened.journal) << opened.error;
    for (int i = 0; i < 2000; ++i) {
      expected.push_back(frame(i) + std::string(static_cast<std::size_t>(i % 97), 'x'));
      ASSERT_TRUE(opened.journal->append(expected.back(), Journal::Need::may_fail));
    }
    opened.journal->write_out();
    EXPECT_EQ(frames_of(*opened.journal), expected);
  }
  Opened again = open_in(folder.path(), 4096);
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_EQ(frames_of(*again.journal), expected);
  EXPECT_TRUE(again.log->empty());
}

TEST(Journal, FramesThatOnlyTheRingHoldsSurviveAKill) {
  const TemporaryFolder folder;
  {
    Opened opened = open_in(folder.path());
    ASSERT_TRUE(opened.journal);
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(opened.journal->append(frame(i), Journal::Need::may_fail));
    opened.journal->abandon();
    EXPECT_EQ(read_file(segment_in(folder.path())).size(), 0u);
  }
  Opened again = open_in(folder.path());
  ASSERT_TRUE(again.journal) << again.error;
  EXPECT_EQ(frames_of(*again.journal), first_frames(5));
}

TEST(Journal, TailTornAnywhereInTheLastFrameIsDroppedAndSaid) {
  const TemporaryFolder origin;
  write_ten(origin.path(), false);
  empty_ring(origin.path());
  const std::string whole = read_file(segment_in(origin.path()));
  ASSERT_EQ(whole.size(), 10 * kFrameBytes);
  for (std::size_t cut = 9 * kFrameBytes; cut < whole.size(); ++cut) {
    for (const bool truncated : {true, false}) {
      SCOPED_TRACE((truncated ? "cut at " : "bit flipped at ") + std::to_string(cut));
      const TemporaryFolder folder;
      fs::copy(origin.path(), folder.path());
      std::string damaged = whole;
      if (truncated) {
        damaged.resize(cut);
      } else {
        damaged[cut] = static_cast<char>(damaged[cut] ^ 4);
      }
      write_file(segment_in(folder.path()), damaged);
      Opened opened = open_in(folder.path());
      ASSERT_TRUE(opened.journal) << opened.error;
      EXPECT_EQ(frames_of(*opened.journal), first_frames(9));
      EXPECT_EQ(opened.log->size(), cut == 9 * kFrameBytes && truncated ? 0u : 1u);
      // And it goes on from there.
      ASSERT_TRUE(opened.journal->append(frame(9), Journal::Need::may_fail));
      ASSERT_TRUE(opened.journal->sync());
      EXPECT_EQ(frames_of(*opened.journal), first_frames(10));
    }
  }
}

TEST(Journal, RingMendsWhatTheSegmentLost) {
  for (const bool durable : {true, false}) {
    const TemporaryFolder folder;
    write_ten(folder.path(), durable);
    std::string damaged = read_file(segment_in(folder.path()));
    damaged[4 * kFrameBytes + 11] = '#';
    write_file(segment_in(folder.path()), damaged);
    Opened opened = open_in(folder.path());
    ASSERT_TRUE(opened.journal) << opened.error;
    EXPECT_EQ(frames_of(*opened.journal), first_frames(10));
  }
}

TEST(Journal, DamagedBodyIsAnErrorThatNamesFileAndOffset) {
  const TemporaryFolder origin;
  write_ten(origin.path(), true);
  empty_ring(origin.path());
  const std::string whole = read_file(segment_in(origin.path()));
  for (std::size_t at_byte = 0; at_byte < whole.size(); at_byte += 7) {
    const TemporaryFolder folder;
    fs::copy(origin.path(), folder.path());
    std::string damaged = whole;
    damaged[at_byte] = static_cast<char>(damaged[at_byte] ^ 1);
    const std::string path = segment_in(folder.path());
    write_file(path, damaged);
    const Opened opened = open_in(folder.path());
    EXPECT_FALSE(opened.journal);
    const std::string offset = std::to_string(at_byte / kFrameBytes * kFrameBytes);
    EXPECT_EQ(opened.error, path + " is damaged at offset " + offset);
    EXPECT_EQ(read_file(path), damaged) << "evidence must stay as it is";
  }
}

TEST(Journal, DurableFramesThatAreMissingAreAnError) {
  const TemporaryFolder folder;
  write_ten(folder.path(), true);
  empty_ring(folder.path());
  const std::string path = segment_in(folder.path());
  fs::resize_file(path, 5 * kFrameBytes);
  const Opened opened = open_in(folder.path());
  EXPECT_FALSE(opened.journal);
  EXPECT_NE(opened.error.find("durable"), std::string::npos) << opened.error;
}

TEST(Journal, DamageIsNotTakenForATornTailWhenTheRingIsGone) {
  const TemporaryFolder folder;
  write_ten(folder.path(), true);
  fs::remove(folder.path() + "/journal.ring");
  const std::string path = segment_in(folder.path());
  std::string damaged = read_file(path);
  damaged[3 * kFrameBytes + 12] = '#';
  write_file(path, damaged);
  const Opened opened = open_in(folder.path());
  EXPECT_FALSE(opened.journal);
  EXPECT_EQ(opened.error, path + " is damaged at offset " + std::to_string(3 * kFrameBytes));
}

// The database is synced at its own pace, so after a power loss it may hold
// what the journal has lost; and then it needs the journal no more.
TEST(Journal, BeginsAnewWhereTheDatabaseIsAhead) {
  const TemporaryFolder folder;
  write_ten(folder.path(), false);
  empty_ring(folder.path());
  fs::resize_file(segment_in(folder.path()), 6 * kFrameBytes);
  const Position applied = 8 * kFrameBytes;
  {
    Opened opened = open_in(folder.path(), 1u << 20, 8192, applied);
    ASSERT_TRUE(opened.journal) << opened.error;
    EXPECT_EQ(opened.journal->head(), applied);
    ASSERT_TRUE(opened.journal->append("next", Journal::Need::may_fail));
  }
  Opened again = open_in(folder.path(), 1u << 20, 8192, applied);
  ASSERT_TRUE(again.journal) << again.error;
  std::vector<std::string> frames;
  ASSERT_TRUE(again.journal->read(applied, 1, [&](std::string_view payload, Position) {
    frames.emplace_back(payload);
    return true;
  }));
  EXPECT_EQ(frames, std::vector<std::string>{"next"});
}

TEST(Journal, FullDiskRefusesWhatMayFailAndKeepsTheRest) {
  const TemporaryFolder folder;
  std::atomic<bool> full{true};
  std::vector<std::string> log;
  JournalOptions options;
  options.folder = folder.path();
  options.sync = std::chrono::hours(1);
  options.ring_bytes = 4096;
  options.log = [&log](std::string_view text) { log.emplace_back(text); };
  options.write = [&full](int file, const void* bytes, std::size_t size, off_t offset) -> ssize_t {
    if (!full) return ::pwrite(file, bytes, size, offset);
    errno = ENOSPC;
    return -1;
  };
  auto opened = Journal::open(std::move(options), 0);
  ASSERT_TRUE(opened) << opened.error();
  Journal& journal = **opened;
  ASSERT_TRUE(journal.append(frame(0), Journal::Need::may_fail)) << "not known to be full yet";
  EXPECT_FALSE(journal.sync());
  EXPECT_TRUE(journal.failing());
  EXPECT_FALSE(journal.append("refused", Journal::Need::may_fail));
  std::vector<std::string> expected = {frame(0)};
  for (int i = 1; i < 300; ++i) {  // more than the ring holds
    expected.push_back(frame(i));
    ASSERT_TRUE(journal.append(frame(i), Journal::Need::must_keep));
  }
  EXPECT_GT(journal.owed(), 0u);
  full = false;
  ASSERT_TRUE(journal.sync());
  EXPECT_FALSE(journal.failing());
  EXPECT_EQ(journal.owed(), 0u);
  EXPECT_EQ(frames_of(journal), expected);
  ASSERT_TRUE(journal.append("accepted again", Journal::Need::may_fail));
  ASSERT_EQ(log.size(), 2u) << "once when it failed, once when it was well again";
}

TEST(Journal, DropsOnlySegmentsThatAreWhollyBehind) {
  const TemporaryFolder folder;
  Opened opened = open_in(folder.path(), 256);
  ASSERT_TRUE(opened.journal);
  Position half = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(opened.journal->append(frame(i), Journal::Need::may_fail));
    ASSERT_TRUE(opened.journal->sync());
    if (i == 49) half = opened.journal->head();
  }
  const std::uint64_t before = opened.journal->bytes();
  opened.journal->drop_before(half);
  EXPECT_LT(opened.journal->bytes(), before);
  std::vector<std::string> rest;
  ASSERT_TRUE(opened.journal->read(half, 1, [&](std::string_view payload, Position) {
    rest.emplace_back(payload);
    return true;
  }));
  EXPECT_EQ(rest.front(), frame(50));
}

}  // namespace
}  // namespace budget::ledger
