#include "tasks/edit_distance.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace allometer::tasks {
namespace {

/// A text as views of its code points; a stray byte of a broken one belongs to what stands before.
std::vector<std::string_view> code_points(std::string_view text) {
  std::vector<std::string_view> points;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= text.size(); ++end) {
    if (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) continue;
    points.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return points;
}

/// Wagner and Fischer 1974, one row of the table at a time.
std::int64_t distance(const std::vector<std::string_view>& rows,
                      const std::vector<std::string_view>& columns) {
  std::vector<std::int64_t> previous(columns.size() + 1);
  std::iota(previous.begin(), previous.end(), 0);
  std::vector<std::int64_t> current(previous.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    current[0] = static_cast<std::int64_t>(i) + 1;
    for (std::size_t j = 0; j < columns.size(); ++j) {
      const std::int64_t replaced = previous[j] + (rows[i] == columns[j] ? 0 : 1);
      current[j + 1] = std::min({replaced, previous[j + 1] + 1, current[j] + 1});
    }
    std::swap(previous, current);
  }
  return previous.back();
}

std::int64_t distance_of_points(std::vector<std::string_view> a, std::vector<std::string_view> b) {
  if (a.size() < b.size()) std::swap(a, b);
  return distance(a, b);
}

}  // namespace

std::int64_t edit_distance(std::string_view a, std::string_view b) {
  return distance_of_points(code_points(a), code_points(b));
}

double normalized_edit_distance(std::string_view a, std::string_view b) {
  const auto points_a = code_points(a);
  const auto points_b = code_points(b);
  const std::size_t longer = std::max(points_a.size(), points_b.size());
  if (longer == 0) return 0;
  return static_cast<double>(distance_of_points(points_a, points_b)) / static_cast<double>(longer);
}

}  // namespace allometer::tasks
