#include "model/layers.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numbers>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"

namespace allometer::model {
namespace {

/// Columns of the LM head computed at a time: 256 rows of them stay in the second-level cache.
constexpr int kHeadBlock = 1024;

std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

std::string block_name(std::size_t index) {
  return fmt::format("lm_head.{}", index);
}

}  // namespace

Buffer::Buffer(std::size_t num_bytes) {
  const std::size_t size = (num_bytes + 63) / 64 * 64;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(64, size)));
  if (!data_) throw std::bad_alloc();
  std::memset(data_.get(), 0, size);
}

void Buffer::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

Workspace::Workspace(const Config& config, Precision p, int max_rows)
    : precision(p),
      normed(product(max_rows, config.hidden_size) * ops::size_of(p)),
      projected(
          product(max_rows, std::max((config.num_attention_heads + 2 * config.num_key_value_heads) *
                                         config.head_dim,
                                     2 * config.intermediate_size)) *
          sizeof(float)),
      activated(product(max_rows, std::max(config.num_attention_heads * config.head_dim,
                                           config.intermediate_size)) *
                ops::size_of(p)) {}

void SelfAttention::forward(Workspace& w, std::span<const ops::AttentionSegment> segments,
                            const ops::RotaryTable& rotary, int rows, float* residual) const {
  qkv.forward(w.normed.bytes(), rows, w.projected.floats());
  if (!qkv_bias.empty()) ops::add_bias(qkv_bias, rows, w.projected.floats());
  ops::attention(shape, w.projected.floats(), segments, rotary, scale, w.precision,
                 w.activated.bytes());
  out.forward(w.activated.bytes(), rows, residual, true);
  if (!out_bias.empty()) ops::add_bias(out_bias, rows, residual);
}

void GatedMlp::forward(Workspace& w, int rows, float* residual) const {
  gate_up.forward(w.normed.bytes(), rows, w.projected.floats());
  if (!gate_up_bias.empty()) ops::add_bias(gate_up_bias, rows, w.projected.floats());
  ops::silu_mul(w.projected.floats(), rows, intermediate_size, w.precision, w.activated.bytes());
  down.forward(w.activated.bytes(), rows, residual, true);
  if (!down_bias.empty()) ops::add_bias(down_bias, rows, residual);
}

// ---- LM head
// -------------------------------------------------------------------------------------------------

std::vector<LinearSpec> LmHead::blocks(const std::string& tensor, int hidden_size, int vocab_size) {
  std::vector<LinearSpec> specs;
  for (int first = 0; first < vocab_size; first += kHeadBlock) {
    specs.push_back({block_name(specs.size()),
                     hidden_size,
                     {{tensor, first, std::min(kHeadBlock, vocab_size - first)}}});
  }
  return specs;
}

LmHead::LmHead(const Weights& weights, const Config& config)
    : vocab_size_(config.vocab_size),
      width_(std::min(kHeadBlock, config.vocab_size)),
      whole_(weights.linear(block_name(0))),
      last_(weights.linear(
          block_name(static_cast<std::size_t>((config.vocab_size - 1) / kHeadBlock)))),
      block_(product(weights.max_rows(), width_) * sizeof(float)) {
  for (int first = 0; first < vocab_size_; first += width_)
    packed_.push_back(weights.packed(block_name(packed_.size())));
}

int LmHead::width_of(std::size_t index) const {
  return std::min(width_, vocab_size_ - begin_of(index));
}

void LmHead::compute_block(std::size_t index, const void* normed, int rows) {
  ops::Linear& linear = width_of(index) == width_ ? whole_ : last_;
  linear.attach(packed_[index]);
  linear.forward(normed, rows, block_.floats());
}

void LmHead::score(const void* normed, int rows, int first_row, std::span<const Target> targets,
                   std::span<RowScore> scores, std::span<float> target_logits) {
  const auto count = static_cast<std::size_t>(rows);
  statistics_.resize(count);
  sums_.assign(count, 0.0);
  maxima_.assign(count, -INFINITY);
  for (std::size_t b = 0; b < packed_.size(); ++b) {
    compute_block(b, normed, rows);
    const int width = width_of(b);
    ops::row_statistics(block_.floats(), rows, width, statistics_);
    for (std::size_t r = 0; r < count; ++r) {
      const ops::RowStatistics& s = statistics_[r];
      const float top = std::max(maxima_[r], s.maximum);
      sums_[r] = (maxima_[r] == top ? sums_[r]
                                    : sums_[r] * std::exp(static_cast<double>(maxima_[r]) - top)) +
                 (s.maximum == top ? s.sum_of_exp
                                   : s.sum_of_exp * std::exp(static_cast<double>(s.maximum) - top));
      if (b == 0 || s.maximum > maxima_[r]) scores[r].argmax = begin_of(b) + s.argmax;
      maxima_[r] = top;
    }
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const int column = targets[t].token - begin_of(b);
      if (column < 0 || column >= width) continue;
      target_logits[t] = block_.floats()[product(targets[t].row - first_row, width) +
                                         static_cast<std::size_t>(column)];
    }
  }
  for (std::size_t r = 0; r < count; ++r) scores[r].log_sum_exp = maxima_[r] + std::log(sums_[r]);
}

void LmHead::logits(const void* normed, int rows, float* out) {
  for (std::size_t b = 0; b < packed_.size(); ++b) {
    compute_block(b, normed, rows);
    const auto width = static_cast<std::size_t>(width_of(b));
    for (int r = 0; r < rows; ++r) {
      std::copy_n(block_.floats() + static_cast<std::size_t>(r) * width, width,
                  out + product(r, vocab_size_) + begin_of(b));
    }
  }
}

// ---- rotary embedding
// ----------------------------------------------------------------------------------------------

std::vector<float> rotary_frequencies(const Config& config) {
  const RopeScaling& s = config.rope_scaling;
  std::vector<float> frequencies;
  for (int i = 0; i < config.head_dim; i += 2) {
    double f = std::pow(config.rope_theta, -static_cast<double>(i) / config.head_dim);
    if (s.type == RopeScaling::Type::linear) f /= s.factor;
    if (s.type == RopeScaling::Type::llama3) {
      // Llama 3.1: long wavelengths are slowed by factor, short ones stay, those between are
      // interpolated.
      const double turns = s.original_max_position_embeddings * f / (2 * std::numbers::pi);
      const double blend = std::clamp(
          (turns - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor), 0.0, 1.0);
      f = (1 - blend) * f / s.factor + blend * f;
    }
    frequencies.push_back(static_cast<float>(f));
  }
  return frequencies;
}

// ---- segments
// -------------------------------------------------------------------------------------------------

void check_forward(const Config& config, std::span<const std::int32_t> ids,
                   std::span<const Segment> segments, std::span<KvCache* const> caches,
                   int max_rows) {
  ALLOMETER_EXPECT(ids.size() <= static_cast<std::size_t>(max_rows));
  for (std::size_t row = 0; row < ids.size(); ++row) {
    if (ids[row] >= 0 && ids[row] < config.vocab_size) continue;
    throw ConfigError(fmt::format(
        "token id {} in row {} is outside the vocabulary of {} ids: the tokenizer does not belong "
        "to this model",
        ids[row], row, config.vocab_size));
  }
  for (const Segment& s : segments) {
    ALLOMETER_EXPECT(s.first_row >= 0 && s.num_rows >= 0 && s.position >= 0);
    ALLOMETER_EXPECT(static_cast<std::size_t>(s.first_row) + static_cast<std::size_t>(s.num_rows) <=
                     ids.size());
    ALLOMETER_EXPECT(s.cache >= 0 && static_cast<std::size_t>(s.cache) < caches.size());
    const int room = caches[static_cast<std::size_t>(s.cache)]->max_positions();
    if (s.position + s.num_rows <= room) continue;
    throw ConfigError(
        fmt::format("a sequence reaches position {}, but its cache was made for {} positions",
                    s.position + s.num_rows - 1, room));
  }
}

void segments_of_layer(std::span<const Segment> segments, std::span<KvCache* const> caches,
                       int layer, std::vector<ops::AttentionSegment>& out) {
  out.clear();
  for (const Segment& s : segments) {
    KvCache& cache = *caches[static_cast<std::size_t>(s.cache)];
    out.push_back({s.first_row, s.num_rows, s.position, cache.layer(layer), cache.max_positions()});
  }
}

std::vector<float> joined(const Weights& weights, std::initializer_list<std::string> names) {
  std::vector<float> all;
  for (const std::string& name : names) {
    const std::vector<float> values = weights.vector(name);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace allometer::model
