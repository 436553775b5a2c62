#pragma once
/// Whole-numbered places in the plane, x to the right (east) and y up (north).

#include <compare>

namespace allometer::tasks {

struct Offset {
  int x = 0;
  int y = 0;

  auto operator<=>(const Offset&) const = default;
  Offset operator+(Offset other) const { return {x + other.x, y + other.y}; }
  Offset operator-(Offset other) const { return {x - other.x, y - other.y}; }
  Offset operator*(int times) const { return {x * times, y * times}; }
};

/// -1, 0 or 1 each: which of the nine directions (standing still is one) an offset points to.
inline Offset signs_of(Offset offset) {
  const auto sign = [](int value) { return (value > 0) - (value < 0); };
  return {sign(offset.x), sign(offset.y)};
}

}  // namespace allometer::tasks
