/// `allometer merge`: several results files into one.

#include "exchange/merge.hpp"

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options(
      "merge",
      "Puts the models, tasks and cells of several results files into one, with every "
      "question's answers, published values, starts and machines. A cell that several files "
      "have is kept once if they agree on it, and is an error if they do not. Statistics "
      "are left out: run `allometer analyze` on the result.");
  options.argument("FILE", Options::Presence::repeated, "results files, two at least")
      .option("output,o", "FILE", "the results file to write (needed)")
      .flag(
          "mixed-builds",
          "merge files of different versions, instruction sets or libraries too, whose numbers may "
          "differ in their last digits; the file then says so (attribute mixed_builds)")
      .example("allometer merge small.h5 large.h5 -o all.h5",
               "two sweeps of one program over different models")
      .example("allometer merge mine.h5 published.h5 --mixed-builds -o both.h5",
               "a sweep beside what others published");
  return options;
}

}  // namespace

int run_merge(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  if (!options.given("output")) options.fail("--output is missing: name the results file to write");
  exchange::MergeRequest request;
  for (const std::string& file : options.texts("FILE")) request.files.emplace_back(file);
  request.output = options.text("output");
  request.mixed_builds = options.given("mixed-builds");
  const exchange::MergeSummary summary = exchange::merge_results(request);
  for (const std::string& note : summary.notes) fmt::print("note: {}\n", note);
  fmt::print(
      "{} files: {} models, {} tasks, {} cells ({} in several files), {} answers to questions\n",
      request.files.size(), summary.num_models, summary.num_tasks, summary.num_cells,
      summary.num_same_cells, summary.num_records);
  fmt::print("Results: {}\n", request.output.string());
  return kDone;
}

}  // namespace allometer::cli
