/// `allometer collect`: journals to results file.

#include <string>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "sweep/run_sweep.hpp"

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
  fmt::print("{}", sweep::collect(options.text("OUTPUT")));
  fmt::print("\nResults: {}\n", options.text("OUTPUT"));
  return kDone;
}

}  // namespace allometer::cli
