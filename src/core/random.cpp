#include "core/random.hpp"

#include <cmath>
#include <numbers>

#include "core/contract.hpp"
#include "core/digest.hpp"

namespace allometer {

std::uint64_t SplitMix64::below(std::uint64_t bound) {
  ALLOMETER_EXPECT(bound > 0);
  __extension__ using Wide = unsigned __int128;
  Wide product = Wide{(*this)()} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) product = Wide{(*this)()} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double SplitMix64::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t seed_from(std::string_view key) {
  const Digest digest = sha256(key);
  std::uint64_t seed = 0;
  for (int i = 7; i >= 0; --i) seed = seed << 8 | digest.bytes[static_cast<std::size_t>(i)];
  return seed;
}

SplitMix64 stream_of_draw(std::uint64_t seed, std::uint64_t draw) {
  constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15ULL;
  return SplitMix64(SplitMix64(seed + draw * kStep)());
}

}  // namespace allometer
