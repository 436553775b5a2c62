#pragma once
/// The levers of a sweep: what else than size differs between its models. Tuning and data are named
/// by the job; precision and the number of shots are levers too.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/report.hpp"

namespace allometer::report {

inline constexpr const char* kPrecisionLever = "precision";
inline constexpr const char* kShotsLever = "shots";

/// Level of each lever. A lever that a model does not have is at level "".
using LeverSetting = std::map<std::string, std::string>;

/// A level for people: "none" for "".
std::string level_text(const std::string& level);

/// What is compared, size and levers aside.
struct Body {
  std::string family;
  double parameters = 0;  ///< without embeddings; where these are unknown, all
  auto operator<=>(const Body&) const = default;
};

class Levers {
 public:
  /// Levers that take several levels among the cells of the job, models with random weights aside.
  /// Throws ConfigError naming lever and level if Settings::reference has one that is not among
  /// them.
  Levers(const Source& source, const Settings& settings);

  /// Name and levels of each lever. The first level is the reference: the one that the settings
  /// name, else the first in the order of the plan's models and variants, and the fewest shots.
  const std::vector<std::pair<std::string, std::vector<std::string>>>& all() const { return all_; }

  /// Of a variant (an index into the plan's) asked with so many shots; only levers of all().
  LeverSetting setting_of(std::int32_t variant, std::int32_t num_fewshot) const;
  Body body_of(std::int32_t variant) const;

 private:
  const results::PlannedModel& model_of(std::int32_t variant) const;

  const Source& source_;
  std::vector<std::pair<std::string, std::vector<std::string>>> all_;
};

}  // namespace allometer::report
