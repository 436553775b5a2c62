#include "model/packed_file.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <linux/magic.h>
#include <optional>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/provenance.hpp"
#include "io/file_descriptor.hpp"
#include "model/load.hpp"

namespace allometer::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "allometer-";
constexpr const char* kPacked = ".packed";
constexpr const char* kPart = ".packed.part";

/// An open file descriptor until release().
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Descriptor open_file(const fs::path& path, int flags) {
  Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd && errno != ENOENT) io::throw_io_error("open packed weights", path, errno);
  return fd;
}

/// False when LOCK_NB was given and another process holds the lock.
bool lock(const Descriptor& fd, int operation, const fs::path& path) {
  while (::flock(fd.get(), operation) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) io::throw_io_error("lock packed weights", path, errno);
  }
  return true;
}

/// Whether `path` still names the file that is open: between open and lock another process may have
/// renamed or removed it.
bool is_still_named(const Descriptor& fd, const fs::path& path) {
  struct stat open_file_status {};
  struct stat named_status {};
  return ::fstat(fd.get(), &open_file_status) == 0 && ::stat(path.c_str(), &named_status) == 0 &&
         open_file_status.st_ino == named_status.st_ino &&
         open_file_status.st_dev == named_status.st_dev;
}

std::byte* map(int fd, std::size_t size, int protection, const fs::path& path) {
  const int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* memory = ::mmap(nullptr, size, protection, flags, fd, 0);
  if (memory == MAP_FAILED) io::throw_io_error("map packed weights", path, errno);
  ::madvise(memory, size, MADV_HUGEPAGE);  // a wish; the system decides
  return static_cast<std::byte*>(memory);
}

void check_memory(std::size_t needed, const std::string& what) {
  const long long available = available_memory_bytes();
  if (available < 0 || needed <= static_cast<std::size_t>(available)) return;
  throw IoError(
      fmt::format("no memory for the packed weights {}: {} MB are needed, {} MB are available; use "
                  "a node or an "
                  "allocation with more memory, or fewer models at a time",
                  what, needed >> 20, available >> 20));
}

bool is_in_memory(const fs::path& directory) {
  struct statfs status {};
  return ::statfs(directory.c_str(), &status) == 0 && status.f_type == TMPFS_MAGIC;
}

/// Reserves the whole file now: a full tmpfs would otherwise end the process with SIGBUS at the
/// first page that does not fit.
void reserve(const Descriptor& fd, std::size_t size, const fs::path& path) {
  if (::ftruncate(fd.get(), 0) != 0) io::throw_io_error("truncate packed weights", path, errno);
  int error = 0;
  do {
    error = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size));
  } while (error == EINTR);
  if (error == 0) return;
  if (error != ENOSPC && error != EFBIG) io::throw_io_error("reserve packed weights", path, error);
  struct statvfs space {};
  ::statvfs(path.parent_path().c_str(), &space);
  throw IoError(fmt::format(
      "{}: no room for packed weights: {} MB are needed, {} MB are free there; choose another "
      "directory for shared weights or free some space",
      path.string(), size >> 20, (space.f_bavail * space.f_frsize) >> 20));
}

/// The whole file under a shared lock, or nothing if there is none (any more).
std::optional<Descriptor> attach(const fs::path& path, std::size_t size) {
  Descriptor fd = open_file(path, O_RDONLY);
  if (!fd) return std::nullopt;
  lock(fd, LOCK_SH, path);
  if (!is_still_named(fd, path)) return std::nullopt;
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) io::throw_io_error("examine packed weights", path, errno);
  if (static_cast<std::size_t>(status.st_size) == size) return fd;
  throw FormatError(
      fmt::format("{}: has {} bytes where packed weights of {} bytes were expected; remove it",
                  path.string(), status.st_size, size));
}

void fill_and_rename(const Descriptor& fd, const fs::path& part, const fs::path& path,
                     std::size_t size, const std::function<void(std::byte*)>& fill) {
  try {
    reserve(fd, size, part);
    std::byte* memory = map(fd.get(), size, PROT_READ | PROT_WRITE, part);
    try {
      fill(memory);
    } catch (...) {
      ::munmap(memory, size);
      throw;
    }
    ::munmap(memory, size);
    if (::rename(part.c_str(), path.c_str()) != 0)
      io::throw_io_error("rename packed weights", part, errno);
  } catch (...) {
    ::unlink(part.c_str());
    throw;
  }
}

/// Packs unless another process did so while we waited for its lock; the caller then attaches.
void pack(const fs::path& part, const fs::path& path, std::size_t size,
          const std::function<void(std::byte*)>& fill) {
  const Descriptor fd = open_file(part, O_RDWR | O_CREAT);
  if (!fd) io::throw_io_error("create packed weights", part, ENOENT);
  // Not a blocking lock: the packer renames this very file and then holds it shared for as long as
  // it computes.
  while (!lock(fd, LOCK_EX | LOCK_NB, part)) {
    if (!is_still_named(fd, part)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (!is_still_named(fd, part)) return;
  if (::access(path.c_str(), F_OK) == 0) {
    ::unlink(part.c_str());  // ours: made after the other process had renamed its own
    return;
  }
  if (is_in_memory(path.parent_path())) check_memory(size, "in " + path.parent_path().string());
  fill_and_rename(fd, part, path, size, fill);
}

}  // namespace

PackedFile PackedFile::in_private_memory(std::size_t num_bytes,
                                         const std::function<void(std::byte*)>& fill) {
  check_memory(num_bytes, "of this process");
  PackedFile file(map(-1, num_bytes, PROT_READ | PROT_WRITE, "(private memory)"), num_bytes, -1);
  fill(file.data_);
  ::mprotect(file.data_, num_bytes, PROT_READ);
  return file;
}

PackedFile PackedFile::open(const fs::path& directory, const std::string& name,
                            std::size_t num_bytes, const std::function<void(std::byte*)>& fill) {
  if (directory.empty()) return in_private_memory(num_bytes, fill);
  const fs::path path = directory / (kPrefix + name + kPacked);
  const fs::path part = directory / (kPrefix + name + kPart);
  for (;;) {
    if (std::optional<Descriptor> fd = attach(path, num_bytes)) {
      std::byte* memory = map(fd->get(), num_bytes, PROT_READ, path);
      return PackedFile(memory, num_bytes, fd->release());
    }
    pack(part, path, num_bytes, fill);
  }
}

bool PackedFile::exists(const fs::path& directory, const std::string& name) {
  return ::access((directory / (kPrefix + name + kPacked)).c_str(), R_OK) == 0 ||
         ::access((directory / (kPrefix + name + kPart)).c_str(), R_OK) == 0;
}

PackedFile::~PackedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

PackedFile::PackedFile(PackedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

PackedFile& PackedFile::operator=(PackedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void remove_stale_packed_weights(const fs::path& directory) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !(name.ends_with(kPacked) || name.ends_with(kPart))) continue;
    const Descriptor fd(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) continue;  // another user's, or gone
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && is_still_named(fd, entry.path()))
      ::unlink(entry.path().c_str());
  }
}

const fs::path& memory_directory() {
  static const fs::path directory = "/dev/shm";
  return directory;
}

std::vector<fs::path> shared_directories() {
  const char* temporary = std::getenv("TMPDIR");
  return {memory_directory(),
          fs::path(temporary != nullptr && *temporary != '\0' ? temporary : "/tmp")};
}

fs::path choose_shared_directory(std::size_t needed_bytes) {
  constexpr std::size_t kMargin = std::size_t{16} << 20;  // MPI keeps its own segments there
  struct statvfs space {};
  const fs::path& memory = memory_directory();
  if (::statvfs(memory.c_str(), &space) == 0 && ::access(memory.c_str(), W_OK) == 0 &&
      space.f_bavail * space.f_frsize >= needed_bytes + kMargin) {
    return memory;
  }
  return shared_directories().back();
}

}  // namespace allometer::model
