#pragma once
/// Shell patterns over directories.

#include <filesystem>
#include <string_view>
#include <vector>

namespace allometer::job {

/// Has the text any of * ? [ ?
bool is_pattern(std::string_view text);

/// "stories-14k" before "stories-126k": runs of digits compare as numbers, the rest byte by byte.
bool natural_less(std::string_view a, std::string_view b);

/// The paths that match, every component being a pattern, in natural order. Names that begin with a
/// dot need a pattern that does. A path without patterns matches itself if it exists. Directories
/// that cannot be read match nothing.
std::vector<std::filesystem::path> expand_pattern(const std::filesystem::path& pattern);

}  // namespace allometer::job
