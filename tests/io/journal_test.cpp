#include "io/journal.hpp"

#include <cstring>

#include <gmock/gmock.h>

#include "core/error.hpp"
#include "io/temporary_directory.hpp"

namespace allometer::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kRecordHeader = 16;

struct Scan {
  std::vector<std::string> payloads;
  JournalDamage damage;
};

Scan scan(const std::string& bytes) {
  Scan result;
  result.damage = scan_journal(
      std::as_bytes(std::span(bytes.data(), bytes.size())), [&](const JournalRecord& record) {
        EXPECT_EQ(bytes.substr(static_cast<std::size_t>(record.offset), record.payload.size()),
                  record.payload);
        result.payloads.emplace_back(record.payload);
      });
  return result;
}

/// Four records, one empty and one with bytes that look like the start of a record.
const std::vector<std::string>& payloads() {
  static const std::vector<std::string> kPayloads = {
      "{\"first\": 1}", "", std::string("\xFF\x4E\xA1\xFE and more \0 bytes", 20), "the last one"};
  return kPayloads;
}

std::string journal_bytes(const TemporaryDirectory& directory) {
  const auto path = directory.path() / "a.journal";
  {
    JournalWriter writer(path);
    std::uint32_t type = 1;
    for (const std::string& payload : payloads()) writer.append(type++, payload);
    writer.sync();
  }
  const std::string bytes = read_bytes(path);
  std::filesystem::remove(path);
  return bytes;
}

TEST(Journal, GivesBackWhatWasAppended) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "a.journal";
  JournalWriter writer(path);
  writer.append(5, "one");
  writer.append(7, std::string(300000, 'x'));
  std::vector<std::uint32_t> types;
  std::vector<std::size_t> sizes;
  const JournalDamage damage = scan_journal(path, [&](const JournalRecord& record) {
    types.push_back(record.type);
    sizes.push_back(record.payload.size());
  });
  EXPECT_THAT(types, ElementsAre(5, 7));
  EXPECT_THAT(sizes, ElementsAre(3, 300000));
  EXPECT_EQ(damage.skipped_bytes, 0);
  EXPECT_EQ(damage.first_offset, -1);
  EXPECT_TRUE(damage.tail_only);
}

TEST(Journal, IsNeverOverwritten) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a.journal", "something");
  EXPECT_THROW(JournalWriter{path}, IoError);
  EXPECT_EQ(read_bytes(path), "something");
  EXPECT_THROW(scan_journal(directory.path() / "missing", [](const JournalRecord&) {}), IoError);
}

TEST(Journal, ACutLosesTheRecordsItTouchesAndSaysSo) {
  const TemporaryDirectory directory;
  const std::string bytes = journal_bytes(directory);
  std::size_t end = 8;
  std::vector<std::size_t> ends;
  for (const std::string& payload : payloads())
    ends.push_back(end += kRecordHeader + payload.size());
  ASSERT_EQ(end, bytes.size());
  for (std::size_t length = 8; length <= bytes.size(); ++length) {
    const Scan result = scan(bytes.substr(0, length));
    std::size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= length) ++whole;
    const std::size_t intact_end = whole == 0 ? 8 : ends[whole - 1];
    EXPECT_EQ(result.payloads,
              std::vector<std::string>(payloads().begin(),
                                       payloads().begin() + static_cast<std::ptrdiff_t>(whole)));
    EXPECT_EQ(result.damage.skipped_bytes, static_cast<std::int64_t>(length - intact_end));
    EXPECT_TRUE(result.damage.tail_only);
    if (length > intact_end) {
      EXPECT_EQ(result.damage.first_offset, static_cast<std::int64_t>(intact_end));
    }
  }
  EXPECT_EQ(scan("").damage.skipped_bytes, 0);
  EXPECT_EQ(scan("ALMJ").damage.skipped_bytes, 4);
}

TEST(Journal, AFlippedByteLosesOneRecordAndSaysSo) {
  const TemporaryDirectory directory;
  const std::string bytes = journal_bytes(directory);
  std::size_t begin = 0;
  std::size_t end = 8;  // of the record (or file header) that byte i lies in
  std::ptrdiff_t record = -1;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == end) {
      begin = end;
      end += kRecordHeader + payloads()[static_cast<std::size_t>(++record)].size();
    }
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      const Scan result = scan(damaged);
      std::vector<std::string> expected = payloads();
      if (record >= 0) expected.erase(expected.begin() + record);
      EXPECT_EQ(result.payloads, expected) << "byte " << i;
      EXPECT_EQ(result.damage.skipped_bytes, static_cast<std::int64_t>(end - begin))
          << "byte " << i;
      EXPECT_EQ(result.damage.first_offset, static_cast<std::int64_t>(begin)) << "byte " << i;
      EXPECT_EQ(result.damage.tail_only, end == bytes.size()) << "byte " << i;
    }
  }
}

TEST(Journal, FindsARecordBehindMoreDamageThanABufferHolds) {
  const TemporaryDirectory directory;
  const std::string bytes = journal_bytes(directory);
  for (const std::size_t size : {65533u, 65536u, 65537u, 200000u}) {
    const std::string garbage(size, '\xFF');
    const Scan result = scan(bytes.substr(0, 8) + garbage + bytes.substr(8));
    EXPECT_EQ(result.payloads, payloads());
    EXPECT_EQ(result.damage.skipped_bytes, static_cast<std::int64_t>(size));
    EXPECT_FALSE(result.damage.tail_only);
  }
}

TEST(Journal, ALengthThatLiesTakesNoMemory) {
  const TemporaryDirectory directory;
  std::string bytes = journal_bytes(directory);
  std::memset(&bytes[8 + 4], 0xFF, 4);
  EXPECT_EQ(scan(bytes).payloads.size(), payloads().size() - 1);
}

TEST(Journal, AFullDiskCutsBackToTheLastWholeRecord) {
  TemporaryDirectory directory;
  if (!directory.make_small()) GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  const auto path = directory.path() / "a.journal";
  JournalWriter writer(path);
  const std::string payload(50000, 'x');
  int appended = 0;
  try {
    for (; appended < 100; ++appended) writer.append(1, payload);
    FAIL() << "5 MB went onto a disk of 256 KiB";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no space left"));
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
  }
  EXPECT_EQ(std::filesystem::file_size(path),
            8 + static_cast<std::size_t>(appended) * (kRecordHeader + payload.size()));
  // What is small enough still goes in, behind whole records only.
  writer.append(2, "small");
  int records = 0;
  const JournalDamage damage = scan_journal(path, [&](const JournalRecord&) { ++records; });
  EXPECT_EQ(records, appended + 1);
  EXPECT_EQ(damage.skipped_bytes, 0);
}

}  // namespace
}  // namespace allometer::io
