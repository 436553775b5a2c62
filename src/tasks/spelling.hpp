#pragma once
/// Names that look like a mistyped one.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace allometer::tasks {

/// The candidates within a third of their length, or that contain `name`, nearest first; at most
/// three.
std::vector<std::string> look_alikes(std::string_view name,
                                     std::span<const std::string> candidates);

/// "; did you mean 'a' or 'b'?", or "." where nothing looks alike: the end of a sentence about
/// `name`.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace allometer::tasks
