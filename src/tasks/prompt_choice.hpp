#pragma once
/// The prompt of a task, chosen among candidates without a development set: by how well the model
/// predicts the labels of demonstrations under each. Perez, Kiela, Cho 2021, True few-shot learning
/// with language models, arXiv 2105.11447.
///
/// In a task file:
///   prompt_choice:
///     by: mdl                     # or leave_one_out
///     examples: 16                # labelled demonstrations to judge by
///     orders: 4                   # orders of them that are averaged over
///     candidates:
///       - doc_to_text: "{{text}} It was"
///       - doc_to_text: "Review: {{text}}\nIt was"
/// A candidate may set doc_to_text, description and target_delimiter; what it leaves out is the
/// task's own.

#include <filesystem>
#include <memory>

#include "tasks/task.hpp"
#include "tasks/yaml_value.hpp"

namespace allometer::tasks {

/// The task of a file with the key prompt_choice. Its preparation() asks one question per
/// candidate, and the artifact that comes of it names the candidate with the smallest score. With
/// an empty artifact, as in a listing, it asks by the first candidate. Throws ConfigError
/// "file:line: ..." for what the key says wrong, and where demonstrations would be taken from the
/// questions.
///
/// leave_one_out: the mean over examples and orders of -ln p(label), each example asked with the
/// others before it, as many of them as the task has shots. mdl: the prequential codelength, for
/// each order the sum over its examples of -ln p(label), each asked with all that stand before it;
/// the mean over orders. p is renormalised over the choices where there are some.
std::shared_ptr<const Task> load_prompt_choice(const YamlValue& yaml,
                                               const std::filesystem::path& file);

}  // namespace allometer::tasks
