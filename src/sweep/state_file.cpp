#include "sweep/state_file.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/atomic_file.hpp"

namespace allometer::sweep {

NLOHMANN_JSON_SERIALIZE_ENUM(Outcome, {{Outcome::running, "running"},
                                       {Outcome::done, "done"},
                                       {Outcome::failed_cells, "failed_cells"},
                                       {Outcome::stopped, "stopped"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(State, outcome, reason, job, host, pid, start, updated,
                                   cells_total, cells_done, cells_failed, questions_total,
                                   questions_done, remaining_seconds)

namespace {
std::filesystem::path state_path(const std::filesystem::path& output) {
  return output.string() + ".state";
}
}  // namespace

int exit_code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return 0;
    case Outcome::failed_cells:
      return 3;
    case Outcome::stopped:
      return 4;
    case Outcome::running:
      break;
  }
  return 1;
}

void write_state(const std::filesystem::path& output, const State& state) {
  nlohmann::ordered_json json = nlohmann::json(state);
  json["exit_code"] = exit_code_of(state.outcome);
  io::replace_file(state_path(output),
                   json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n');
}

std::optional<State> read_state(const std::filesystem::path& output) {
  const auto path = state_path(output);
  if (!std::filesystem::exists(path)) return std::nullopt;
  try {
    return nlohmann::json::parse(io::read_text(path)).get<State>();
  } catch (const nlohmann::json::exception& error) {
    throw FormatError(path.string() + " is not a state file of Allometer (" + error.what() +
                      "): remove it and rerun the job, which loses nothing");
  }
}

}  // namespace allometer::sweep
