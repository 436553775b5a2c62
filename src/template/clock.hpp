#pragma once
/// The time that strftime_now() writes.

#include <ctime>
#include <functional>

namespace allometer::jinja {

using Clock = std::function<std::tm()>;

/// Now, where the machine is.
std::tm local_time();

}  // namespace allometer::jinja
