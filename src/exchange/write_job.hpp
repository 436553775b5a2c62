#pragma once
/// Writes results that did not come from a sweep by the way that a sweep's take: journal, then
/// file.

#include <filesystem>
#include <string>
#include <vector>

#include "exchange/assemble.hpp"

namespace allometer::exchange {

/// Makes `output` anew from a journal of its own, which is removed. Throws ConfigError if `output`
/// is a sweep's (it has a journal), IoError.
void write_job(const Assembled& assembled, const std::vector<std::string>& argv,
               const std::filesystem::path& output);

}  // namespace allometer::exchange
