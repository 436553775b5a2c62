#pragma once
/// Sixteen F32 lanes: one AVX-512 register or two of AVX2. Included by kernels.cpp alone.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

namespace {

#if defined(__AVX512F__)

struct F32x16 {
  __m512 v;
};
struct Mask16 {
  __mmask16 m;
};

inline Mask16 first_lanes(int n) {
  return {static_cast<__mmask16>((1U << n) - 1U)};
}
/// Lanes [first, end), both cut to [0, 16].
inline Mask16 lanes_between(int first, int end) {
  const unsigned below_end = end >= 16 ? 0xFFFFU : end <= 0 ? 0U : (1U << end) - 1U;
  const unsigned below_first = first >= 16 ? 0xFFFFU : first <= 0 ? 0U : (1U << first) - 1U;
  return {static_cast<__mmask16>(below_end & ~below_first)};
}
inline F32x16 zero() {
  return {_mm512_setzero_ps()};
}
inline F32x16 splat(float x) {
  return {_mm512_set1_ps(x)};
}
inline F32x16 load(const float* p) {
  return {_mm512_loadu_ps(p)};
}
inline F32x16 load(const float* p, Mask16 k) {
  return {_mm512_maskz_loadu_ps(k.m, p)};
}
inline void store(float* p, F32x16 a) {
  _mm512_storeu_ps(p, a.v);
}
inline void store(float* p, F32x16 a, Mask16 k) {
  _mm512_mask_storeu_ps(p, k.m, a.v);
}
inline F32x16 add(F32x16 a, F32x16 b) {
  return {_mm512_add_ps(a.v, b.v)};
}
inline F32x16 sub(F32x16 a, F32x16 b) {
  return {_mm512_sub_ps(a.v, b.v)};
}
inline F32x16 mul(F32x16 a, F32x16 b) {
  return {_mm512_mul_ps(a.v, b.v)};
}
inline F32x16 div(F32x16 a, F32x16 b) {
  return {_mm512_div_ps(a.v, b.v)};
}
/// a * b + c
inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
/// b where either is NaN
inline F32x16 max(F32x16 a, F32x16 b) {
  return {_mm512_max_ps(a.v, b.v)};
}
inline F32x16 min(F32x16 a, F32x16 b) {
  return {_mm512_min_ps(a.v, b.v)};
}
/// a in the lanes of k, b elsewhere
inline F32x16 select(Mask16 k, F32x16 a, F32x16 b) {
  return {_mm512_mask_blend_ps(k.m, b.v, a.v)};
}
inline unsigned equal_lanes(F32x16 a, F32x16 b) {
  return _mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ);
}
/// The magnitude of a with the sign of b
inline F32x16 copy_sign(F32x16 a, F32x16 b) {
  const __m512 sign = _mm512_set1_ps(-0.0F);
  return {_mm512_or_ps(_mm512_andnot_ps(sign, a.v), _mm512_and_ps(sign, b.v))};
}
inline F32x16 round(F32x16 a) {
  return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
/// a * 2^n for whole n in [-126, 127]
inline F32x16 scale_by_power(F32x16 a, F32x16 n) {
  const __m512i e = _mm512_slli_epi32(_mm512_cvtps_epi32(n.v), 23);
  return {
      _mm512_mul_ps(a.v, _mm512_castsi512_ps(_mm512_add_epi32(e, _mm512_set1_epi32(127 << 23))))};
}
inline __m256 low_half(F32x16 a) {
  return _mm512_castps512_ps256(a.v);
}
inline __m256 high_half(F32x16 a) {
  return _mm512_extractf32x8_ps(a.v, 1);
}
inline F32x16 join(__m256 lo, __m256 hi) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(lo), hi, 1)};
}

#else

struct F32x16 {
  __m256 lo, hi;
};
struct Mask16 {
  __m256i lo, hi;
};

inline Mask16 first_lanes(int n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return {_mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane),
          _mm256_cmpgt_epi32(_mm256_set1_epi32(n - 8), lane)};
}
/// Lanes [first, end), both cut to [0, 16].
inline Mask16 lanes_between(int first, int end) {
  const Mask16 below_end = first_lanes(end);
  const Mask16 below_first = first_lanes(first);
  return {_mm256_andnot_si256(below_first.lo, below_end.lo),
          _mm256_andnot_si256(below_first.hi, below_end.hi)};
}
inline F32x16 zero() {
  return {_mm256_setzero_ps(), _mm256_setzero_ps()};
}
inline F32x16 splat(float x) {
  return {_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
inline F32x16 load(const float* p) {
  return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
inline F32x16 load(const float* p, Mask16 k) {
  return {_mm256_maskload_ps(p, k.lo), _mm256_maskload_ps(p + 8, k.hi)};
}
inline void store(float* p, F32x16 a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
inline void store(float* p, F32x16 a, Mask16 k) {
  _mm256_maskstore_ps(p, k.lo, a.lo);
  _mm256_maskstore_ps(p + 8, k.hi, a.hi);
}
inline F32x16 add(F32x16 a, F32x16 b) {
  return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}
inline F32x16 sub(F32x16 a, F32x16 b) {
  return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}
inline F32x16 mul(F32x16 a, F32x16 b) {
  return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}
inline F32x16 div(F32x16 a, F32x16 b) {
  return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
}
inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
inline F32x16 max(F32x16 a, F32x16 b) {
  return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
}
inline F32x16 min(F32x16 a, F32x16 b) {
  return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
}
inline F32x16 select(Mask16 k, F32x16 a, F32x16 b) {
  return {_mm256_blendv_ps(b.lo, a.lo, _mm256_castsi256_ps(k.lo)),
          _mm256_blendv_ps(b.hi, a.hi, _mm256_castsi256_ps(k.hi))};
}
inline unsigned equal_lanes(F32x16 a, F32x16 b) {
  const int lo = _mm256_movemask_ps(_mm256_cmp_ps(a.lo, b.lo, _CMP_EQ_OQ));
  const int hi = _mm256_movemask_ps(_mm256_cmp_ps(a.hi, b.hi, _CMP_EQ_OQ));
  return static_cast<unsigned>(lo) | (static_cast<unsigned>(hi) << 8);
}
/// The magnitude of a with the sign of b
inline F32x16 copy_sign(F32x16 a, F32x16 b) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  return {_mm256_or_ps(_mm256_andnot_ps(sign, a.lo), _mm256_and_ps(sign, b.lo)),
          _mm256_or_ps(_mm256_andnot_ps(sign, a.hi), _mm256_and_ps(sign, b.hi))};
}
inline F32x16 round(F32x16 a) {
  return {_mm256_round_ps(a.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
          _mm256_round_ps(a.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
inline __m256 scale_by_power(__m256 a, __m256 n) {
  const __m256i e = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
  return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_add_epi32(e, _mm256_set1_epi32(127 << 23))));
}
inline F32x16 scale_by_power(F32x16 a, F32x16 n) {
  return {scale_by_power(a.lo, n.lo), scale_by_power(a.hi, n.hi)};
}
inline __m256 low_half(F32x16 a) {
  return a.lo;
}
inline __m256 high_half(F32x16 a) {
  return a.hi;
}
inline F32x16 join(__m256 lo, __m256 hi) {
  return {lo, hi};
}

#endif

/// A tree of fixed shape: lane i meets i + 8, then i + 4, i + 2, i + 1.
inline float sum_of_lanes(F32x16 a) {
  const __m256 h = _mm256_add_ps(low_half(a), high_half(a));
  const __m128 q = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(d, _mm_shuffle_ps(d, d, 1)));
}
inline float maximum_of_lanes(F32x16 a) {
  const __m256 h = _mm256_max_ps(low_half(a), high_half(a));
  const __m128 q = _mm_max_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  const __m128 d = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(d, _mm_shuffle_ps(d, d, 1)));
}

/// exp(x) to 2 ulp: x = n ln 2 + r, with the polynomial of Cephes (expf) in r. Below -87.3 the
/// result stays at exp(-87.3), above 88 at exp(88): callers mask where that matters. NaN stays NaN.
inline F32x16 exp(F32x16 x) {
  x = min(splat(88.0F), max(splat(-87.3F), x));
  const F32x16 n = round(mul(x, splat(1.44269504F)));
  F32x16 r = fma(n, splat(-0.693359375F), x);
  r = fma(n, splat(2.12194440e-4F), r);
  F32x16 p = splat(1.9875691500e-4F);
  p = fma(p, r, splat(1.3981999507e-3F));
  p = fma(p, r, splat(8.3334519073e-3F));
  p = fma(p, r, splat(4.1665795894e-2F));
  p = fma(p, r, splat(1.6666665459e-1F));
  p = fma(p, r, splat(5.0000001201e-1F));
  p = fma(p, mul(r, r), r);
  return scale_by_power(add(p, splat(1.0F)), n);
}

/// tanh(x) within 1.2e-7: sign(x) (1 - e) / (1 + e) with e = exp(-2 |x|).
inline F32x16 tanh(F32x16 x) {
  const F32x16 magnitude = max(x, sub(zero(), x));
  const F32x16 e = exp(mul(splat(-2.0F), magnitude));
  const F32x16 y = div(sub(splat(1.0F), e), add(splat(1.0F), e));
  return copy_sign(y, x);
}

/// erf(x) within 3e-7: the rational approximation of Eigen 3.3 (generic_fast_erf_float), odd over
/// even powers on [-4, 4], beyond which erf is 1 in F32.
inline F32x16 erf(F32x16 x) {
  x = min(splat(4.0F), max(splat(-4.0F), x));
  const F32x16 s = mul(x, x);
  F32x16 p = splat(-2.72614225801306e-10F);
  p = fma(p, s, splat(2.77068142495902e-08F));
  p = fma(p, s, splat(-2.10102402082508e-06F));
  p = fma(p, s, splat(-5.69250639462346e-05F));
  p = fma(p, s, splat(-7.34990630326855e-04F));
  p = fma(p, s, splat(-2.95459980854025e-03F));
  p = fma(p, s, splat(-1.60960333262415e-02F));
  F32x16 q = splat(-1.45660718464996e-05F);
  q = fma(q, s, splat(-2.13374055278905e-04F));
  q = fma(q, s, splat(-1.68282697438203e-03F));
  q = fma(q, s, splat(-7.37332916720468e-03F));
  q = fma(q, s, splat(-1.42647390514189e-02F));
  return div(mul(x, p), q);
}

/// Round to nearest even; a NaN keeps its sign and becomes quiet.
inline __m128i to_bf16(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  const __m256i upper = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, is_nan), 16);
  const __m256i packed = _mm256_packus_epi32(upper, upper);
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}
inline void store_bf16(std::uint16_t* p, F32x16 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), to_bf16(low_half(a)));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 8), to_bf16(high_half(a)));
}
inline F32x16 load_bf16(const std::uint16_t* p) {
  const auto half = [](const std::uint16_t* from) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  };
  return join(half(p), half(p + 8));
}

}  // namespace
