#include "tasks/python_random.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <unordered_set>

#include "core/contract.hpp"

namespace allometer::tasks {
namespace {

constexpr std::size_t kShift = 397;

std::uint32_t twist(std::uint32_t high, std::uint32_t low) {
  const std::uint32_t mixed = (high & 0x80000000U) | (low & 0x7FFFFFFFU);
  return (mixed >> 1) ^ ((mixed & 1U) != 0 ? 0x9908B0DFU : 0U);
}

}  // namespace

// init_by_array with the seed's 32-bit digits, lowest first, as the key.
PythonRandom::PythonRandom(std::uint64_t seed) {
  std::vector<std::uint32_t> key{static_cast<std::uint32_t>(seed)};
  if ((seed >> 32) != 0) key.push_back(static_cast<std::uint32_t>(seed >> 32));

  auto& mt = state_;
  mt[0] = 19650218U;
  for (std::uint32_t i = 1; i < kStateSize; ++i)
    mt[i] = 1812433253U * (mt[i - 1] ^ (mt[i - 1] >> 30)) + i;
  std::size_t i = 1;
  std::size_t j = 0;
  const auto step = [&] {
    if (++i >= kStateSize) {
      mt[0] = mt[kStateSize - 1];
      i = 1;
    }
  };
  for (std::size_t k = std::max(kStateSize, key.size()); k > 0; --k) {
    mt[i] = (mt[i] ^ ((mt[i - 1] ^ (mt[i - 1] >> 30)) * 1664525U)) + key[j] +
            static_cast<std::uint32_t>(j);
    step();
    if (++j >= key.size()) j = 0;
  }
  for (std::size_t k = kStateSize - 1; k > 0; --k) {
    mt[i] =
        (mt[i] ^ ((mt[i - 1] ^ (mt[i - 1] >> 30)) * 1566083941U)) - static_cast<std::uint32_t>(i);
    step();
  }
  mt[0] = 0x80000000U;
}

void PythonRandom::refill() {
  auto& mt = state_;
  for (std::size_t k = 0; k < kStateSize; ++k) {
    mt[k] = mt[(k + kShift) % kStateSize] ^ twist(mt[k], mt[(k + 1) % kStateSize]);
  }
  position_ = 0;
}

std::uint32_t PythonRandom::next() {
  if (position_ >= kStateSize) refill();
  std::uint32_t y = state_[position_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9D2C5680U;
  y ^= (y << 15) & 0xEFC60000U;
  return y ^ (y >> 18);
}

std::uint32_t PythonRandom::below(std::uint32_t bound) {
  ALLOMETER_EXPECT(bound > 0);
  const int bits = std::bit_width(bound);
  std::uint32_t draw = next() >> (32 - bits);
  while (draw >= bound) draw = next() >> (32 - bits);
  return draw;
}

std::vector<std::uint32_t> PythonRandom::sample(std::uint32_t population, std::uint32_t count) {
  ALLOMETER_EXPECT(count <= population);
  // Python keeps a list of the population where that is smaller than a set of the draws; the two
  // ways draw differently.
  std::uint64_t set_size = 21;
  if (count > 5) {
    std::uint64_t power = 1;
    while (power < std::uint64_t{3} * count) power *= 4;
    set_size += power;
  }
  std::vector<std::uint32_t> drawn(count);
  if (population <= set_size) {
    std::vector<std::uint32_t> pool(population);
    std::iota(pool.begin(), pool.end(), 0U);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t j = below(population - i);
      drawn[i] = pool[j];
      pool[j] = pool[population - i - 1];
    }
  } else {
    std::unordered_set<std::uint32_t> selected;
    for (std::uint32_t& draw : drawn) {
      do draw = below(population);
      while (!selected.insert(draw).second);
    }
  }
  return drawn;
}

}  // namespace allometer::tasks
