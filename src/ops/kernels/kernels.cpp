#include "ops/detail/kernels.hpp"

#include "ops/kernels/simd.hpp"

// Compiled once per instruction set; includes no header with inline functions that other files use
// (see kernels.hpp).

#define ALLOMETER_JOIN_(a, b) a##b
#define ALLOMETER_JOIN(a, b) ALLOMETER_JOIN_(a, b)

namespace allometer::ops::detail {
namespace {

#if defined(__AVX512F__)
constexpr int kRegisters = 24;  // accumulators that fit beside operands, in units of F32x16
#else
constexpr int kRegisters = 6;
#endif

constexpr int smaller(int a, int b) {
  return a < b ? a : b;
}

/// Stores lanes [0, width) as F32 or bf16 at element `index` of out.
inline void store_as(void* out, bool is_bf16, std::size_t index, F32x16 x, int width) {
  if (!is_bf16) {
    float* p = static_cast<float*>(out) + index;
    width == kLanes ? store(p, x) : store(p, x, first_lanes(width));
    return;
  }
  std::uint16_t* p = static_cast<std::uint16_t*>(out) + index;
  if (width == kLanes) return store_bf16(p, x);
  std::uint16_t lanes[kLanes];
  store_bf16(lanes, x);
  for (int i = 0; i < width; ++i) p[i] = lanes[i];
}

inline F32x16 load_width(const float* p, int width) {
  return width == kLanes ? load(p) : load(p, first_lanes(width));
}

// ---- elementwise

void rms_norm(const float* x, const float* weight, float eps, int n, void* out, bool is_bf16) {
  F32x16 squares = zero();
  for (int i = 0; i < n; i += kLanes) {
    const F32x16 v = load_width(x + i, smaller(kLanes, n - i));
    squares = fma(v, v, squares);
  }
  const float mean = sum_of_lanes(squares) / static_cast<float>(n);
  const F32x16 scale = splat(1.0F / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(mean + eps))));
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    const F32x16 y = mul(mul(load_width(x + i, width), scale), load_width(weight + i, width));
    store_as(out, is_bf16, static_cast<std::size_t>(i), y, width);
  }
}

void layer_norm(const float* x, const float* weight, const float* bias, float eps, int n, void* out,
                bool is_bf16) {
  F32x16 sum = zero();
  for (int i = 0; i < n; i += kLanes) sum = add(load_width(x + i, smaller(kLanes, n - i)), sum);
  const F32x16 mean = splat(sum_of_lanes(sum) / static_cast<float>(n));
  F32x16 squares = zero();
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    const F32x16 d = select(first_lanes(width), sub(load_width(x + i, width), mean), zero());
    squares = fma(d, d, squares);
  }
  const float variance = sum_of_lanes(squares) / static_cast<float>(n);
  const F32x16 scale = splat(1.0F / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance + eps))));
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    const F32x16 y =
        mul(mul(sub(load_width(x + i, width), mean), scale), load_width(weight + i, width));
    store_as(out, is_bf16, static_cast<std::size_t>(i), add(y, load_width(bias + i, width)), width);
  }
}

F32x16 silu(F32x16 x) {
  return div(x, add(splat(1.0F), exp(sub(zero(), x))));
}

F32x16 gelu(F32x16 x) {
  constexpr float kRootHalf = 0.70710678F;
  return mul(mul(x, splat(0.5F)), add(splat(1.0F), erf(mul(x, splat(kRootHalf)))));
}

/// x / 2 (1 + tanh(u)) = x / (1 + exp(-2 u)).
F32x16 gelu_tanh(F32x16 x) {
  constexpr float kTwoRootTwoOverPi = 1.5957691F;
  const F32x16 cubic = fma(mul(splat(0.044715F), mul(x, x)), x, x);
  return div(x, add(splat(1.0F), exp(sub(zero(), mul(splat(kTwoRootTwoOverPi), cubic)))));
}

F32x16 relu(F32x16 x) {
  return max(zero(), x);
}

template <F32x16 (*kFunction)(F32x16)>
void activate(const float* x, const float* factor, int n, void* out, bool is_bf16) {
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    F32x16 y = kFunction(load_width(x + i, width));
    if (factor != nullptr) y = mul(y, load_width(factor + i, width));
    store_as(out, is_bf16, static_cast<std::size_t>(i), y, width);
  }
}

void soft_cap(float cap, int n, float* x) {
  const F32x16 inverse = splat(1.0F / cap);
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    const F32x16 y = mul(splat(cap), tanh(mul(load_width(x + i, width), inverse)));
    store_as(x, false, static_cast<std::size_t>(i), y, width);
  }
}

void multiply(float factor, int n, float* x) {
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    store_as(x, false, static_cast<std::size_t>(i), mul(load_width(x + i, width), splat(factor)),
             width);
  }
}

void add_row(const float* x, int n, float* dst) {
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    store_as(dst, false, static_cast<std::size_t>(i),
             add(load_width(dst + i, width), load_width(x + i, width)), width);
  }
}

void to_bf16_row(const float* x, std::size_t n, std::uint16_t* out) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const int width = n - i < kLanes ? static_cast<int>(n - i) : kLanes;
    store_as(out, true, i, load_width(x + i, width), width);
  }
}

void from_bf16_row(const std::uint16_t* x, std::size_t n, float* out) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, load_bf16(x + i));
  for (; i < n; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(x[i]) << 16;
    __builtin_memcpy(out + i, &bits, sizeof bits);
  }
}

int first_index_of(const float* x, int n, float value) {
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    const unsigned valid = (1U << width) - 1U;
    const unsigned hits = equal_lanes(load_width(x + i, width), splat(value)) & valid;
    if (hits != 0) return i + __builtin_ctz(hits);
  }
  return 0;  // every value is NaN
}

RowMaximum row_maximum(const float* x, int n) {
  const F32x16 lowest = splat(-__builtin_inff());
  F32x16 top = lowest;
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    top = max(select(first_lanes(width), load_width(x + i, width), lowest), top);
  }
  const float maximum = maximum_of_lanes(top);
  F32x16 sum = zero();
  for (int i = 0; i < n; i += kLanes) {
    const int width = smaller(kLanes, n - i);
    const F32x16 e = exp(sub(load_width(x + i, width), splat(maximum)));
    sum = add(sum, select(first_lanes(width), e, zero()));
  }
  return {maximum, first_index_of(x, n, maximum), sum_of_lanes(sum)};
}

// ---- matrix product where oneDNN has none that is invariant over rows

template <int kRows>
void matmul_rows(const float* src, int k, const float* panel, int width, float* dst,
                 std::size_t stride, bool accumulate) {
  F32x16 sum[kRows];
  for (int r = 0; r < kRows; ++r) sum[r] = zero();
  for (int i = 0; i < k; ++i) {
    const F32x16 w = load(panel + static_cast<std::size_t>(i) * kLanes);
    for (int r = 0; r < kRows; ++r)
      sum[r] = fma(splat(src[r * static_cast<std::ptrdiff_t>(k) + i]), w, sum[r]);
  }
  for (int r = 0; r < kRows; ++r) {
    float* to = dst + static_cast<std::size_t>(r) * stride;
    const F32x16 y = accumulate ? add(load_width(to, width), sum[r]) : sum[r];
    store_as(to, false, 0, y, width);
  }
}

void matmul_panel(const float* src, int rows, int k, const float* panel, int width, float* dst,
                  std::size_t stride, bool accumulate) {
  int r = 0;
  const auto from = [&] { return src + static_cast<std::ptrdiff_t>(r) * k; };
  const auto to = [&] { return dst + static_cast<std::size_t>(r) * stride; };
  for (; r + 6 <= rows; r += 6) matmul_rows<6>(from(), k, panel, width, to(), stride, accumulate);
  for (; r + 2 <= rows; r += 2) matmul_rows<2>(from(), k, panel, width, to(), stride, accumulate);
  for (; r < rows; ++r) matmul_rows<1>(from(), k, panel, width, to(), stride, accumulate);
}

// ---- attention

/// Rotates halves as Hugging Face's Llama does: pairs (i, i + rotary_dim/2); what lies beyond
/// rotary_dim is copied.
void rotate(const float* x, const float* rotary, int rotary_dim, int head_dim, float scale,
            float* out) {
  const int half = rotary_dim / 2;
  for (int i = 0; i < half; i += kLanes) {
    const int width = smaller(kLanes, half - i);
    const F32x16 c = load_width(rotary + i, width);
    const F32x16 s = load_width(rotary + half + i, width);
    const F32x16 a = mul(load_width(x + i, width), splat(scale));
    const F32x16 b = mul(load_width(x + half + i, width), splat(scale));
    store_as(out, false, static_cast<std::size_t>(i), sub(mul(a, c), mul(b, s)), width);
    store_as(out, false, static_cast<std::size_t>(half + i), add(mul(b, c), mul(a, s)), width);
  }
  for (int i = rotary_dim; i < head_dim; i += kLanes) {
    const int width = smaller(kLanes, head_dim - i);
    store_as(out, false, static_cast<std::size_t>(i), mul(load_width(x + i, width), splat(scale)),
             width);
  }
}

void store_row(const CacheRow& row) {
  float key[512];
  rotate(row.key, row.rotary, row.rotary_dim, row.head_dim, 1.0F, key);
  float* tile = row.keys +
                static_cast<std::ptrdiff_t>(row.position / kLanes) * row.head_dim * kLanes +
                row.position % kLanes;
  for (int i = 0; i < row.head_dim; ++i) tile[i * kLanes] = key[i];
  float* value = row.values + static_cast<std::size_t>(row.position) * row.value_stride;
  for (int i = 0; i < row.head_dim; ++i) value[i] = row.value[i];
}

/// scores[q][t * 16 + lane] = query q . key, one sum in order of the head's dimensions per (query,
/// key).
template <int kQueries, int kTiles>
void score_tiles(const float* queries, const float* tiles, int head_dim, float* scores,
                 std::size_t stride) {
  F32x16 sum[kQueries][kTiles];
  for (auto& row : sum) {
    for (auto& s : row) s = zero();
  }
  const std::ptrdiff_t tile_size = static_cast<std::ptrdiff_t>(head_dim) * kLanes;
  for (int i = 0; i < head_dim; ++i) {
    F32x16 key[kTiles];
    for (int t = 0; t < kTiles; ++t) key[t] = load(tiles + t * tile_size + i * kLanes);
    for (int q = 0; q < kQueries; ++q) {
      const F32x16 x = splat(queries[q * head_dim + i]);
      for (int t = 0; t < kTiles; ++t) sum[q][t] = fma(x, key[t], sum[q][t]);
    }
  }
  for (int q = 0; q < kQueries; ++q) {
    for (int t = 0; t < kTiles; ++t)
      store(scores + static_cast<std::size_t>(q) * stride + t * kLanes, sum[q][t]);
  }
}

template <int kTiles>
void score_queries(const float* queries, int count, const float* tiles, int head_dim, float* scores,
                   std::size_t stride) {
  constexpr int kMost = kRegisters / kTiles < 12 ? kRegisters / kTiles : 12;
  constexpr int kFew = kMost >= 4 ? 4 : 2;
  int q = 0;
  const auto from = [&] { return queries + static_cast<std::ptrdiff_t>(q) * head_dim; };
  const auto to = [&] { return scores + static_cast<std::size_t>(q) * stride; };
  for (; q + kMost <= count; q += kMost)
    score_tiles<kMost, kTiles>(from(), tiles, head_dim, to(), stride);
  for (; q + kFew <= count; q += kFew)
    score_tiles<kFew, kTiles>(from(), tiles, head_dim, to(), stride);
  for (; q < count; ++q) score_tiles<1, kTiles>(from(), tiles, head_dim, to(), stride);
}

/// Positions [first, end) that a query sees, counted from the beginning of a tile.
struct Keys {
  int first;
  int end;
};

/// Adds the biases of the positions and caps, in this order, whole tiles at a time.
void shape_scores(float* scores, Keys keys, const float* biases, float cap) {
  const int begin = keys.first / kLanes * kLanes;
  if (biases != nullptr) {
    for (int i = begin; i < keys.end; i += kLanes) {
      const int width = smaller(kLanes, keys.end - i);
      store(scores + i, add(load(scores + i), load_width(biases + i, width)));
    }
  }
  if (cap > 0) soft_cap(cap, keys.end - begin, scores + begin);
}

/// exp(score - maximum) in place, 0 in what a tile holds beyond the keys; returns their sum. Lane i
/// sums the keys of positions congruent to i modulo 16 in rising order; what is no key enters
/// neither the maximum nor a sum.
float soften(float* scores, Keys keys, bool reversed) {
  const int begin = keys.first / kLanes * kLanes;
  const auto is_whole = [&](int i) { return i >= keys.first && i + kLanes <= keys.end; };
  F32x16 top = splat(-__builtin_inff());
  for (int i = begin; i < keys.end; i += kLanes) {
    F32x16 x = load(scores + i);
    if (!is_whole(i)) x = select(lanes_between(keys.first - i, keys.end - i), x, top);
    top = max(x, top);
  }
  const F32x16 maximum = splat(maximum_of_lanes(top));
  F32x16 sum = zero();
  for (int i = begin; i < keys.end; i += kLanes) {
    F32x16 e = exp(sub(load(scores + i), maximum));
    if (!is_whole(i)) e = select(lanes_between(keys.first - i, keys.end - i), e, zero());
    store(scores + i, e);
    sum = add(sum, e);
  }
  if (reversed) {
    sum = zero();
    for (int i = (keys.end - 1) / kLanes * kLanes; i >= begin; i -= kLanes)
      sum = add(sum, load(scores + i));
  }
  return sum_of_lanes(sum);
}

/// What weigh_values sums: weights of `kQueries` queries over the values of their keys.
struct Weighing {
  const float* weights;
  std::size_t weight_stride;
  const Keys* keys;  ///< per query, both ends rising
  const float* sums;
  const float* values;
  std::size_t value_stride;
  int head_dim;
  void* const* outs;
  const std::size_t* out_offsets;
  bool out_is_bf16;
};

/// Dimensions [first, first + 16 kVectors) of the outputs of kQueries queries from `q` on: each
/// sums weight x value over its own keys in order of position; a key that one query lacks is never
/// read for it.
template <int kQueries, int kVectors>
void weigh_values(const Weighing& w, int q, int first) {
  F32x16 sum[kQueries][kVectors];
  for (auto& row : sum) {
    for (auto& s : row) s = zero();
  }
  const float* weights = w.weights + static_cast<std::size_t>(q) * w.weight_stride;
  const float* values = w.values + first;
  const auto weight_of = [&](int i, int j) {
    return splat(
        weights[static_cast<std::size_t>(i) * w.weight_stride + static_cast<std::size_t>(j)]);
  };
  const auto add_alone = [&](int i, int from, int to) {
    for (int j = from; j < to; ++j) {
      const float* row = values + static_cast<std::size_t>(j) * w.value_stride;
      for (int v = 0; v < kVectors; ++v)
        sum[i][v] = fma(weight_of(i, j), load(row + v * kLanes), sum[i][v]);
    }
  };
  // The keys that all queries see; where there are none, each goes through its own alone.
  const int begin = w.keys[q + kQueries - 1].first;
  const int end = w.keys[q].end > begin ? w.keys[q].end : begin;
  if (w.keys[q].first < begin) {
    for (int i = 0; i < kQueries; ++i)
      add_alone(i, w.keys[q + i].first, smaller(begin, w.keys[q + i].end));
  }
  for (int j = begin; j < end; ++j) {
    const float* row = values + static_cast<std::size_t>(j) * w.value_stride;
    F32x16 value[kVectors];
    for (int v = 0; v < kVectors; ++v) value[v] = load(row + v * kLanes);
    for (int i = 0; i < kQueries; ++i) {
      const F32x16 x = weight_of(i, j);
      for (int v = 0; v < kVectors; ++v) sum[i][v] = fma(x, value[v], sum[i][v]);
    }
  }
  for (int i = 0; i < kQueries; ++i) {
    add_alone(i, end, w.keys[q + i].end);
    const F32x16 scale = splat(1.0F / w.sums[q + i]);
    for (int v = 0; v < kVectors; ++v) {
      const int at = first + v * kLanes;
      if (at >= w.head_dim) break;
      store_as(w.outs[q + i], w.out_is_bf16, w.out_offsets[q + i] + static_cast<std::size_t>(at),
               mul(sum[i][v], scale), smaller(kLanes, w.head_dim - at));
    }
  }
}

template <int kVectors>
void weigh_slab(const Weighing& w, int count, int first) {
  constexpr int kMost = kRegisters / kVectors < 6 ? kRegisters / kVectors : 6;
  constexpr int kFew = kMost >= 3 ? 3 : 1;
  int q = 0;
  for (; q + kMost <= count; q += kMost) weigh_values<kMost, kVectors>(w, q, first);
  for (; q + kFew <= count; q += kFew) weigh_values<kFew, kVectors>(w, q, first);
  for (; q < count; ++q) weigh_values<1, kVectors>(w, q, first);
}

void weigh(const Weighing& w, int count) {
  const int vectors = static_cast<int>(w.value_stride) / kLanes;
  for (int v = 0; v < vectors;) {
    const int left = vectors - v;
    const int first = v * kLanes;
    if (left >= 4) {
      weigh_slab<4>(w, count, first);
      v += 4;
    } else if (left >= 2) {
      weigh_slab<2>(w, count, first);
      v += 2;
    } else {
      weigh_slab<1>(w, count, first);
      v += 1;
    }
  }
}

/// The positions that row `row` of the block sees, counted from position `base`.
Keys keys_of_row(const AttentionBlock& b, int row, int base) {
  const int end = b.position + row + 1;
  const int first = b.window > 0 && end > b.window ? end - b.window : 0;
  return {first - base, end - base};
}

/// Rotated and scaled queries, [rows * heads][head_dim].
void prepare_queries(const AttentionBlock& b, float* queries) {
  for (int q = 0; q < b.rows * b.heads; ++q) {
    const int row = q / b.heads;
    const int head = q % b.heads;
    rotate(b.queries + static_cast<std::size_t>(row) * b.query_row_stride +
               static_cast<std::ptrdiff_t>(head) * b.head_dim,
           b.rotary + static_cast<std::ptrdiff_t>(row) * b.rotary_dim, b.rotary_dim, b.head_dim,
           b.scale, queries + static_cast<std::ptrdiff_t>(q) * b.head_dim);
  }
}

/// scores[q][position - base] of `num_tiles` tiles of keys.
void score_all(const float* queries, int count, const float* tiles, int num_tiles, int head_dim,
               float* scores, std::size_t stride) {
  const std::ptrdiff_t tile_size = static_cast<std::ptrdiff_t>(head_dim) * kLanes;
  int t = 0;
  for (; t + 2 <= num_tiles; t += 2)
    score_queries<2>(queries, count, tiles + t * tile_size, head_dim, scores + t * kLanes, stride);
  for (; t < num_tiles; ++t)
    score_queries<1>(queries, count, tiles + t * tile_size, head_dim, scores + t * kLanes, stride);
}

void attend(const AttentionBlock& b) {
  const int count = b.rows * b.heads;
  const int base = keys_of_row(b, 0, 0).first / kLanes * kLanes;
  const int num_tiles = (b.position + b.rows - 1 - base) / kLanes + 1;
  const std::size_t stride = static_cast<std::size_t>(num_tiles) * kLanes + kLanes;
  float* scores = b.scratch;
  float* queries = scores + kMaxQueries * stride;
  prepare_queries(b, queries);
  score_all(queries, count, b.keys + static_cast<std::ptrdiff_t>(base) * b.head_dim, num_tiles,
            b.head_dim, scores, stride);
  void* outs[kMaxQueries];
  std::size_t offsets[kMaxQueries];
  Keys keys[kMaxQueries];
  float sums[kMaxQueries];
  for (int q = 0; q < count; ++q) {
    const int row = q / b.heads;
    const int head = q % b.heads;
    float* own = scores + static_cast<std::size_t>(q) * stride;
    const float* biases = b.biases == nullptr
                              ? nullptr
                              : b.biases + static_cast<std::size_t>(head) * b.bias_stride + base;
    outs[q] = b.out;
    offsets[q] = static_cast<std::size_t>(row) * b.out_row_stride +
                 static_cast<std::size_t>(head * b.head_dim);
    keys[q] = keys_of_row(b, row, base);
    shape_scores(own, keys[q], biases, b.soft_cap);
    sums[q] = soften(own, keys[q], b.reversed);
  }
  weigh({scores, stride, keys, sums, b.values + static_cast<std::size_t>(base) * b.value_stride,
         b.value_stride, b.head_dim, outs, offsets, b.out_is_bf16},
        count);
}

}  // namespace

extern const Kernels ALLOMETER_JOIN(kKernels_, ALLOMETER_KERNELS);
const Kernels ALLOMETER_JOIN(kKernels_, ALLOMETER_KERNELS) = {
    rms_norm,
    layer_norm,
    {activate<silu>, activate<gelu>, activate<gelu_tanh>, activate<relu>},
    soft_cap,
    multiply,
    add_row,
    to_bf16_row,
    from_bf16_row,
    row_maximum,
    matmul_panel,
    store_row,
    attend,
};

}  // namespace allometer::ops::detail
