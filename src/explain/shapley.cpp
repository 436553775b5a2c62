#include "explain/shapley.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

#include <Eigen/QR>

#include "core/contract.hpp"
#include "explain/attribution.hpp"

namespace allometer::explain {
namespace {

/// Calls visit(members) for every choice of `size` out of `count` features, in lexicographic order.
template <class Visit>
void visit_choices(int count, int size, Visit&& visit) {
  std::vector<int> members(static_cast<std::size_t>(size));
  std::iota(members.begin(), members.end(), 0);
  while (true) {
    visit(members);
    int at = size - 1;
    while (at >= 0 && members[static_cast<std::size_t>(at)] == count - size + at) --at;
    if (at < 0) return;
    ++members[static_cast<std::size_t>(at)];
    for (auto i = static_cast<std::size_t>(at) + 1; i < members.size(); ++i)
      members[i] = members[i - 1] + 1;
  }
}

double binomial(int n, int k) {
  double value = 1;
  for (int i = 1; i <= k; ++i) value = value * (n - k + i) / i;
  return std::round(value);
}

Mask complement(Mask mask) {
  for (std::int8_t& present : mask) present = present == 0 ? 1 : 0;
  return mask;
}

/// A size and that of its complement, which are treated as one.
struct SizeClass {
  int size = 0;
  bool is_paired = false;  ///< the complement has another size
  double coalitions = 0;   ///< both sizes together
  double weight = 0;       ///< share of all coalitions' weight
};

std::vector<SizeClass> size_classes(int num_features) {
  std::vector<SizeClass> classes;
  double sum = 0;
  for (int size = 1; 2 * size <= num_features; ++size) {
    const bool is_paired = 2 * size < num_features;
    const double sides = is_paired ? 2 : 1;
    classes.push_back({size, is_paired, sides * binomial(num_features, size),
                       sides * (num_features - 1.0) / (size * (num_features - size))});
    sum += classes.back().weight;
  }
  for (SizeClass& one : classes) one.weight /= sum;
  return classes;
}

/// Draws and enumerates coalitions.
class CoalitionDraw {
 public:
  CoalitionDraw(int num_features, int num_samples, SplitMix64 random)
      : num_features_(num_features),
        budget_(num_samples),
        classes_(size_classes(num_features)),
        random_(random) {}

  WeightedCoalitions draw() {
    while (enumerated_ < classes_.size() && is_affordable(classes_[enumerated_]))
      enumerate(classes_[enumerated_++]);
    if (enumerated_ < classes_.size()) sample_the_rest();
    return std::move(result_);
  }

 private:
  int budget_left() const { return budget_ - static_cast<int>(result_.masks.size()); }

  double weight_left() const {
    double sum = 0;
    for (std::size_t i = enumerated_; i < classes_.size(); ++i) sum += classes_[i].weight;
    return sum;
  }

  /// Would each coalition get one sample of its own, if the budget went by weight?
  bool is_affordable(const SizeClass& one) const {
    constexpr double kRounding = 1e-8;
    return budget_left() >= one.coalitions &&
           budget_left() * (one.weight / weight_left()) >= one.coalitions * (1 - kRounding);
  }

  void add(Mask mask, double weight) {
    result_.masks.push_back(std::move(mask));
    result_.weights.push_back(weight);
  }

  void enumerate(const SizeClass& one) {
    const double weight = one.weight / one.coalitions;
    visit_choices(num_features_, one.size, [&](const std::vector<int>& members) {
      Mask mask = empty_mask(num_features_);
      for (const int member : members) mask[static_cast<std::size_t>(member)] = 1;
      if (one.is_paired) add(complement(mask), weight);
      add(std::move(mask), weight);
    });
  }

  const SizeClass& draw_class() {
    // A drawn coalition brings its complement along, if that has another size.
    const auto mass = [](const SizeClass& one) {
      return one.is_paired ? one.weight / 2 : one.weight;
    };
    double sum = 0;
    for (std::size_t i = enumerated_; i < classes_.size(); ++i) sum += mass(classes_[i]);
    double at = random_.uniform() * sum;
    for (std::size_t i = enumerated_; i + 1 < classes_.size(); ++i) {
      at -= mass(classes_[i]);
      if (at < 0) return classes_[i];
    }
    return classes_.back();
  }

  Mask draw_mask(int size) {
    std::vector<std::size_t> order(static_cast<std::size_t>(num_features_));
    std::iota(order.begin(), order.end(), std::size_t{0});
    Mask mask = empty_mask(num_features_);
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) {
      std::swap(order[i], order[i + random_.below(order.size() - i)]);
      mask[order[i]] = 1;
    }
    return mask;
  }

  void sample_the_rest() {
    const std::size_t first = result_.masks.size();
    const double weight = weight_left();
    std::map<Mask, std::size_t> seen;
    // Most of a small rest may be drawn again and again; four draws a sample are enough.
    for (int draws = 4 * budget_left(); draws > 0 && budget_left() > 0; --draws) {
      const SizeClass& one = draw_class();
      Mask mask = draw_mask(one.size);
      const auto [place, is_new] = seen.emplace(mask, result_.masks.size());
      if (!is_new) {
        result_.weights[place->second] += 1;
        const std::size_t other = place->second + 1;
        if (one.is_paired && other < result_.masks.size() &&
            result_.masks[other] == complement(mask)) {
          result_.weights[other] += 1;
        }
        continue;
      }
      add(mask, 1);
      if (one.is_paired && budget_left() > 0) add(complement(std::move(mask)), 1);
    }
    const auto drawn = result_.weights.begin() + static_cast<std::ptrdiff_t>(first);
    const double sum = std::accumulate(drawn, result_.weights.end(), 0.0);
    std::for_each(drawn, result_.weights.end(), [&](double& w) { w *= weight / sum; });
  }

  int num_features_;
  int budget_;
  std::vector<SizeClass> classes_;
  std::size_t enumerated_ = 0;  ///< size classes that are complete
  SplitMix64 random_;
  WeightedCoalitions result_;
};

}  // namespace

std::vector<Mask> all_coalitions(int num_features) {
  ALLOMETER_EXPECT(num_features >= 0 && num_features <= kMaxExactFeatures);
  std::vector<Mask> masks(std::size_t{1} << num_features, empty_mask(num_features));
  for (std::size_t coalition = 0; coalition < masks.size(); ++coalition) {
    for (std::size_t i = 0; i < masks[coalition].size(); ++i)
      masks[coalition][i] = coalition >> i & 1;
  }
  return masks;
}

Eigen::VectorXd exact_shapley(const Eigen::Ref<const Eigen::VectorXd>& values) {
  const auto count = static_cast<std::size_t>(values.size());
  ALLOMETER_EXPECT(std::has_single_bit(count));
  const int n = std::countr_zero(count);
  // s! (n - s - 1)! / n! for a coalition of s others.
  std::vector<double> share(static_cast<std::size_t>(n));
  for (int s = 0; s < n; ++s) share[static_cast<std::size_t>(s)] = 1 / (n * binomial(n - 1, s));
  Eigen::VectorXd result = Eigen::VectorXd::Zero(n);
  for (int i = 0; i < n; ++i) {
    const std::size_t bit = std::size_t{1} << i;
    for (std::size_t coalition = 0; coalition < count; ++coalition) {
      if ((coalition & bit) != 0) continue;
      const auto size = static_cast<std::size_t>(std::popcount(coalition));
      result[i] += share[size] * (values[static_cast<Eigen::Index>(coalition | bit)] -
                                  values[static_cast<Eigen::Index>(coalition)]);
    }
  }
  return result;
}

int kernel_shap_samples(int num_features) {
  return 2 * num_features + 2048;
}

WeightedCoalitions kernel_shap_coalitions(int num_features, int num_samples, SplitMix64 random) {
  ALLOMETER_EXPECT(num_features >= 1 && num_samples >= 1);
  return CoalitionDraw(num_features, num_samples, random).draw();
}

ShapleyEstimate solve_kernel_shap(const WeightedCoalitions& coalitions,
                                  const Eigen::Ref<const Eigen::VectorXd>& values, double empty,
                                  double full) {
  const auto rows = static_cast<Eigen::Index>(coalitions.masks.size());
  ALLOMETER_EXPECT(rows == values.size());
  if (rows == 0) return {Eigen::VectorXd::Constant(1, full - empty), Eigen::VectorXd::Zero(1)};
  const auto last = static_cast<Eigen::Index>(coalitions.masks.front().size()) - 1;
  // v(S) - v(0) - z_last (v(N) - v(0)) = sum_i phi_i (z_i - z_last), rows scaled by sqrt(weight).
  Eigen::MatrixXd design(rows, last);
  Eigen::VectorXd target(rows);
  for (Eigen::Index row = 0; row < rows; ++row) {
    const Mask& mask = coalitions.masks[static_cast<std::size_t>(row)];
    const double root = std::sqrt(coalitions.weights[static_cast<std::size_t>(row)]);
    const double in_last = mask[static_cast<std::size_t>(last)];
    for (Eigen::Index i = 0; i < last; ++i)
      design(row, i) = root * (mask[static_cast<std::size_t>(i)] - in_last);
    target[row] = root * (values[row] - empty - in_last * (full - empty));
  }
  const Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> solver(design);
  const Eigen::VectorXd free = solver.solve(target);
  ShapleyEstimate estimate{Eigen::VectorXd(last + 1), Eigen::VectorXd::Zero(last + 1)};
  estimate.values << free, full - empty - free.sum();
  const Eigen::Index freedom = rows - solver.rank();
  if (freedom > 0) {
    const double variance = (target - design * free).squaredNorm() / static_cast<double>(freedom);
    const Eigen::MatrixXd gram = design.transpose() * design;
    const Eigen::MatrixXd inverse = gram.completeOrthogonalDecomposition().pseudoInverse();
    estimate.standard_errors << inverse.diagonal(), inverse.sum();
    estimate.standard_errors = (variance * estimate.standard_errors.cwiseMax(0)).cwiseSqrt();
  }
  return estimate;
}

}  // namespace allometer::explain
