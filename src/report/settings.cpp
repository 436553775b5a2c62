#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "report/report.hpp"

namespace allometer::report {

Settings Settings::parse(std::string_view json) {
  Settings settings;
  if (json.empty()) return settings;
  try {
    const nlohmann::json all = nlohmann::json::parse(json);
    settings.confidence = all.value("confidence", settings.confidence);
    settings.bootstrap_draws = all.value("bootstrap_draws", settings.bootstrap_draws);
    settings.seed = all.value("seed", settings.seed);
    const std::string size = all.value("size", std::string("without_embeddings"));
    if (size != "without_embeddings" && size != "total") {
      throw FormatError(
          fmt::format("analysis settings of the results file: size is \"{}\", but only "
                      "\"without_embeddings\" and \"total\" are known",
                      size));
    }
    settings.with_embeddings = size == "total";
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(fmt::format("analysis settings of the results file cannot be read: {} in {}",
                                  error.what(), json));
  }
  if (!(settings.confidence > 0 && settings.confidence < 1)) {
    throw FormatError(
        fmt::format("analysis settings of the results file: confidence is {}, but must "
                    "lie between 0 and 1, as 0.95",
                    settings.confidence));
  }
  if (settings.bootstrap_draws < 1) {
    throw FormatError(
        fmt::format("analysis settings of the results file: bootstrap_draws is {}, but "
                    "must be at least 1",
                    settings.bootstrap_draws));
  }
  return settings;
}

}  // namespace allometer::report
