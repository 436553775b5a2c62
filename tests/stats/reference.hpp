#pragma once
/// reference.json beside this file: values of SciPy (make_reference.py).

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace allometer::stats::testing {

inline const nlohmann::json& reference() {
  static const nlohmann::json all = [] {
    std::ifstream file(std::string(ALLOMETER_SOURCE_DIR) + "/tests/stats/reference.json");
    return nlohmann::json::parse(file);
  }();
  return all;
}

/// Agreement to 1e-10 of the value (of one, for values near nought).
inline void expect_close(double actual, double expected, const std::string& what) {
  EXPECT_NEAR(actual, expected, 1e-10 * std::max(1.0, std::abs(expected))) << what;
}

}  // namespace allometer::stats::testing
