#include "stats/hierarchical_bootstrap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "core/random.hpp"

namespace allometer::stats {
namespace {

using Members = std::vector<Eigen::Index>;

std::vector<Members> families_of(std::size_t models, std::span<const int> family) {
  std::map<int, Members> by_label;
  for (std::size_t i = 0; i < models; ++i) {
    by_label[family.empty() ? 0 : family[i]].push_back(static_cast<Eigen::Index>(i));
  }
  std::vector<Members> families;
  for (auto& [label, members] : by_label) families.push_back(std::move(members));
  return families;
}

/// Sums of one group of points, about whose means a slope is taken.
struct Group {
  double n = 0;
  double x = 0;
  double y = 0;
  double xx = 0;
  double xy = 0;
  double first_x = 0;
  bool has_sizes = false;  ///< two different ones at least

  void add(double at, double value) {
    if (n == 0) first_x = at;
    has_sizes = has_sizes || at != first_x;
    n += 1;
    x += at;
    y += value;
    xx += at * at;
    xy += at * value;
  }
  double sum_of_squares() const { return xx - x * x / n; }
  double sum_of_products() const { return xy - x * y / n; }
};

/// The slope about common means, or about the means of each group.
class Slope {
 public:
  explicit Slope(SlopeOf slope_of) : within_(slope_of == SlopeOf::within_families) {}

  void add(double x, double y) { group_.add(x, y); }
  void end_family() {
    if (within_) end_group();
  }
  double value() {
    end_group();
    return squares_ > 0 ? products_ / squares_ : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  void end_group() {
    if (group_.has_sizes) {
      squares_ += group_.sum_of_squares();
      products_ += group_.sum_of_products();
    }
    group_ = {};
  }

  bool within_;
  Group group_;
  double squares_ = 0;
  double products_ = 0;
};

double slope_of_draw(SplitMix64 random, const std::vector<Members>& families,
                     const Eigen::ArrayXd& x, const Eigen::ArrayXd& y, SlopeOf slope_of) {
  Slope slope(slope_of);
  for (std::size_t i = 0; i < families.size(); ++i) {
    const Members& family = families[random.below(families.size())];
    for (std::size_t j = 0; j < family.size(); ++j) {
      const Eigen::Index model = family[random.below(family.size())];
      slope.add(x[model], y[model]);
    }
    slope.end_family();
  }
  const double value = slope.value();
  return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

constexpr std::array kFamilies = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0};
constexpr std::array kModels = {2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0};
using CoverageTable = std::array<std::array<double, kModels.size()>, kFamilies.size()>;

// Printed by tests/bench/hierarchical_bench: rows are families, columns models of each.
constexpr CoverageTable kCoverageOfAllModels = {{
    {0.050, 0.179, 0.216, 0.196, 0.160, 0.122, 0.105},
    {0.932, 0.843, 0.800, 0.761, 0.761, 0.744, 0.701},
    {0.952, 0.943, 0.927, 0.918, 0.905, 0.900, 0.885},
    {0.980, 0.965, 0.964, 0.950, 0.941, 0.926, 0.914},
    {0.990, 0.978, 0.965, 0.962, 0.950, 0.935, 0.919},
    {0.988, 0.985, 0.971, 0.962, 0.951, 0.947, 0.928},
    {0.988, 0.986, 0.981, 0.966, 0.962, 0.944, 0.928},
    {0.994, 0.992, 0.980, 0.968, 0.961, 0.951, 0.944},
}};
constexpr CoverageTable kCoverageWithinFamilies = {{
    {0.050, 0.179, 0.216, 0.196, 0.160, 0.122, 0.105},
    {0.548, 0.579, 0.575, 0.566, 0.559, 0.558, 0.530},
    {0.761, 0.774, 0.753, 0.737, 0.759, 0.741, 0.742},
    {0.883, 0.833, 0.836, 0.837, 0.822, 0.814, 0.803},
    {0.934, 0.886, 0.878, 0.877, 0.867, 0.848, 0.850},
    {0.954, 0.904, 0.902, 0.885, 0.881, 0.867, 0.873},
    {0.975, 0.940, 0.921, 0.913, 0.900, 0.896, 0.898},
    {0.979, 0.956, 0.943, 0.934, 0.927, 0.922, 0.922},
}};

/// Where `value` lies on the grid: the cell's lower end, and how far into it on the logarithm.
template <std::size_t size>
std::pair<std::size_t, double> position_on(const std::array<double, size>& grid, double value) {
  const double inside = std::clamp(value, grid.front(), grid.back());
  std::size_t low = 0;
  while (low + 2 < size && grid[low + 1] <= inside) ++low;
  return {low, std::log(inside / grid[low]) / std::log(grid[low + 1] / grid[low])};
}

}  // namespace

Eigen::ArrayXd hierarchical_slopes(std::string_view key, std::int32_t first_draw,
                                   std::int32_t num_draws, std::span<const double> x,
                                   std::span<const int> family,
                                   const Eigen::Ref<const Eigen::MatrixXd>& estimates,
                                   SlopeOf slope_of) {
  ALLOMETER_EXPECT(first_draw >= 0 && num_draws >= 0);
  ALLOMETER_EXPECT(family.empty() || family.size() == x.size());
  ALLOMETER_EXPECT(estimates.cols() == static_cast<Eigen::Index>(x.size()));
  ALLOMETER_EXPECT(estimates.rows() == num_draws || estimates.rows() == 1);
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (x.empty()) return Eigen::ArrayXd::Constant(num_draws, kNaN);
  const std::vector<Members> families = families_of(x.size(), family);
  const Eigen::Map<const Eigen::ArrayXd> sizes(x.data(), static_cast<Eigen::Index>(x.size()));
  const Eigen::ArrayXd centred_x = sizes - sizes.mean();
  // A name of its own: the caller's draws of questions may come from the same key.
  const std::uint64_t seed = seed_from(std::string(key) + "/families and models");
  Eigen::ArrayXd slopes(num_draws);
  for (std::int32_t i = 0; i < num_draws; ++i) {
    const auto row = estimates.row(estimates.rows() == 1 ? 0 : i).array();
    // Scores far from nought would lose digits in the sums of products.
    const Eigen::ArrayXd centred_y = row.transpose() - row.mean();
    const auto draw = static_cast<std::uint64_t>(first_draw) + static_cast<std::uint64_t>(i);
    slopes[i] = slope_of_draw(stream_of_draw(seed, draw), families, centred_x, centred_y, slope_of);
  }
  return slopes;
}

HierarchicalInterval hierarchical_interval(std::span<const double> slopes, double confidence) {
  HierarchicalInterval result;
  result.num_draws = static_cast<std::int64_t>(slopes.size());
  result.degenerate_draws =
      std::count_if(slopes.begin(), slopes.end(), [](double slope) { return std::isnan(slope); });
  if (slopes.empty()) return result;
  const bool has_any = result.degenerate_draws < result.num_draws;
  result.undefined = has_any ? Undefined::no : Undefined::constant;
  result.interval = percentile_interval(slopes, confidence);
  result.standard_error = standard_deviation(slopes);
  return result;
}

double hierarchical_coverage(double families, double models_per_family, SlopeOf slope_of) {
  if (!(families >= 1 && models_per_family >= 2)) return std::numeric_limits<double>::quiet_NaN();
  const CoverageTable& table =
      slope_of == SlopeOf::all_models ? kCoverageOfAllModels : kCoverageWithinFamilies;
  const auto [f, part_f] = position_on(kFamilies, families);
  const auto [m, part_m] = position_on(kModels, models_per_family);
  return (1 - part_f) * ((1 - part_m) * table[f][m] + part_m * table[f][m + 1]) +
         part_f * ((1 - part_m) * table[f + 1][m] + part_m * table[f + 1][m + 1]);
}

}  // namespace allometer::stats
