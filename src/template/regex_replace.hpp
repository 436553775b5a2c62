#pragma once
/// lm-evaluation-harness's filter `regex_replace`: Python's re.sub.

#include <cstdint>
#include <string>

#include "template/value.hpp"

namespace allometer::jinja {

/// re.sub(pattern, replacement, text, count); `count` 0 means every match. Throws Failure for an
/// expression that is malformed or takes too many steps, and for a group that it does not have.
std::string regex_replaced(const std::string& text, const std::string& pattern,
                           const std::string& replacement, std::int64_t count, Heap& heap);

}  // namespace allometer::jinja
