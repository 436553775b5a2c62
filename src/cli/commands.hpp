#pragma once
/// The subcommands of `allometer`. To add one: a file with its function, a line here and a line in
/// commands.cpp.

#include <span>
#include <string>
#include <string_view>

namespace allometer::cli {

/// What the process tells its caller. Usage also stands for any input file that is wrong.
enum ExitCode : int {
  kDone = 0,
  kCrash = 1,        ///< the system refused something, or a bug
  kUsage = 2,        ///< wrong command line, job file or input
  kFailedCells = 3,  ///< the sweep is finished, some of its cells failed
  kStopped = 4,      ///< stopped early; run the same command again to carry on
};

/// `words`: what follows the subcommand's name. Returns an exit code; throws Error or
/// ContractViolation.
struct Command {
  std::string_view name;
  std::string_view summary;  ///< one line in `allometer --help`
  int (*run)(std::span<const std::string> words);
};

/// In the order of `allometer --help`.
std::span<const Command> commands();

int run_run(std::span<const std::string> words);
int run_collect(std::span<const std::string> words);
int run_analyze(std::span<const std::string> words);
int run_plan(std::span<const std::string> words);
int run_tasks(std::span<const std::string> words);
int run_inspect(std::span<const std::string> words);
int run_tokenize(std::span<const std::string> words);
int run_score(std::span<const std::string> words);
int run_generate(std::span<const std::string> words);
int run_logits(std::span<const std::string> words);
int run_make_model(std::span<const std::string> words);
int run_verify(std::span<const std::string> words);
int run_export(std::span<const std::string> words);
int run_merge(std::span<const std::string> words);
int run_import(std::span<const std::string> words);
int run_status(std::span<const std::string> words);

}  // namespace allometer::cli
