#include "io/mapped_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

#include "core/error.hpp"
#include "io/file_descriptor.hpp"

namespace allometer::io {

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  const FileDescriptor file = FileDescriptor::open(path, O_RDONLY, "read");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_io_error("look at", path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw IoError("cannot read " + path.string() + ": it is not a file");
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* const address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) throw_io_error("map", path, errno);
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  // munmap takes a pointer to non-const although it writes nothing.
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace allometer::io
