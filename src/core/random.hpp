#pragma once
/// Random numbers that depend on nothing but their key, so that a draw is the same on every
/// machine, rank and rerun.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace allometer {

/// SplitMix64 (Steele, Lea, Flood 2014): a 64-bit counter through a mixer; a
/// UniformRandomBitGenerator.
class SplitMix64 {
 public:
  using result_type = std::uint64_t;

  explicit constexpr SplitMix64(std::uint64_t seed) : state_(seed) {}
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  constexpr result_type operator()() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound), without bias (Lemire 2019). bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1) with 53 bits.
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
  /// Standard normal (Box-Muller, two draws a number).
  double normal();

  /// Fisher-Yates; std::shuffle differs between standard libraries.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  std::uint64_t state_;
};

/// A seed from a readable key, as in seed_from("story_cloze/0/17"): the first 8 bytes of its
/// SHA-256, little-endian.
std::uint64_t seed_from(std::string_view key);

/// The stream of one draw among many of the same seed. Its own seed is number `draw` of the seed's
/// stream, so that draws do not overlap.
SplitMix64 stream_of_draw(std::uint64_t seed, std::uint64_t draw);

}  // namespace allometer
