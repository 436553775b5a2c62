#pragma once
/// What the readers of checkpoint files check and say alike when a file cannot be trusted.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::io {

/// Throws FormatError: "FILE: problem", and what to do about it.
[[noreturn]] void fail_damaged(const std::filesystem::path& file, std::string_view problem);
[[noreturn]] void fail_damaged(const std::filesystem::path& file, std::string_view tensor,
                               std::string_view problem);

/// Bytes [begin, end) of a file.
struct TensorExtent {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string tensor;
};

/// Throws FormatError naming two tensors that share bytes.
void check_overlaps(const std::filesystem::path& file, std::vector<TensorExtent> extents);

}  // namespace allometer::io
