#include "report/levers.hpp"

#include <algorithm>
#include <ranges>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.hpp"

namespace allometer::report {
namespace {

using Levels = std::vector<std::string>;

/// What the cells of the job use, finished or not: what is compared must not depend on how far a
/// sweep is.
struct Used {
  std::set<std::int32_t> variants;
  std::set<std::int32_t> shots;
};

Used used_by(const Source& source) {
  Used used;
  for (const results::CellRow& row : source.cells) {
    if (!row.cell.in_job) continue;
    const auto& variant = source.plan.variants[static_cast<std::size_t>(row.cell.variant)];
    if (source.plan.models[static_cast<std::size_t>(variant.model)].random_weights) continue;
    used.variants.insert(row.cell.variant);
    used.shots.insert(row.cell.num_fewshot);
  }
  return used;
}

void add_once(Levels& levels, const std::string& level) {
  if (std::ranges::find(levels, level) == levels.end()) levels.push_back(level);
}

/// The level that the settings name comes first.
void put_reference_first(const std::string& lever, Levels& levels, const Settings& settings) {
  const auto wanted = settings.reference.find(lever);
  if (wanted == settings.reference.end()) return;
  const auto found = std::ranges::find(levels, wanted->second);
  if (found == levels.end()) {
    throw ConfigError(fmt::format(
        "the reference level of lever {} is \"{}\", but its levels are \"{}\"; name one "
        "of these (analysis.reference of the job, --reference {}=LEVEL)",
        lever, wanted->second, fmt::join(levels, "\", \""), lever));
  }
  std::rotate(levels.begin(), found, found + 1);
}

}  // namespace

std::string level_text(const std::string& level) {
  return level.empty() ? "none" : level;
}

Levers::Levers(const Source& source, const Settings& settings) : source_(source) {
  const Used used = used_by(source);
  std::set<std::string> names;
  for (const std::int32_t variant : used.variants) {
    for (const auto& [name, level] : model_of(variant).levers) names.insert(name);
  }
  std::map<std::string, Levels> levels;
  for (const std::int32_t variant : used.variants) {
    const auto& of_model = model_of(variant).levers;
    for (const std::string& name : names) {
      const auto found = of_model.find(name);
      add_once(levels[name], found == of_model.end() ? "" : found->second);
    }
    add_once(levels[kPrecisionLever],
             source.plan.variants[static_cast<std::size_t>(variant)].precision);
  }
  for (const std::int32_t shots : used.shots) add_once(levels[kShotsLever], std::to_string(shots));
  for (const auto& [lever, level] : settings.reference) {
    if (levels.contains(lever)) continue;
    throw ConfigError(
        fmt::format("the reference level \"{}\" is of lever {}, which no model has; there are {} "
                    "(analysis.reference of the job, --reference KEY=LEVEL)",
                    level, lever, fmt::join(std::views::keys(levels), ", ")));
  }
  for (auto& [lever, of_lever] : levels) {
    put_reference_first(lever, of_lever, settings);
    if (of_lever.size() > 1) all_.emplace_back(lever, std::move(of_lever));
  }
}

LeverSetting Levers::setting_of(std::int32_t variant, std::int32_t num_fewshot) const {
  LeverSetting setting;
  const auto& levers = model_of(variant).levers;
  for (const auto& [lever, levels] : all_) {
    if (lever == kPrecisionLever) {
      setting[lever] = source_.plan.variants[static_cast<std::size_t>(variant)].precision;
    } else if (lever == kShotsLever) {
      setting[lever] = std::to_string(num_fewshot);
    } else {
      const auto found = levers.find(lever);
      setting[lever] = found == levers.end() ? "" : found->second;
    }
  }
  return setting;
}

Body Levers::body_of(std::int32_t variant) const {
  const auto& model = model_of(variant);
  const std::int64_t parameters = model.num_parameters_without_embeddings > 0
                                      ? model.num_parameters_without_embeddings
                                      : model.num_parameters;
  return {model.family, static_cast<double>(parameters)};
}

const results::PlannedModel& Levers::model_of(std::int32_t variant) const {
  const auto model = source_.plan.variants[static_cast<std::size_t>(variant)].model;
  return source_.plan.models[static_cast<std::size_t>(model)];
}

}  // namespace allometer::report
