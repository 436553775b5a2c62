#pragma once
/// Places where a test may kill the process, to see what survives. Nothing happens anywhere else.

#include <string_view>

namespace allometer {

/// Raises SIGKILL when the environment variable ALLOMETER_TEST_KILL is `name`.
void fault_point(std::string_view name);

}  // namespace allometer
