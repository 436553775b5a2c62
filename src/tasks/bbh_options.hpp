#pragma once
/// The answers that a question of BIG-Bench Hard lists in its own text (a transform,
/// transforms.hpp).

#include "tasks/dataset.hpp"

namespace allometer::tasks {

/// Takes documents {"input", "target"} whose input ends with a line "Options:" and one option a
/// line,
/// "(A) text", "(B) text", ... or "- text", and adds
///   {"choices": [the texts], "labels": ["(A)", ...] or the texts, "gold": index of the target}
/// Ids and rows stay. Throws ConfigError "file:row: ..." for a document without options, with
/// letters out of order, or whose target is none of them.
Dataset bbh_options(const Dataset& questions);

}  // namespace allometer::tasks
