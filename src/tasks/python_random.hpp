#pragma once
/// Python's random.Random, as far as lm-evaluation-harness draws demonstrations with it.

#include <array>
#include <cstdint>
#include <vector>

namespace allometer::tasks {

/// MT19937 (Matsumoto, Nishimura 1998), seeded and read as CPython does (Modules/_randommodule.c,
/// Lib/random.py; the same since Python 3.2).
class PythonRandom {
 public:
  /// As random.Random(seed) with an integer that is not negative.
  explicit PythonRandom(std::uint64_t seed);

  /// The next 32 bits.
  std::uint32_t next();
  /// As randrange(bound): uniform in [0, bound) by rejection. 0 < bound < 2^32.
  std::uint32_t below(std::uint32_t bound);
  /// As sample(range(population), count): distinct indices in the order drawn. count <= population
  /// < 2^32.
  std::vector<std::uint32_t> sample(std::uint32_t population, std::uint32_t count);

 private:
  void refill();

  static constexpr std::size_t kStateSize = 624;
  std::array<std::uint32_t, kStateSize> state_{};
  std::size_t position_ = kStateSize;
};

}  // namespace allometer::tasks
