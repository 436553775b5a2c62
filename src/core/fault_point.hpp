#pragma once
/// Places where the crash tests kill the program.

#include <string_view>

namespace allometer {

/// Raises SIGKILL if $ALLOMETER_TEST_KILL is `name`, or "name:N" at the N-th passage (from 1);
/// nothing otherwise. The variable is read once.
void fault_point(std::string_view name);

}  // namespace allometer
