#include "io/file_descriptor.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::io {

void throw_io_error(std::string_view action, const std::filesystem::path& path, int errno_value) {
  std::string message =
      fmt::format("cannot {} {}: {}", action, path.string(), system_message(errno_value));
  if (errno_value == ENOSPC) {
    message = fmt::format(
        "cannot {} {}: no space left on its file system; free some space or put the output "
        "elsewhere",
        action, path.string());
  } else if (errno_value == EDQUOT) {
    message += " (no space left in your quota); free some space or put the output elsewhere";
  }
  throw IoError(message);
}

FileDescriptor FileDescriptor::open(const std::filesystem::path& path, int flags,
                                    std::string_view action) {
  FileDescriptor file;
  do {
    file.descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  } while (file.descriptor_ < 0 && errno == EINTR);
  if (!file) throw_io_error(action, path, errno);
  return file;
}

FileDescriptor::~FileDescriptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}
FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}
FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void FileDescriptor::close(const std::filesystem::path& path) {
  const int descriptor = std::exchange(descriptor_, -1);
  if (descriptor >= 0 && ::close(descriptor) != 0 && errno != EINTR) {
    throw_io_error("write", path, errno);
  }
}

void write_all(const FileDescriptor& file, std::span<const std::byte> bytes,
               const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_io_error("write", path, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::size_t read_at(const FileDescriptor& file, std::int64_t offset, std::span<std::byte> out,
                    const std::filesystem::path& path) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::pread(file.get(), out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + static_cast<std::int64_t>(done)));
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      throw_io_error("read", path, errno);
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::int64_t size_of(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_io_error("look at", path, errno);
  return status.st_size;
}

}  // namespace allometer::io
