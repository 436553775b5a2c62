#pragma once
/// An open file that closes itself, and writes that either happen whole or throw.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace allometer::io {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  /// open(2) with O_CLOEXEC. Throws IoError "cannot <action> PATH: reason".
  static FileDescriptor open(const std::filesystem::path& path, int flags, std::string_view action);
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  /// close(2) with its error reported, which is where some network file systems tell of a full
  /// disk.
  void close(const std::filesystem::path& path);

 private:
  int descriptor_ = -1;
};

/// "cannot <action> PATH: <system's reason>", and what to do about a full disk or a quota.
[[noreturn]] void throw_io_error(std::string_view action, const std::filesystem::path& path,
                                 int errno_value);

/// Writes every byte at the file's position, however many calls that takes. Throws IoError.
void write_all(const FileDescriptor& file, std::span<const std::byte> bytes,
               const std::filesystem::path& path);

/// Reads up to out.size() bytes at `offset`; fewer only at the end of the file. Throws IoError.
std::size_t read_at(const FileDescriptor& file, std::int64_t offset, std::span<std::byte> out,
                    const std::filesystem::path& path);

/// Bytes in the file now. Throws IoError.
std::int64_t size_of(const FileDescriptor& file, const std::filesystem::path& path);

}  // namespace allometer::io
