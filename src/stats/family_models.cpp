#include "stats/family_models.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/contract.hpp"

namespace allometer::stats {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

bool all_finite(std::span<const double> values) {
  return Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size())).allFinite();
}

Undefined reason_against(std::span<const double> x, std::span<const double> y) {
  if (x.size() < 2) return Undefined::too_few;
  if (!all_finite(x) || !all_finite(y)) return Undefined::not_finite;
  const bool has_one_size = std::all_of(x.begin(), x.end(), [&](double v) { return v == x[0]; });
  return has_one_size ? Undefined::constant : Undefined::no;
}

}  // namespace

Eigen::MatrixXd FamilyModels::intercepts() const {
  Eigen::MatrixXd columns = Eigen::MatrixXd::Zero(x.size(), num_families);
  for (Index i = 0; i < x.size(); ++i) columns(i, family[static_cast<std::size_t>(i)]) = 1;
  return columns;
}

FamilyModels family_models(std::span<const double> x, std::span<const double> y,
                           std::span<const int> family, Keep keep) {
  ALLOMETER_EXPECT(x.size() == y.size());
  ALLOMETER_EXPECT(family.empty() || family.size() == x.size());
  FamilyModels models;
  models.undefined = reason_against(x, y);
  if (models.undefined != Undefined::no) return models;
  const auto label = [&](std::size_t i) { return family.empty() ? 0 : family[i]; };
  std::map<int, std::set<double>> sizes;
  for (std::size_t i = 0; i < x.size(); ++i) sizes[label(i)].insert(x[i]);
  std::map<int, int> numbers;
  std::vector<double> kept;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (keep == Keep::with_second_size && sizes[label(i)].size() < 2) continue;
    kept.push_back(x[i]);
    models.y.push_back(y[i]);
    const int next = static_cast<int>(numbers.size());
    models.family.push_back(numbers.try_emplace(label(i), next).first->second);
  }
  models.x = Eigen::Map<const VectorXd>(kept.data(), static_cast<Index>(kept.size()));
  models.num_families = static_cast<int>(numbers.size());
  models.num_sizes = static_cast<int>(std::set<double>(kept.begin(), kept.end()).size());
  if (kept.empty()) models.undefined = Undefined::too_few;
  return models;
}

}  // namespace allometer::stats
