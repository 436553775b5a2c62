#include "report/report.hpp"
#include "results/results_file.hpp"

namespace allometer::report {

Report analyse(const results::ResultsFile& file) {
  Source source;
  source.plan = file.plan();
  source.cells = file.cells();
  source.metric = [&file](std::int32_t cell, std::int32_t metric) {
    return file.metric(cell, metric);
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
