#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "report/report.hpp"

namespace allometer::report {

SizeAxis parse_size_axis(std::string_view name) {
  if (name == "without_embeddings") return SizeAxis::without_embeddings;
  if (name == "total") return SizeAxis::total;
  if (name == "training_flops") return SizeAxis::training_flops;
  if (name == "training_tokens") return SizeAxis::training_tokens;
  throw FormatError(
      fmt::format("the size axis is \"{}\", but only without_embeddings, total, training_flops and "
                  "training_tokens are known",
                  name));
}

std::string_view name_of(SizeAxis axis) {
  switch (axis) {
    case SizeAxis::without_embeddings:
      return "N without embeddings";
    case SizeAxis::total:
      return "N";
    case SizeAxis::training_flops:
      return "training FLOPs";
    case SizeAxis::training_tokens:
      return "training tokens";
  }
  return "size";
}

Settings Settings::parse(std::string_view json) {
  Settings settings;
  if (json.empty()) return settings;
  try {
    const nlohmann::json all = nlohmann::json::parse(json);
    settings.confidence = all.value("confidence", settings.confidence);
    settings.bootstrap_draws = all.value("bootstrap_draws", settings.bootstrap_draws);
    settings.seed = all.value("seed", settings.seed);
    settings.size = parse_size_axis(all.value("size", std::string("without_embeddings")));
    settings.smallest_effect = all.value("smallest_effect", settings.smallest_effect);
    settings.contrast = all.value("contrast", settings.contrast);
    settings.reference = all.value("reference", settings.reference);
    settings.hierarchical = all.value("hierarchical", settings.hierarchical);
    settings.mixed_model = all.value("mixed_model", settings.mixed_model);
    settings.item_response = all.value("item_response", settings.item_response);
    if (const auto density = all.find("density"); density != all.end()) {
      settings.density = {density->at("family"), density->at("loss"), density->at("score")};
    }
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
  if (!(settings.smallest_effect > 0)) {
    throw FormatError(
        fmt::format("analysis settings of the results file: smallest_effect is {}, but must be "
                    "above 0",
                    settings.smallest_effect));
  }
  return settings;
}

}  // namespace allometer::report
