#pragma once
/// Built-in values of process_docs: transforms that make a task's documents out of a data set's.

#include <string>
#include <string_view>
#include <vector>

#include "tasks/dataset.hpp"

namespace allometer::tasks {

struct Transform {
  std::string_view name;
  /// Raised whenever the output changes for any input: part of a task's digest.
  int revision = 1;
  /// Documents, rows and ids of the result replace those of the data set. Throws ConfigError
  /// "file:row: ..." for documents that it cannot read.
  Dataset (*apply)(const Dataset& dataset);
};

/// nullptr if there is none of that name.
const Transform* find_transform(std::string_view name);
std::vector<std::string> transform_names();

}  // namespace allometer::tasks
