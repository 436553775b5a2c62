#include <algorithm>
#include <fnmatch.h>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "report/analysis.hpp"
#include "results/results_file.hpp"

namespace allometer::report {
namespace {

/// Why energy is unmeasured, of every host that says so.
std::string energy_reasons(const results::ResultsFile& file) {
  std::set<std::string> reasons;
  for (const auto& machine : file.machines()) {
    if (machine.energy_source.starts_with("unmeasured")) reasons.insert(machine.energy_source);
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

/// The job's settings with those of the request over them.
std::string merged_settings(const std::string& of_job, const std::string& request) {
  if (request.empty()) return of_job;
  Settings::parse(of_job);  // says what is wrong with a file that holds anything else
  nlohmann::json all = of_job.empty() ? nlohmann::json::object() : nlohmann::json::parse(of_job);
  all.merge_patch(nlohmann::json::parse(request));
  return all.dump();
}

/// Indices of the tasks that match any of the patterns, each of which matches one at least.
std::set<std::int32_t> matching_tasks(const std::vector<std::string>& patterns,
                                      const std::vector<results::PlannedTask>& tasks) {
  std::set<std::int32_t> chosen;
  for (const std::string& pattern : patterns) {
    const auto matches = [&](const results::PlannedTask& task) {
      return fnmatch(pattern.c_str(), task.name.c_str(), 0) == 0;
    };
    if (std::none_of(tasks.begin(), tasks.end(), matches)) {
      std::vector<std::string> names;
      for (const auto& task : tasks) names.push_back(task.name);
      throw ConfigError(fmt::format("task '{}' is not in the results file, which has {}", pattern,
                                    fmt::join(names, ", ")));
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (matches(tasks[i])) chosen.insert(static_cast<std::int32_t>(i));
    }
  }
  return chosen;
}

/// Cells of other tasks count as if they had not been planned.
void keep_tasks(const std::vector<std::string>& patterns, Source& source) {
  const std::set<std::int32_t> chosen = matching_tasks(patterns, source.plan.tasks);
  for (results::CellRow& row : source.cells) {
    if (chosen.contains(row.cell.task)) continue;
    row.cell.in_job = false;
    row.status = results::CellStatus::planned;
    row.questions_done = 0;
  }
}

/// Keeps the file open.
Source source_of(std::shared_ptr<const results::ResultsFile> file) {
  Source source;
  source.plan = file->plan();
  source.cells = file->cells();
  source.energy_source = energy_reasons(*file);
  source.metric = [file](std::int32_t cell, std::int32_t metric) {
    return file->metric(cell, metric);
  };
  source.published = [file](std::int32_t cell, std::int32_t metric) {
    return file->published(cell, metric);
  };
  return source;
}

}  // namespace

std::shared_ptr<const Analysis> open_analysis(const std::filesystem::path& path,
                                              const AnalysisRequest& request) {
  Source source = source_of(std::make_shared<const results::ResultsFile>(path));
  source.plan.analysis = merged_settings(source.plan.analysis, request.settings);
  if (!request.tasks.empty()) keep_tasks(request.tasks, source);
  return std::make_shared<const Analysis>(std::move(source));
}

void write(const std::filesystem::path& path, const Report& report) {
  results::write_analysis(path, report.plan, report.estimates, tables_of(report));
}

std::string deliver(const std::filesystem::path& path, const AnalysisRequest& request,
                    const Report& report) {
  if (request.tasks.empty()) write(path, report);
  return request.as_json ? format_json(report) : format_tables(report);
}

std::string analyse_file(const std::filesystem::path& path, const AnalysisRequest& request,
                         int num_threads) {
  // The file is closed before it is extended.
  return deliver(path, request, analyse(path, request, num_threads));
}

}  // namespace allometer::report
