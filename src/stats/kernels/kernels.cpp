// Compiled once per instruction set, with ALLOMETER_KERNELS naming it.
#include "stats/detail/kernels.hpp"

#include <immintrin.h>

#define ALLOMETER_JOIN_(a, b) a##b
#define ALLOMETER_JOIN(a, b) ALLOMETER_JOIN_(a, b)

namespace allometer::stats::detail {
namespace {

// --- sums of small numbers: bytes times bytes, added up in 16 bits as long as they hold

#if defined(__AVX512BW__)
using Bytes = __m512i;
constexpr int kDraws = 4;
constexpr int kColumns = 4;

Bytes load(const void* p) {
  return _mm512_loadu_si512(p);
}
Bytes zero() {
  return _mm512_setzero_si512();
}
Bytes add_products(Bytes sums, Bytes counts, Bytes values) {
  return _mm512_add_epi16(sums, _mm512_maddubs_epi16(counts, values));
}
Bytes widen(Bytes sums32, Bytes sums16) {
  return _mm512_add_epi32(sums32, _mm512_madd_epi16(sums16, _mm512_set1_epi16(1)));
}
std::int32_t total(Bytes sums32) {
  return _mm512_reduce_add_epi32(sums32);
}
#else
using Bytes = __m256i;
constexpr int kDraws = 2;
constexpr int kColumns = 4;

Bytes load(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
Bytes zero() {
  return _mm256_setzero_si256();
}
Bytes add_products(Bytes sums, Bytes counts, Bytes values) {
  return _mm256_add_epi16(sums, _mm256_maddubs_epi16(counts, values));
}
Bytes widen(Bytes sums32, Bytes sums16) {
  return _mm256_add_epi32(sums32, _mm256_madd_epi16(sums16, _mm256_set1_epi16(1)));
}
std::int32_t total(Bytes sums32) {
  const __m128i half =
      _mm_add_epi32(_mm256_castsi256_si128(sums32), _mm256_extracti128_si256(sums32, 1));
  const __m128i quarter = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
  return _mm_cvtsi128_si32(quarter) + _mm_extract_epi32(quarter, 1);
}
#endif

constexpr std::ptrdiff_t kStep = sizeof(Bytes);
/// A step adds two products to each 16-bit sum, each at most 255 x kMostSmall.
constexpr std::ptrdiff_t kStepsBeforeWidening = 32767 / (2 * 255 * kMostSmall);

/// `draws` rows of counts times `columns` rows of values.
template <int draws, int columns>
void small_block(const std::uint8_t* counts, const std::int8_t* values, std::ptrdiff_t row,
                 double* sums, std::ptrdiff_t stride) {
  Bytes sums32[draws][columns];
  for (auto& of_draw : sums32)
    for (Bytes& sum : of_draw) sum = zero();
  for (std::ptrdiff_t begin = 0; begin < row; begin += kStepsBeforeWidening * kStep) {
    const std::ptrdiff_t rest = begin + kStepsBeforeWidening * kStep;
    const std::ptrdiff_t end = rest < row ? rest : row;
    Bytes sums16[draws][columns];
    for (auto& of_draw : sums16)
      for (Bytes& sum : of_draw) sum = zero();
    for (std::ptrdiff_t i = begin; i < end; i += kStep) {
      Bytes value[columns];
      for (int c = 0; c < columns; ++c) value[c] = load(values + c * row + i);
      for (int d = 0; d < draws; ++d) {
        const Bytes count = load(counts + d * row + i);
        for (int c = 0; c < columns; ++c)
          sums16[d][c] = add_products(sums16[d][c], count, value[c]);
      }
    }
    for (int d = 0; d < draws; ++d)
      for (int c = 0; c < columns; ++c) sums32[d][c] = widen(sums32[d][c], sums16[d][c]);
  }
  for (int c = 0; c < columns; ++c)
    for (int d = 0; d < draws; ++d) sums[c * stride + d] = total(sums32[d][c]);
}

/// All draws, block after block, for `columns` rows of values.
template <int columns>
void small_columns(const std::uint8_t* counts, std::ptrdiff_t draws, const std::int8_t* values,
                   std::ptrdiff_t row, double* sums, std::ptrdiff_t stride) {
  std::ptrdiff_t d = 0;
  for (; d + kDraws <= draws; d += kDraws)
    small_block<kDraws, columns>(counts + d * row, values, row, sums + d, stride);
  for (; d < draws; ++d) small_block<1, columns>(counts + d * row, values, row, sums + d, stride);
}

void sum_small(const std::uint8_t* counts, std::ptrdiff_t draws, const std::int8_t* values,
               std::ptrdiff_t columns, std::ptrdiff_t row, double* sums, std::ptrdiff_t stride) {
  std::ptrdiff_t c = 0;
  for (; c + kColumns <= columns; c += kColumns)
    small_columns<kColumns>(counts, draws, values + c * row, row, sums + c * stride, stride);
  for (; c < columns; ++c)
    small_columns<1>(counts, draws, values + c * row, row, sums + c * stride, stride);
}

// --- sums of any numbers

#if defined(__AVX512F__)
constexpr int kLanes = 8;
constexpr int kTileColumns = 8;
#else
constexpr int kLanes = 4;
constexpr int kTileColumns = 4;
#endif
constexpr int kTileVectors = 3;
constexpr int kTileDraws = kTileVectors * kLanes;

using Doubles = double __attribute__((vector_size(kLanes * sizeof(double)), aligned(8)));

void sum_tile(const double* counts, const double* values, std::ptrdiff_t questions, double* out) {
  Doubles sums[kTileColumns][kTileVectors] = {};
  for (std::ptrdiff_t q = 0; q < questions; ++q) {
    Doubles count[kTileVectors];
    for (int v = 0; v < kTileVectors; ++v)
      count[v] = *reinterpret_cast<const Doubles*>(counts + q * kTileDraws + v * kLanes);
    for (int c = 0; c < kTileColumns; ++c) {
      const double value = values[q * kTileColumns + c];
      for (int v = 0; v < kTileVectors; ++v) sums[c][v] += count[v] * value;
    }
  }
  for (int c = 0; c < kTileColumns; ++c) {
    for (int v = 0; v < kTileVectors; ++v)
      *reinterpret_cast<Doubles*>(out + c * kTileDraws + v * kLanes) = sums[c][v];
  }
}

// --- pairs

/// The y that were seen: a bit for each place, and how many lie in earlier words.
class Seen {
 public:
  Seen(std::uint64_t* bits, std::int32_t* before, std::int32_t words)
      : bits_(bits), before_(before), words_(words) {}

  std::int32_t below(std::int32_t place) const {
    const std::int32_t word = place / 64;
    if (word == words_) return total_;
    const std::uint64_t smaller = (std::uint64_t{1} << (place % 64)) - 1;
    return before_[word] + static_cast<std::int32_t>(_mm_popcnt_u64(bits_[word] & smaller));
  }
  void add(std::int32_t place) {
    const std::int32_t word = place / 64;
    bits_[word] |= std::uint64_t{1} << (place % 64);
    for (std::int32_t later = 0; later < words_; ++later) before_[later] += later > word;
    ++total_;
  }
  std::int32_t total() const { return total_; }

 private:
  std::uint64_t* bits_;
  std::int32_t* before_;
  std::int32_t words_;
  std::int32_t total_ = 0;
};

std::int64_t pair_score(const RankedPoint* points, const std::int32_t* tie_begin, std::int32_t n,
                        std::uint64_t* seen_bits, std::int32_t* seen_before) {
  Seen seen(seen_bits, seen_before, (n + 63) / 64);
  std::int64_t score = 0;
  std::int32_t added = 0;
  for (std::int32_t i = 0; i < n; ++i) {
    for (; added < tie_begin[i]; ++added) seen.add(points[added].place);
    const std::int32_t below = seen.below(points[i].below);
    const bool is_tied = points[i].up_to > points[i].below + 1;
    const std::int32_t up_to = is_tied ? seen.below(points[i].up_to) : below;
    score += below - (seen.total() - up_to);
  }
  return score;
}

}  // namespace

extern const Kernels ALLOMETER_JOIN(kKernels_, ALLOMETER_KERNELS);
const Kernels ALLOMETER_JOIN(kKernels_, ALLOMETER_KERNELS) = {
    sum_small, sum_tile, kTileDraws, kTileColumns, pair_score,
};

}  // namespace allometer::stats::detail
