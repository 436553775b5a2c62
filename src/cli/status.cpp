/// allometer status: how far a sweep is, and how it ended.

#include <cstdint>
#include <ctime>
#include <optional>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "results/store.hpp"
#include "sweep/output_lock.hpp"
#include "sweep/state_file.hpp"

namespace allometer::cli {
namespace {

Options declare() {
  Options options(
      "status",
      "Tells how far the sweep that writes OUTPUT is, from OUTPUT.state; where the sweep was "
      "killed, from "
      "its journals. Reads only; works while the sweep runs, from any node that sees the files.");
  options
      .argument("OUTPUT", Options::Presence::required,
                "the results file that was given to 'run' with -o")
      .flag("exit-code",
            "exit with the outcome: 0 done, 3 finished with failed cells, 4 stopped early and "
            "resumable, 1 still running "
            "or killed without a word")
      .example("allometer status stories.h5", "while it runs, or weeks later")
      .example(
          "allometer status --exit-code stories.h5 || [ $? -ne 4 ] || scontrol requeue "
          "$SLURM_JOB_ID",
          "in a batch script: carry on if there is more to do");
  return options;
}

std::string duration_text(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  if (seconds < 5400) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

/// Seconds since an ISO 8601 UTC time; nothing for text that is none.
std::optional<double> seconds_since(const std::string& utc) {
  std::tm parts{};
  if (strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr) return std::nullopt;
  return std::difftime(std::time(nullptr), timegm(&parts));
}

std::string outcome_text(const sweep::State& state, bool is_running) {
  switch (state.outcome) {
    case sweep::Outcome::done:
      return "done";
    case sweep::Outcome::failed_cells:
      return "finished with failed cells";
    case sweep::Outcome::stopped:
      return "stopped early; run the same command again to carry on";
    case sweep::Outcome::running:
      break;
  }
  if (is_running) return "running";
  return "killed: it ended without a word; run the same command again to carry on, or 'collect' "
         "what is there";
}

void print_row(std::string_view label, const std::string& value) {
  fmt::print("{:<11} {}\n", label, value);
}

/// What is done, and how fast, counted by the running sweep itself.
void print_state(const sweep::State& state, bool is_running) {
  print_row("outcome", outcome_text(state, is_running));
  if (!state.reason.empty()) print_row("reason", state.reason);
  print_row("job", fmt::format("{}, start {} on {}, process {}", state.job, state.start + 1,
                               state.host, state.pid));
  print_row(
      "cells",
      fmt::format("{} done, {} failed, {} left of {}", state.cells_done, state.cells_failed,
                  state.cells_total - state.cells_done - state.cells_failed, state.cells_total));
  print_row(
      "questions",
      fmt::format("{} of {} ({:.1f} %)", state.questions_done, state.questions_total,
                  state.questions_total > 0 ? 100.0 * static_cast<double>(state.questions_done) /
                                                  static_cast<double>(state.questions_total)
                                            : 100.0));
  if (is_running && state.remaining_seconds > 0) {
    print_row("time left", "about " + duration_text(state.remaining_seconds));
  }
  const auto age = seconds_since(state.updated);
  print_row("as of", state.updated + (age ? fmt::format(" ({} ago)", duration_text(*age)) : ""));
}

/// What the journals hold, where no process is left to say it.
void print_journals(const results::JournalIndex& index) {
  if (!index.plan()) {
    print_row("journals", "no plan in them: the sweep had not begun");
    return;
  }
  std::int64_t questions = 0, questions_done = 0, cells = 0, cells_done = 0, cells_failed = 0;
  for (const results::PlannedCell& cell : index.plan()->cells) {
    if (!cell.in_job) continue;
    ++cells;
    questions += cell.num_questions;
    const auto found = index.cells().find(cell.digest);
    if (found == index.cells().end()) continue;
    questions_done += found->second.questions_done();
    if (found->second.failure) {
      ++cells_failed;
    } else if (found->second.questions_done() == cell.num_questions) {
      ++cells_done;
    }
  }
  print_row("journals",
            fmt::format("{} of {} cells done, {} failed; {} of {} questions; {} start{}",
                        cells_done, cells, cells_failed, questions_done, questions,
                        index.starts().size(), index.starts().size() == 1 ? "" : "s"));
  if (index.damaged_bytes() > 0) {
    print_row("", fmt::format("{} damaged bytes were left out; a rerun computes them again",
                              index.damaged_bytes()));
  }
}

}  // namespace

int run_status(std::span<const std::string> words) {
  Options options = declare();
  if (options.parse(words)) return print_help(options);
  const std::filesystem::path output = options.text("OUTPUT");
  const std::optional<sweep::State> state = sweep::read_state(output);
  const std::filesystem::path journals = results::journal_directory(output);
  if (!state && !std::filesystem::exists(journals)) {
    options.fail(fmt::format("no sweep has written to '{}': neither {}.state nor {} exists",
                             output.string(), output.string(), journals.string()));
  }
  const bool is_running = sweep::OutputLock::is_held(output);
  if (state) print_state(*state, is_running);
  const bool was_killed = !state || (state->outcome == sweep::Outcome::running && !is_running);
  if (was_killed) print_journals(results::JournalIndex::read(journals));
  if (!options.given("exit-code")) return kDone;
  return state ? sweep::exit_code_of(state->outcome) : kCrash;
}

}  // namespace allometer::cli
