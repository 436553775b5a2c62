/// The program: finds the subcommand, and turns whatever ends it into one message and an exit code.

#include <cstdio>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "core/contract.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "core/provenance.hpp"
#include "tasks/spelling.hpp"

namespace allometer::cli {
namespace {

std::string help_page() {
  std::string page =
      "usage: allometer COMMAND [arguments]\n\n"
      "Which abilities of language models grow with model size, measured on CPU clusters: runs "
      "families of\n"
      "checkpoints over tasks on the ranks of an MPI job, keeps every question's result in one "
      "HDF5 file, and\n"
      "works out which abilities grow with size and what each answer cost.\n\ncommands:\n";
  for (const Command& command : commands()) {
    page += fmt::format("  {:<12} {}\n", command.name, command.summary);
  }
  page +=
      "\n'allometer COMMAND --help' explains a command and shows an example. 'allometer --version' "
      "tells the version.\n"
      "\nexamples:\n"
      "  mpirun -n 4 allometer run jobs/stories.yaml -o stories.h5     # a sweep on this machine\n"
      "  sbatch slurm/sweep.sbatch                                     # a sweep on a cluster\n"
      "  allometer status stories.h5                                   # how far it is\n"
      "\nexit codes: 0 done; 2 wrong command line, job file or input; 3 finished with failed "
      "cells;\n"
      "4 stopped early, run the same command again to carry on; 1 anything else.\n";
  return page;
}

std::string command_suggestion(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.emplace_back(command.name);
  return tasks::did_you_mean(name, names);
}

int dispatch(std::span<const std::string> words) {
  if (words.empty()) {
    std::fputs(help_page().c_str(), stderr);
    return kUsage;
  }
  const std::string& name = words.front();
  if (name == "--help" || name == "-h" || name == "help") {
    std::fputs(help_page().c_str(), stdout);
    return kDone;
  }
  if (name == "--version") {
    fmt::print("allometer {} ({})\n", program_version(), git_revision());
    return kDone;
  }
  for (const Command& command : commands()) {
    if (command.name == name) return command.run(words.subspan(1));
  }
  throw UsageError(fmt::format("unknown {} '{}'{} ('allometer --help' lists the commands)",
                               name.starts_with("-") ? "option" : "command", name,
                               command_suggestion(name)));
}

/// Full disks and closed pipes show when the buffer is written out.
void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    throw IoError("standard output could not be written: is the disk full, or the reader gone?");
  }
}

int run_program(std::span<const std::string> words) {
  try {
    const int code = dispatch(words);
    flush_output();
    return code;
  } catch (const ConfigError& error) {
    log::error(error.what());
    return kUsage;
  } catch (const FormatError& error) {
    log::error(error.what());
    return kUsage;
  } catch (const Error& error) {
    log::error(error.what());
  } catch (const std::bad_alloc&) {
    log::error("out of memory: use a smaller model, --precision bf16, or a node with more memory");
  } catch (const ContractViolation& error) {
    log::error(error.what());
  } catch (const std::exception& error) {
    log::error(fmt::format(
        "{} (not an error that Allometer expects: probably a bug; please report it with the "
        "command line)",
        error.what()));
  }
  return kCrash;
}

}  // namespace
}  // namespace allometer::cli

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  return allometer::cli::run_program(words);
}
