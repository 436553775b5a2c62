/// `allometer export`: a results file to what others read.

#include "exchange/export.hpp"

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "report/report.hpp"
#include "sweep/share_analysis.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options("export",
                  "Writes a results file as others read it. lm-eval: results and samples as "
                  "lm-evaluation-harness writes them, a folder for each variant, number of "
                  "demonstrations and seed. "
                  "csv: estimates.csv, a row for each cell and metric, and records.csv, a row for "
                  "each question and metric. There "
                  "is no Parquet: Debian 12 has no library for it; "
                  "pandas.read_csv(...).to_parquet(...) makes it of "
                  "the CSV.");
  options.argument("FILE", Options::Presence::required, "a results file")
      .option("format,f", "FORMAT", "lm-eval or csv (needed)")
      .option(
          "output,o", "DIRECTORY",
          "where to write; the default is FILE's name without its ending, then -lm-eval or -csv")
      .example("allometer export stories.h5 --format lm-eval -o stories-lm-eval",
               "for the tools that read lm-evaluation-harness's output")
      .example("allometer export stories.h5 --format csv -o tables", "for a spreadsheet or R");
  return options;
}

}  // namespace

int run_export(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  const std::string format = options.text("format");
  if (format != "lm-eval" && format != "csv") {
    options.fail(format.empty()
                     ? "--format is missing: lm-eval or csv"
                     : fmt::format("--format is '{}': lm-eval and csv are known", format));
  }
  const std::filesystem::path path = options.existing_path("FILE");
  const std::filesystem::path directory =
      options.given("output") ? options.text("output") : path.stem().string() + "-" + format;
  const auto estimates = report::analyse(path, {}, sweep::analysis_threads()).estimates;
  const results::ResultsFile file(path);
  const exchange::ExportSummary summary =
      format == "csv" ? exchange::export_csv(file, estimates, directory)
                      : exchange::export_lm_eval(file, estimates, directory);
  fmt::print("{} files with {} estimates and {} answers to questions: {}\n", summary.files.size(),
             estimates.size(), summary.num_records, directory.string());
  return kDone;
}

}  // namespace allometer::cli
