#pragma once
/// Packed weights in memory: private to this process, or in a named file that the processes of a
/// node share.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

namespace allometer::model {

/// Memory that one process fills and others attach to, without any of them waiting for a call of
/// another. The name appears only when the file is whole: the filler works under a lock on
/// NAME.part and renames it. Every user holds a shared lock, so that remove_stale_packed_weights
/// knows what is in use; a killed process loses its locks, and what it left half-made is packed
/// anew by the next.
class PackedFile {
 public:
  /// fill(destination of num_bytes) is called by at most one process of the node at a time.
  /// directory empty: private memory. Throws IoError with the figures when memory or the file
  /// system is too small.
  static PackedFile open(const std::filesystem::path& directory, const std::string& name,
                         std::size_t num_bytes, const std::function<void(std::byte*)>& fill);
  /// Whether a file of that name is in the directory, whole or being filled.
  static bool exists(const std::filesystem::path& directory, const std::string& name);
  PackedFile() = default;
  ~PackedFile();
  PackedFile(PackedFile&& other) noexcept;
  PackedFile& operator=(PackedFile&& other) noexcept;

  const std::byte* data() const { return data_; }

 private:
  PackedFile(std::byte* data, std::size_t size, int descriptor)
      : data_(data), size_(size), descriptor_(descriptor) {}
  static PackedFile in_private_memory(std::size_t num_bytes,
                                      const std::function<void(std::byte*)>& fill);

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int descriptor_ = -1;  ///< holds the shared lock
};

/// Where choose_shared_directory looks first: /dev/shm.
const std::filesystem::path& memory_directory();

}  // namespace allometer::model
