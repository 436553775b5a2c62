#include "io/damaged_file.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "core/error.hpp"

namespace allometer::io {

void fail_damaged(const std::filesystem::path& file, std::string_view problem) {
  throw FormatError(fmt::format("{}: {}; the file is damaged or was cut short: fetch it again",
                                file.string(), problem));
}

void fail_damaged(const std::filesystem::path& file, std::string_view tensor,
                  std::string_view problem) {
  fail_damaged(file, fmt::format("tensor '{}': {}", tensor, problem));
}

void check_overlaps(const std::filesystem::path& file, std::vector<TensorExtent> extents) {
  std::sort(extents.begin(), extents.end(), [](const TensorExtent& a, const TensorExtent& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  for (std::size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].begin < extents[i - 1].end) {
      fail_damaged(file, extents[i].tensor,
                   fmt::format("overlaps tensor '{}'", extents[i - 1].tensor));
    }
  }
}

}  // namespace allometer::io
