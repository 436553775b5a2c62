#pragma once
/// The time that strftime_now() writes.

#include <ctime>
#include <functional>

namespace allometer::jinja {

struct Moment {
  // Not explicit: a clock may give a std::tm.
  Moment(const std::tm& whole_seconds, int microseconds_behind = 0)
      : seconds(whole_seconds), microseconds(microseconds_behind) {}

  std::tm seconds;
  int microseconds;  ///< 0 to 999999, behind the whole second
};

using Clock = std::function<Moment()>;

/// Now, where the machine is.
Moment local_time();

}  // namespace allometer::jinja
