#pragma once
/// An append-only file of checksummed records: what was appended and synced survives any crash.
///
/// Layout, little-endian: the 8 bytes "ALMJRNL1"; then per record: u32 magic, u32 length of the
/// payload, u32 type, u32 CRC-32 (zlib) over length, type and payload; then the payload. A reader
/// accepts records up to the first one that is cut or damaged, then looks for the next intact
/// record by its magic, and reports every byte it had to skip.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::io {

/// Appends to a new file. Not thread-safe.
class JournalWriter {
 public:
  /// Creates `path`, which must not exist. Throws IoError.
  explicit JournalWriter(const std::filesystem::path& path);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  /// Writes one record (not durable before sync). After a failed write (full disk) the file is cut
  /// back to its last whole record and IoError is thrown.
  void append(std::uint32_t type, std::string_view payload);
  /// fdatasync: everything appended is durable when it returns.
  void sync();
  const std::filesystem::path& path() const { return path_; }

 private:
  /// Back to the last whole record, then throws IoError with the reason of the failed write.
  [[noreturn]] void cut_back(int errno_value);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

struct JournalRecord {
  std::uint32_t type = 0;
  std::int64_t offset = 0;   ///< of the payload in the file
  std::string_view payload;  ///< valid during the visit only
};

/// What a scan had to leave out.
struct JournalDamage {
  std::int64_t skipped_bytes = 0;
  std::int64_t first_offset = -1;
  bool tail_only = true;  ///< nothing intact came after the damage: an interrupted write
};

/// Visits every intact record in order. Throws IoError when the file cannot be read; damage is
/// returned, not thrown.
JournalDamage scan_journal(const std::filesystem::path& path,
                           const std::function<void(const JournalRecord&)>& visit);
/// The same on bytes in memory (for the fuzzer and tests).
JournalDamage scan_journal(std::span<const std::byte> bytes,
                           const std::function<void(const JournalRecord&)>& visit);

}  // namespace allometer::io
