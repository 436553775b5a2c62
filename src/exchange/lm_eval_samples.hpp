#pragma once
/// The samples that lm-evaluation-harness logs: one JSON object a line for each question (and
/// filter), in files samples_TASK_DATE.jsonl.

#include <filesystem>
#include <string>
#include <string_view>

#include "exchange/reported.hpp"

namespace allometer::exchange {

/// TASK and DATE of a file's name; both empty if it is not "samples_TASK_DATE.jsonl".
struct SamplesName {
  std::string task;
  std::string date;
};
SamplesName parse_samples_name(const std::filesystem::path& file);

/// A metric becomes one of the answers if every line gives it a number (or true, false), a pair of
/// a log-likelihood and a weight as perplexities have it, or a list of verdicts. Metrics of another
/// shape are named in `left_out`. Throws FormatError naming file, line and key.
Answers parse_lm_eval_samples(std::string_view text, const std::filesystem::path& file,
                              std::vector<std::string>& left_out);

}  // namespace allometer::exchange
