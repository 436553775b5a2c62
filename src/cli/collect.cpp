/// `allometer collect`: journals to results file.

#include <string>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "sweep/run_sweep.hpp"
#include "sweep/share_analysis.hpp"

namespace allometer::cli {

int run_collect(std::span<const std::string> words) {
  Options options("collect",
                  "Builds the results file from the journals of a sweep (OUTPUT.journal), finished "
                  "or not, running or "
                  "killed, and prints its tables. Unfinished and failed cells are in the file with "
                  "their status.");
  options
      .argument("OUTPUT", Options::Presence::required,
                "the sweep's results file, there already or not")
      .example("allometer collect stories.h5", "a look at a sweep that still runs");
  if (options.parse(words)) return print_help(options);
  const std::string output = options.text("OUTPUT");
  const auto tables =
      sweep::analyse_with_ranks(output, {}, [&] { sweep::build_results_file(output); });
  if (tables) fmt::print("{}\nResults: {}\n", *tables, output);
  return kDone;
}

}  // namespace allometer::cli
