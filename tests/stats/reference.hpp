#pragma once
/// Values of other programs, from the JSON files beside this one; the make_* script beside each of
/// them wrote it.

#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace allometer::stats::testing {

inline const nlohmann::json& reference(const std::string& name = "reference.json") {
  static std::map<std::string, nlohmann::json> files;
  const auto found = files.find(name);
  if (found != files.end()) return found->second;
  std::ifstream file(std::string(ALLOMETER_SOURCE_DIR) + "/tests/stats/" + name);
  return files[name] = nlohmann::json::parse(file);
}

/// A matrix from its rows; null stands for NaN.
inline Eigen::MatrixXd matrix_of(const nlohmann::json& rows) {
  const auto num_columns = rows.empty() ? 0 : rows[0].size();
  Eigen::MatrixXd matrix(rows.size(), num_columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < num_columns; ++j) {
      const auto& cell = rows[i][j];
      matrix(i, j) = cell.is_null() ? std::nan("") : cell.get<double>();
    }
  }
  return matrix;
}

/// Agreement to 1e-10 of the value (of one, for values near nought).
inline void expect_close(double actual, double expected, const std::string& what) {
  EXPECT_NEAR(actual, expected, 1e-10 * std::max(1.0, std::abs(expected))) << what;
}

}  // namespace allometer::stats::testing
