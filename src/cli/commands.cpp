#include "cli/commands.hpp"

#include <array>

namespace allometer::cli {

std::span<const Command> commands() {
  static constexpr std::array kCommands = {
      Command{"run", "run a sweep, or carry on with one", run_run},
      Command{"collect", "build the results file from the journals", run_collect},
      Command{"analyze", "what a results file shows: verdicts, levers, costs", run_analyze},
      Command{"plan", "what a sweep will take: cells, tokens, memory, time", run_plan},
      Command{"status", "how far a sweep is, and how it ended", run_status},
      Command{"tasks", "list the tasks, and show their questions as a model sees them", run_tasks},
      Command{"import", "make a results file of what others published", run_import},
      Command{"export", "results as files of lm-evaluation-harness or CSV", run_export},
      Command{"merge", "several results files into one", run_merge},
      Command{"verify", "which instructions stored responses follow", run_verify},
      Command{"inspect", "architecture, parameters, memory and tokenizer of a checkpoint",
              run_inspect},
      Command{"tokenize", "text to token ids", run_tokenize},
      Command{"score", "log-likelihoods of continuations after contexts", run_score},
      Command{"generate", "continue prompts greedily", run_generate},
      Command{"logits", "all logits of token sequences, as a safetensors file", run_logits},
      Command{"make-model", "write a checkpoint of any shape with random weights", run_make_model},
  };
  return kCommands;
}

}  // namespace allometer::cli
