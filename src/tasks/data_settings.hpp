#pragma once
/// Which files a task's questions and demonstrations come from.

#include "tasks/settings.hpp"

namespace allometer::tasks {

/// Reads dataset_path, fewshot_path, dataset_kwargs.data_files, the *_split keys,
/// fewshot_config.samples and process_docs. The questions are, in this order:
///   dataset_path: FILE                      that file; demonstrations from fewshot_path, else from
///   the same file dataset_path: DIRECTORY, *_split: NAME  DIRECTORY/NAME.jsonl, .json or .csv
///   dataset_path: json or csv, dataset_kwargs.data_files: {NAME: FILE}, *_split: NAME
/// With splits, the questions are test_split, else validation_split, and the demonstrations
/// fewshot_split, else fewshot_config.samples, training_split, validation_split or test_split,
/// whichever is there first. Throws ConfigError "file:line: ..." for files that are not there and
/// for combinations that make no sense.
DataSettings parse_data_settings(const YamlValue& yaml);

}  // namespace allometer::tasks
