#pragma once
/// Places where the crash tests kill the program.

#include <string_view>

namespace allometer {

/// Raises SIGKILL if $ALLOMETER_TEST_KILL is `name`, or "name:N" at the N-th passage (from 1);
/// sleeps for a day if $ALLOMETER_TEST_HANG is `name`; nothing otherwise. The variables are read
/// once.
void fault_point(std::string_view name);

}  // namespace allometer
