/// `allometer import`: published results to a results file.

#include "exchange/import.hpp"

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options(
      "import",
      "Makes a results file of what others published: results of lm-evaluation-harness (.json, of "
      "today and of before 2023), the samples that it logs (samples_TASK_DATE.jsonl), and tables "
      "(.csv) with a row for each model. A sidecar in YAML says what these do not: families, sizes "
      "and levers of models, abilities and chance levels of tasks, what a table's columns mean "
      "(docs/importing.md). The file is an ordinary one: `allometer analyze` reads it.");
  options
      .argument("INPUT", Options::Presence::repeated,
                "files, quoted shell patterns, or directories (all .json, .jsonl, .csv below)")
      .option("models,m", "FILE", "the sidecar; several are in jobs/published")
      .option("output,o", "FILE", "the results file to write (needed)")
      .example("allometer import pythia/ --models jobs/published/pythia.yaml -o pythia.h5",
               "a directory of published results")
      .example("allometer import table.csv --models jobs/published/obs_scaling.yaml -o table.h5",
               "a table with a row for each model")
      .example("allometer import 'lm-eval-output/*/*.json*' --models mine.yaml -o mine.h5",
               "what lm_eval --log_samples wrote, with the answers to every question");
  return options;
}

}  // namespace

int run_import(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  if (!options.given("output")) options.fail("--output is missing: name the results file to write");
  exchange::ImportRequest request;
  request.inputs = options.texts("INPUT");
  if (options.given("models")) request.sidecar = options.existing_path("models");
  request.output = options.text("output");
  request.argv = {"allometer", "import"};
  request.argv.insert(request.argv.end(), words.begin(), words.end());
  const exchange::ImportSummary summary = exchange::import_results(request);
  for (const std::string& what : summary.left_out) fmt::print("left out: {}\n", what);
  for (const std::string& note : summary.notes) fmt::print("note: {}\n", note);
  fmt::print("{} file{}: {} models in {} famil{}, {} tasks, {} cells, {} answers to questions\n",
             summary.num_files, summary.num_files == 1 ? "" : "s", summary.num_models,
             summary.num_families, summary.num_families == 1 ? "y" : "ies", summary.num_tasks,
             summary.num_cells, summary.num_records);
  fmt::print("Results: {}\n", request.output.string());
  return kDone;
}

}  // namespace allometer::cli
