#pragma once
/// The results files of lm-evaluation-harness, of today and of before 2023.
///
/// Today: {"results": {TASK: {"acc,none": .5, "acc_stderr,none": .01}}, "n-shot", "n-samples",
/// "higher_is_better", "versions", "configs", "config", "model_name", ...}. Before: {"results":
/// {TASK: {"acc": .5, "acc_stderr": .01}}, "versions", "config": {"model_args", "num_fewshot"}}.

#include <filesystem>
#include <string_view>

#include "exchange/reported.hpp"

namespace allometer::exchange {

/// Groups of tasks are left out, as their tasks are there. Throws FormatError naming the file and
/// the JSON path.
ReportedRun parse_lm_eval_results(std::string_view text, const std::filesystem::path& file);

}  // namespace allometer::exchange
