#include "io/journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fmt/format.h>
#include <zlib.h>

#include "core/error.hpp"
#include "io/atomic_file.hpp"
#include "io/file_descriptor.hpp"

namespace allometer::io {
namespace {

constexpr std::string_view kFileHeader = "ALMJRNL1";
/// 0xFF and 0xFE occur in no UTF-8 text, so no JSON payload looks like the start of a record.
constexpr std::array<unsigned char, 4> kMagic = {0xFF, 0x4E, 0xA1, 0xFE};
constexpr std::size_t kRecordHeaderBytes = 16;
/// A damaged length must not make a reader take gigabytes.
constexpr std::size_t kMaxPayloadBytes = std::size_t{1} << 30;

void put_u32(unsigned char* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<unsigned char>(value >> (8 * i));
}

std::uint32_t get_u32(const unsigned char* in) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(in[i]) << (8 * i);
  return value;
}

/// Over length, type and payload; `length_and_type` are the 8 bytes after the magic.
std::uint32_t record_checksum(const unsigned char* length_and_type, std::string_view payload) {
  uLong crc = crc32_z(0, length_and_type, 8);
  // zlib takes a null pointer for "give me the initial value".
  if (!payload.empty()) {
    crc = crc32_z(crc, reinterpret_cast<const unsigned char*>(payload.data()), payload.size());
  }
  return static_cast<std::uint32_t>(crc);
}

/// Where a scan reads from: a file, which may still grow, or memory.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::int64_t size() const = 0;
  /// Up to out.size() bytes from `offset`; fewer at the end.
  virtual std::size_t read(std::int64_t offset, std::span<std::byte> out) const = 0;
};

class FileSource : public Source {
 public:
  explicit FileSource(const std::filesystem::path& path)
      : path_(path), file_(FileDescriptor::open(path, O_RDONLY, "read")) {
    size_ = io::size_of(file_, path_);
  }
  std::int64_t size() const override { return size_; }
  std::size_t read(std::int64_t offset, std::span<std::byte> out) const override {
    return read_at(file_, offset, out, path_);
  }

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::int64_t size_ = 0;
};

class MemorySource : public Source {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::size_t read(std::int64_t offset, std::span<std::byte> out) const override {
    const std::size_t first = std::min(static_cast<std::size_t>(offset), bytes_.size());
    const std::size_t count = std::min(out.size(), bytes_.size() - first);
    std::copy_n(bytes_.data() + first, count, out.data());
    return count;
  }

 private:
  std::span<const std::byte> bytes_;
};

/// Reads the record that begins at `offset` into `payload`. False unless it is there whole and
/// intact.
bool read_record(const Source& source, std::int64_t offset, std::uint32_t& type,
                 std::string& payload) {
  std::array<unsigned char, kRecordHeaderBytes> header{};
  if (source.read(offset, std::as_writable_bytes(std::span(header))) < header.size()) return false;
  if (!std::equal(kMagic.begin(), kMagic.end(), header.begin())) return false;
  const std::size_t length = get_u32(&header[4]);
  const std::int64_t rest = source.size() - offset - std::int64_t{kRecordHeaderBytes};
  if (length > kMaxPayloadBytes || static_cast<std::int64_t>(length) > rest) return false;
  payload.resize(length);
  const auto out = std::as_writable_bytes(std::span(payload.data(), payload.size()));
  if (source.read(offset + std::int64_t{kRecordHeaderBytes}, out) < length) return false;
  type = get_u32(&header[8]);
  return get_u32(&header[12]) == record_checksum(&header[4], payload);
}

/// The first offset at or after `offset` where the magic stands; the file's size if there is none.
std::int64_t find_magic(const Source& source, std::int64_t offset) {
  std::array<unsigned char, 1 << 16> window;
  while (offset < source.size()) {
    const std::size_t got = source.read(offset, std::as_writable_bytes(std::span(window)));
    const auto end = window.begin() + static_cast<std::ptrdiff_t>(got);
    const auto found = std::search(window.begin(), end, kMagic.begin(), kMagic.end());
    if (found != end) return offset + (found - window.begin());
    if (got < window.size()) break;
    offset += static_cast<std::int64_t>(got - (kMagic.size() - 1));
  }
  return source.size();
}

/// Adds up what lies between intact records.
class DamageTally {
 public:
  void skip(std::int64_t begin, std::int64_t end) {
    if (end <= begin) return;
    damage_.skipped_bytes += end - begin;
    if (damage_.first_offset < 0) damage_.first_offset = begin;
  }
  void found_intact() {
    if (damage_.skipped_bytes > 0) damage_.tail_only = false;
  }
  JournalDamage result() const { return damage_; }

 private:
  JournalDamage damage_;
};

JournalDamage scan(const Source& source, const std::function<void(const JournalRecord&)>& visit) {
  DamageTally damage;
  std::array<char, kFileHeader.size()> header{};
  const std::size_t got = source.read(0, std::as_writable_bytes(std::span(header)));
  std::int64_t offset = static_cast<std::int64_t>(got);
  if (std::string_view(header.data(), got) != kFileHeader) {
    // A damaged file header costs no record: the first one is found by its magic like any other.
    offset = find_magic(source, 0);
    damage.skip(0, offset);
  }
  JournalRecord record;
  std::string payload;
  while (offset < source.size()) {
    if (!read_record(source, offset, record.type, payload)) {
      const std::int64_t next = find_magic(source, offset + 1);
      damage.skip(offset, next);
      offset = next;
      continue;
    }
    damage.found_intact();
    record.offset = offset + std::int64_t{kRecordHeaderBytes};
    record.payload = payload;
    visit(record);
    offset = record.offset + static_cast<std::int64_t>(payload.size());
  }
  return damage.result();
}

}  // namespace

JournalWriter::JournalWriter(const std::filesystem::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_io_error("create journal", path, errno);
  try {
    const ssize_t written = ::write(descriptor_, kFileHeader.data(), kFileHeader.size());
    if (written != static_cast<ssize_t>(kFileHeader.size())) {
      throw_io_error("create journal", path, written < 0 ? errno : ENOSPC);
    }
    size_ = written;
    sync();
    sync_path(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
  } catch (...) {
    ::close(descriptor_);
    ::unlink(path.c_str());
    throw;
  }
}

JournalWriter::~JournalWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void JournalWriter::append(std::uint32_t type, std::string_view payload) {
  if (payload.size() > kMaxPayloadBytes) {
    throw FormatError(
        fmt::format("a record of {} bytes is more than the {} that {} may hold at once; ask for "
                    "smaller shards",
                    payload.size(), kMaxPayloadBytes, path_.string()));
  }
  std::array<unsigned char, kRecordHeaderBytes> header{};
  std::copy(kMagic.begin(), kMagic.end(), header.begin());
  put_u32(&header[4], static_cast<std::uint32_t>(payload.size()));
  put_u32(&header[8], type);
  put_u32(&header[12], record_checksum(&header[4], payload));

  // writev takes pointers to non-const although it reads only.
  std::array<iovec, 2> parts = {
      iovec{header.data(), header.size()},
      iovec{const_cast<char*>(payload.data()), payload.size()},
  };
  const std::size_t total = header.size() + payload.size();
  std::size_t done = 0;
  while (done < total) {
    const ssize_t written = ::writev(descriptor_, parts.data(), static_cast<int>(parts.size()));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      cut_back(written < 0 ? errno : ENOSPC);
    }
    done += static_cast<std::size_t>(written);
    std::size_t consumed = static_cast<std::size_t>(written);
    for (iovec& part : parts) {
      const std::size_t step = std::min(consumed, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + step;
      part.iov_len -= step;
      consumed -= step;
    }
  }
  size_ += static_cast<std::int64_t>(total);
}

void JournalWriter::cut_back(int errno_value) {
  // Should even this fail, the next record follows the torn one, and a reader skips that by its
  // checksum.
  if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
    const off_t end = ::lseek(descriptor_, 0, SEEK_END);
    if (end >= 0) size_ = end;
  }
  throw_io_error("append to journal", path_, errno_value);
}

void JournalWriter::sync() {
  if (::fdatasync(descriptor_) != 0) throw_io_error("sync journal", path_, errno);
}

JournalDamage scan_journal(const std::filesystem::path& path,
                           const std::function<void(const JournalRecord&)>& visit) {
  return scan(FileSource(path), visit);
}

JournalDamage scan_journal(std::span<const std::byte> bytes,
                           const std::function<void(const JournalRecord&)>& visit) {
  return scan(MemorySource(bytes), visit);
}

}  // namespace allometer::io
