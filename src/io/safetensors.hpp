#pragma once
/// The safetensors format: an 8-byte little-endian header length, a JSON header, raw tensors.
/// https://huggingface.co/docs/safetensors

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/mapped_file.hpp"
#include "io/tensor.hpp"

namespace allometer::io {

/// model.safetensors, or the shards that model.safetensors.index.json names. Nothing is copied.
class Safetensors {
 public:
  /// `path`: a checkpoint directory or one .safetensors file. Throws IoError or FormatError naming
  /// file and tensor: header beyond the file, overlapping or out-of-range offsets, size that does
  /// not fit shape x dtype, duplicate names, unknown dtype of a tensor that is asked for, index
  /// entries without tensor.
  static Safetensors open(const std::filesystem::path& path);

  bool contains(std::string_view name) const;
  /// Throws FormatError naming the files looked in when there is no such tensor.
  TensorView at(std::string_view name) const;
  std::vector<std::string> names() const;  ///< sorted
  std::vector<std::filesystem::path> files() const;
  /// "__metadata__" of the first file.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  struct Entry {
    int file = 0;
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void add_file(const std::filesystem::path& path);

  std::vector<MappedFile> files_;
  std::map<std::string, Entry, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes one .safetensors file, tensor by tensor, to a temporary name that is renamed at the end.
struct TensorToWrite {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<std::int64_t> shape;
  std::span<const float> values;  ///< converted on the way (round to nearest even)
};
void write_safetensors(const std::filesystem::path& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace allometer::io
