#include <set>

#include "report/report.hpp"
#include "results/results_file.hpp"

namespace allometer::report {
namespace {

/// Why energy is unmeasured, of every host that says so.
std::string energy_reasons(const results::ResultsFile& file) {
  std::set<std::string> reasons;
  for (const auto& machine : file.machines()) {
    if (machine.energy_source.starts_with("unmeasured")) reasons.insert(machine.energy_source);
  }
  std::string all;
  for (const std::string& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
  return all;
}

}  // namespace

Report analyse(const results::ResultsFile& file) {
  Source source;
  source.plan = file.plan();
  source.cells = file.cells();
  source.energy_source = energy_reasons(file);
  source.metric = [&file](std::int32_t cell, std::int32_t metric) {
    return file.metric(cell, metric);
  };
  source.published = [&file](std::int32_t cell, std::int32_t metric) {
    return file.published(cell, metric);
  };
  return analyse(source);
}

void write(const std::filesystem::path& path, const Report& report) {
  results::write_analysis(path, report.estimates, tables_of(report));
}

std::string analyse_file(const std::filesystem::path& path) {
  // The file is closed before it is extended.
  const Report report = analyse(results::ResultsFile(path));
  write(path, report);
  return format_tables(report);
}

}  // namespace allometer::report
