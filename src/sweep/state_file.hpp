#pragma once
/// OUTPUT.state: how a job stands, for `allometer status` and for batch scripts.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace allometer::sweep {

enum class Outcome { running, done, failed_cells, stopped };

/// Exit codes of a finished job: 0 done, 3 with failed cells, 4 stopped and resumable; 1 while it
/// runs.
int exit_code_of(Outcome outcome);

struct State {
  Outcome outcome = Outcome::running;
  std::string reason;  ///< of a stop
  std::string job;
  std::string host;
  std::int64_t pid = 0;
  std::int32_t start = 0;
  std::string updated;  ///< ISO 8601 UTC
  std::int64_t cells_total = 0;
  std::int64_t cells_done = 0;
  std::int64_t cells_failed = 0;
  std::int64_t questions_total = 0;
  std::int64_t questions_done = 0;
  double remaining_seconds = 0;  ///< predicted, all ranks together
};

/// Durable when it returns. Throws IoError.
void write_state(const std::filesystem::path& output, const State& state);
/// Nothing when there is no state file. Throws FormatError naming the file when it cannot be read
/// as one.
std::optional<State> read_state(const std::filesystem::path& output);

}  // namespace allometer::sweep
