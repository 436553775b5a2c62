#include "ops/attention.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "ops/instruction_sets.hpp"

namespace allometer::ops {
namespace {

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(random.normal());
  return values;
}

std::vector<float> frequencies(int rotary_dim) {
  std::vector<float> f;
  for (int i = 0; i < rotary_dim; i += 2)
    f.push_back(static_cast<float>(std::pow(10000.0, -double(i) / rotary_dim)));
  return f;
}

/// What may differ from plain causal attention with a rotary embedding over whole heads.
struct Variation {
  const char* name = "plain";
  int rotary_dim = -1;  ///< -1: head_dim
  float amplitude = 1;
  float soft_cap = 0;
  int window = 0;
  bool alibi = false;
};

/// Queries, keys and values of a sequence, and what is needed to attend to them.
struct Sequence {
  Sequence(AttentionShape s, int length, std::uint64_t seed = 7, Variation v = {})
      : shape(s),
        variation(v),
        rows(length),
        rotary(frequencies(v.rotary_dim < 0 ? s.head_dim : v.rotary_dim), v.amplitude),
        alibi(slopes(s.num_heads), AlibiTable::Rounding::none, 0.5F),
        qkv(normal(static_cast<std::size_t>(length) * width(), seed)) {
    rotary.reserve(length);
    alibi.reserve(length);
  }
  static std::vector<float> slopes(int num_heads) {
    std::vector<float> all;
    for (int h = 0; h < num_heads; ++h) all.push_back(std::exp2(-static_cast<float>(h)));
    return all;
  }
  std::size_t width() const {
    return static_cast<std::size_t>((shape.num_heads + 2 * shape.num_kv_heads) * shape.head_dim);
  }
  std::size_t out_width() const {
    return static_cast<std::size_t>(shape.num_heads * shape.head_dim);
  }
  ScoreRule rule() const {
    return {1.0F / std::sqrt(static_cast<float>(shape.head_dim)),
            variation.alibi ? &alibi : nullptr, variation.soft_cap, variation.window};
  }

  /// F32 [rows, out_width], fed in pieces of `piece` rows.
  std::vector<float> run(int piece, float stale = 0.0F) const {
    Cache cache(shape, rows, stale);
    std::vector<float> out(static_cast<std::size_t>(rows) * out_width(), NAN);
    for (int done = 0; done < rows; done += piece) {
      const AttentionSegment segment{0, std::min(piece, rows - done), done, cache.bytes(), rows};
      attention(shape, qkv.data() + static_cast<std::size_t>(done) * width(), {&segment, 1}, rotary,
                rule(), Precision::f32, out.data() + static_cast<std::size_t>(done) * out_width());
    }
    return out;
  }

  struct Cache {
    Cache(const AttentionShape& s, int positions, float content)
        : lines(CacheLayout{s.num_kv_heads, s.head_dim, positions}.num_bytes() / sizeof(Line) + 1) {
      float* floats = reinterpret_cast<float*>(lines.data());
      std::fill_n(floats, lines.size() * 16, content);
    }
    std::byte* bytes() { return reinterpret_cast<std::byte*>(lines.data()); }
    struct alignas(64) Line {
      float floats[16];
    };
    std::vector<Line> lines;
  };

  AttentionShape shape;
  Variation variation;
  int rows;
  RotaryTable rotary;
  AlibiTable alibi;
  std::vector<float> qkv;
};

std::vector<double> rotated(const Sequence& s, int row, int column) {
  const int half = s.rotary.rotary_dim() / 2;
  const float* x = s.qkv.data() + static_cast<std::size_t>(row) * s.width() +
                   static_cast<std::size_t>(column * s.shape.head_dim);
  std::vector<double> y(x, x + s.shape.head_dim);
  for (int i = 0; i < half; ++i) {
    const double angle = row * std::pow(10000.0, -1.0 * i / half);
    const double c = s.variation.amplitude * std::cos(angle);
    const double d = s.variation.amplitude * std::sin(angle);
    y[static_cast<std::size_t>(i)] = x[i] * c - x[i + half] * d;
    y[static_cast<std::size_t>(i + half)] = x[i + half] * c + x[i] * d;
  }
  return y;
}

/// One row and head, in double and by the formula.
std::vector<double> exact(const Sequence& s, int row, int head) {
  const int kv_head = head / (s.shape.num_heads / s.shape.num_kv_heads);
  const std::vector<double> query = rotated(s, row, head);
  std::vector<double> weights;
  double sum = 0;
  const Variation& v = s.variation;
  for (int j = 0; j <= row; ++j) {
    const std::vector<double> key = rotated(s, j, s.shape.num_heads + kv_head);
    double score = 0;
    for (std::size_t i = 0; i < key.size(); ++i) score += query[i] * key[i];
    score /= std::sqrt(double(s.shape.head_dim));
    if (v.alibi) score += 0.5 * j * std::exp2(-head);
    if (v.soft_cap > 0) score = v.soft_cap * std::tanh(score / v.soft_cap);
    const bool is_seen = v.window == 0 || row - j < v.window;
    weights.push_back(is_seen ? std::exp(score) : 0);
    sum += weights.back();
  }
  std::vector<double> out(query.size());
  for (int j = 0; j <= row; ++j) {
    const float* value =
        s.qkv.data() + static_cast<std::size_t>(j) * s.width() +
        static_cast<std::size_t>((s.shape.num_heads + s.shape.num_kv_heads + kv_head) *
                                 s.shape.head_dim);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] += weights[static_cast<std::size_t>(j)] / sum * value[i];
  }
  return out;
}

std::size_t different(const std::vector<float>& a, const std::vector<float>& b) {
  std::size_t count = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    count += std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i]);
  }
  return count;
}

const AttentionShape kShapes[] = {{4, 2, 8},   {6, 2, 12},  {3, 3, 16}, {9, 3, 64},  {8, 2, 80},
                                  {4, 1, 128}, {30, 1, 16}, {2, 2, 2},  {2, 1, 256}, {1, 1, 512}};

const Variation kVariations[] = {
    {.name = "plain"},
    {.name = "no rotary", .rotary_dim = 0},
    {.name = "partial rotary", .rotary_dim = 2},
    {.name = "amplitude", .amplitude = 1.3F},
    {.name = "soft cap", .soft_cap = 1.5F},
    {.name = "window of 1", .window = 1},
    {.name = "window of 2", .window = 2},
    {.name = "window of 16", .window = 16},
    {.name = "window of 37", .window = 37},
    {.name = "linear biases", .rotary_dim = 0, .alibi = true},
    {.name = "all of it", .rotary_dim = 2, .soft_cap = 2, .window = 23, .alibi = true},
};

TEST(Attention, IsItsFormula) {
  for (const Variation& variation : kVariations) {
    for (const AttentionShape& shape : kShapes) {
      SCOPED_TRACE(std::string(variation.name) + ", head_dim " + std::to_string(shape.head_dim));
      const Sequence s(shape, 70, 7, variation);
      const std::vector<float> out = s.run(70);
      for (const int row : {0, 1, 15, 16, 17, 31, 32, 69}) {
        for (int head = 0; head < shape.num_heads; ++head) {
          const std::vector<double> expected = exact(s, row, head);
          for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::size_t at = static_cast<std::size_t>(row) * s.out_width() +
                                   static_cast<std::size_t>(head * shape.head_dim) + i;
            ASSERT_NEAR(out[at], expected[i], 1e-5)
                << "row " << row << ", head " << head << ", dimension " << i;
          }
        }
      }
    }
  }
}

TEST(Attention, HasTheSameBitsHoweverASequenceIsCut) {
  for (const Variation& variation : kVariations) {
    for (const AttentionShape& shape : kShapes) {
      SCOPED_TRACE(std::string(variation.name) + ", head_dim " + std::to_string(shape.head_dim));
      const Sequence s(shape, 150, 7, variation);
      const std::vector<float> whole = s.run(150);
      for (const int threads : {1, 2}) {
        const WithThreads with(threads);
        for (const int piece : {1, 3, 16, 37, 64, 149, 150})
          ASSERT_EQ(different(s.run(piece), whole), 0U) << piece;
      }
    }
  }
}

TEST(Attention, TakesOddHeadsThatAreNotRotated) {
  const Sequence s({3, 1, 7}, 40, 7, {.rotary_dim = 0, .alibi = true});
  const std::vector<float> whole = s.run(40);
  EXPECT_EQ(different(s.run(3), whole), 0U);
  for (int head = 0; head < 3; ++head) {
    const std::vector<double> expected = exact(s, 39, head);
    for (std::size_t i = 0; i < 7; ++i)
      EXPECT_NEAR(whole[39 * 21 + static_cast<std::size_t>(head) * 7 + i], expected[i], 1e-5);
  }
}

TEST(Attention, LinearBiasesMayBeRoundedToBf16) {
  AlibiTable table({0.3F}, AlibiTable::Rounding::bf16, 2.0F);
  table.reserve(300);
  constexpr float kSlope = 0.30078125F;  // the bf16 next to 0.3
  EXPECT_EQ(table.row(0)[1], 2.0F * kSlope);
  EXPECT_EQ(table.row(0)[255], 2.0F * 76.5F);  // 76.699 between 76.5 and 77
  EXPECT_EQ(table.row(0)[257], 2.0F * 77.0F);  // of position 256: 257 is no bf16
  EXPECT_EQ(table.row(0)[259], 2.0F * 78.0F);  // of position 260: 78.203
  AlibiTable exact({0.3F}, AlibiTable::Rounding::none, 1.0F);
  exact.reserve(5);
  exact.reserve(300);
  EXPECT_EQ(exact.row(0)[257], 0.3F * 257.0F);
}

TEST(Attention, HoldsDeepInASequence) {
  const Sequence s({9, 3, 64}, 700);
  const std::vector<float> whole = s.run(700);
  for (const int piece : {1, 7, 256}) EXPECT_EQ(different(s.run(piece), whole), 0U) << piece;
}

TEST(Attention, NeverReadsWhatStandsInStaleSlots) {
  for (const Variation& variation : kVariations) {
    for (const AttentionShape& shape : kShapes) {
      const Sequence s(shape, 90, 7, variation);
      const std::vector<float> clean = s.run(13);
      for (const float stale : {std::numeric_limits<float>::quiet_NaN(),
                                std::numeric_limits<float>::infinity(), 1e38F}) {
        EXPECT_EQ(different(s.run(13, stale), clean), 0U) << variation.name << ", " << stale;
      }
    }
  }
}

/// A trunk of 20 tokens, then branches that overwrite one another in one call, as the walk over a
/// token trie does.
TEST(Attention, BranchesInOneCallAreAsGoodAsAlone) {
  const AttentionShape shape{6, 2, 20};
  const int lengths[] = {3, 1, 17, 2, 30, 1};
  const Sequence trunk(shape, 20);
  Sequence together(shape, 20 + 54, 11);
  std::copy(trunk.qkv.begin(), trunk.qkv.end(), together.qkv.begin());
  for (const int threads : {1, 2}) {
    const WithThreads with(threads);
    Sequence::Cache cache(shape, 80, NAN);
    std::vector<AttentionSegment> segments{{0, 20, 0, cache.bytes(), 80}};
    int first = 20;
    for (const int length : lengths) {
      segments.push_back({first, length, 20, cache.bytes(), 80});
      first += length;
    }
    std::vector<float> out(static_cast<std::size_t>(together.rows) * together.out_width());
    attention(shape, together.qkv.data(), segments, together.rotary, together.rule(),
              Precision::f32, out.data());
    for (std::size_t i = 1; i < segments.size(); ++i) {
      const auto begin = static_cast<std::size_t>(segments[i].first_row);
      const auto count = static_cast<std::size_t>(segments[i].num_rows);
      Sequence alone(shape, 20 + segments[i].num_rows);
      std::copy(trunk.qkv.begin(), trunk.qkv.end(), alone.qkv.begin());
      std::copy_n(together.qkv.data() + begin * alone.width(), count * alone.width(),
                  alone.qkv.data() + 20 * alone.width());
      const std::vector<float> expected = alone.run(alone.rows);
      const std::vector<float> ours(out.data() + begin * alone.out_width(),
                                    out.data() + (begin + count) * alone.out_width());
      EXPECT_EQ(
          different(ours, {expected.begin() + static_cast<std::ptrdiff_t>(20 * alone.out_width()),
                           expected.end()}),
          0U)
          << "branch " << i << ", " << threads << " threads";
    }
  }
}

TEST(Attention, ManyCachesInOneCallAndCopiedPrefixes) {
  const AttentionShape shape{4, 2, 16};
  const Sequence s(shape, 41);
  const std::vector<float> expected = s.run(41);
  Sequence::Cache first(shape, 41, 0.0F);
  const AttentionSegment start{0, 40, 0, first.bytes(), 41};
  std::vector<float> out(40 * s.out_width());
  attention(shape, s.qkv.data(), {&start, 1}, s.rotary, s.rule(), Precision::f32, out.data());
  std::vector<Sequence::Cache> copies;
  std::vector<AttentionSegment> segments;
  std::vector<float> last_rows;
  for (int i = 0; i < 5; ++i) {
    copies.emplace_back(shape, 50 + i, NAN);
    copy_cache_prefix({2, 16, 41}, first.bytes(), {2, 16, 50 + i}, copies.back().bytes(), 40);
    last_rows.insert(last_rows.end(), s.qkv.end() - static_cast<std::ptrdiff_t>(s.width()),
                     s.qkv.end());
  }
  for (int i = 0; i < 5; ++i)
    segments.push_back({i, 1, 40, copies[static_cast<std::size_t>(i)].bytes(), 50 + i});
  std::vector<float> batch(5 * s.out_width());
  attention(shape, last_rows.data(), segments, s.rotary, s.rule(), Precision::f32, batch.data());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    ASSERT_EQ(batch[i], expected[40 * s.out_width() + i % s.out_width()]);
  }
}

TEST(Attention, WritesBf16AsRoundedF32) {
  const Sequence s({3, 1, 12}, 20);
  const std::vector<float> f32 = s.run(20);
  Sequence::Cache cache(s.shape, 20, 0.0F);
  const AttentionSegment segment{0, 20, 0, cache.bytes(), 20};
  std::vector<std::uint16_t> out(f32.size());
  attention(s.shape, s.qkv.data(), {&segment, 1}, s.rotary, s.rule(), Precision::bf16, out.data());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float back = std::bit_cast<float>(static_cast<std::uint32_t>(out[i]) << 16);
    ASSERT_NEAR(back, f32[i], std::abs(f32[i]) / 256 + 1e-38F);
  }
}

TEST(Attention, TheTestsAboveSeeAReorderedReduction) {
  const Sequence s({9, 3, 64}, 700);
  const std::vector<float> whole = s.run(700);
  testing::reorder_reductions(true);
  const std::size_t changed = different(s.run(7), whole);
  testing::reorder_reductions(false);
  EXPECT_GT(changed, 0U);
}

}  // namespace
}  // namespace allometer::ops
