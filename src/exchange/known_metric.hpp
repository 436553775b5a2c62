#pragma once
/// What is known of a metric by its name.

#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace allometer::exchange {

struct KnownMetric {
  std::string aggregation = "mean";  ///< as in PlannedMetric
  std::string unit = "1";
  std::string long_name;
  std::optional<bool> higher_is_better;  ///< nothing: nobody here knows the metric
  bool has_standard_error = true;
  bool is_share = false;  ///< of questions: each is right (1) or not (0)
  double best = std::numeric_limits<double>::quiet_NaN();
};

/// `name` may end with a filter: "exact_match,strict-match".
KnownMetric known_metric(std::string_view name);

/// f(sum of values / sum of weights), by the name of an aggregation that PlannedMetric may have.
double aggregate(std::string_view aggregation, double ratio);

}  // namespace allometer::exchange
