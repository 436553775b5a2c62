#include "model/layers.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numbers>

#include <fmt/format.h>

#include "core/contract.hpp"
#include "core/error.hpp"
#include "model/layout.hpp"

namespace allometer::model {
namespace {

const LayerBlueprint& blueprint_of(const Config& config, int layer) {
  return config.blueprint.layers[static_cast<std::size_t>(layer)];
}

std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

int out_features(const std::vector<Projection>& parts) {
  int sum = 0;
  for (const Projection& part : parts) sum += part.out_features;
  return sum;
}

int projected_width(const Config& config) {
  int widest = 0;
  for (const LayerBlueprint& layer : config.blueprint.layers)
    widest = std::max({widest, out_features(layer.attention.qkv), out_features(layer.mlp.in)});
  return widest;
}

int activated_width(const Config& config) {
  int widest = config.blueprint.embedding_size;
  for (const LayerBlueprint& layer : config.blueprint.layers)
    widest = std::max({widest, layer.attention.out.in_features, layer.mlp.out.in_features});
  return widest;
}

int normed_width(const Config& config) {
  return std::max(config.hidden_size, config.blueprint.embedding_size);
}

int mlp_normed_width(const Config& config) {
  const bool has_two_norms =
      config.blueprint.residual == Residual::parallel &&
      config.blueprint.layers.front().mlp_norm.kind != Normalization::Kind::none;
  return has_two_norms ? config.hidden_size : 0;
}

int branch_width(const Config& config) {
  const bool has_output_norms =
      config.blueprint.residual == Residual::sequential &&
      config.blueprint.layers.front().attention_output_norm.kind != Normalization::Kind::none;
  return std::max(has_output_norms ? config.hidden_size : 0,
                  config.blueprint.embedding_in ? config.blueprint.embedding_size : 0);
}

}  // namespace

Buffer::Buffer(std::size_t num_bytes) {
  const std::size_t size = std::max<std::size_t>(1, (num_bytes + 63) / 64) * 64;
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(64, size)));
  if (!data_) throw std::bad_alloc();
  std::memset(data_.get(), 0, size);
}

void Buffer::Free::operator()(std::byte* memory) const {
  std::free(memory);
}

Workspace::Workspace(const Config& c, Precision p, int max_rows)
    : precision(p),
      normed(product(max_rows, normed_width(c)) * ops::size_of(p)),
      mlp_normed(product(max_rows, mlp_normed_width(c)) * ops::size_of(p)),
      projected(product(max_rows, projected_width(c)) * sizeof(float)),
      activated(product(max_rows, activated_width(c)) * ops::size_of(p)),
      branch(product(max_rows, branch_width(c)) * sizeof(float)) {}

std::size_t Workspace::num_bytes(const Config& c, Precision p, int max_rows) {
  return product(max_rows, normed_width(c) + mlp_normed_width(c) + activated_width(c)) *
             ops::size_of(p) +
         product(max_rows, projected_width(c) + branch_width(c)) * sizeof(float);
}

Norm::Norm(const Normalization& blueprint, const Weights& weights, double epsilon)
    : kind(blueprint.kind), eps(static_cast<float>(epsilon)) {
  if (!is_there()) return;
  weight = weights.vector(blueprint.name + ".weight");
  for (float& w : weight) w += blueprint.added_to_weight;
  if (kind == Normalization::Kind::layer) bias = weights.vector(blueprint.name + ".bias");
}

void Norm::forward(const float* x, int rows, int size, Precision out_precision, void* out) const {
  switch (kind) {
    case Normalization::Kind::none:
      return ops::convert(x, product(rows, size), out_precision, out);
    case Normalization::Kind::rms:
      return ops::rms_norm(x, rows, weight, eps, out_precision, out);
    case Normalization::Kind::layer:
      return ops::layer_norm(x, rows, weight, bias, eps, out_precision, out);
  }
}

BiasedLinear::BiasedLinear(const std::string& name, std::span<const Projection> parts,
                           const Weights& weights)
    : linear(weights.linear(name)), bias(weights.bias(parts)) {}

void BiasedLinear::forward(const void* src, int rows, float* dst, bool accumulate) const {
  linear.forward(src, rows, dst, accumulate);
  if (!bias.empty()) ops::add_bias(bias, rows, dst);
}

// ---- attention and MLP

SelfAttention::SelfAttention(const Config& c, int layer, const Weights& w)
    : qkv(qkv_name(layer), blueprint_of(c, layer).attention.qkv, w),
      out(attention_out_name(layer), {&blueprint_of(c, layer).attention.out, 1}, w),
      query_norm(blueprint_of(c, layer).attention.query_norm, w, c.norm_eps),
      key_norm(blueprint_of(c, layer).attention.key_norm, w, c.norm_eps),
      shape{c.num_attention_heads, c.num_key_value_heads, c.head_dim} {
  const AttentionBlueprint& blueprint = blueprint_of(c, layer).attention;
  rule.scale = blueprint.scale;
  rule.soft_cap = blueprint.soft_cap;
  rule.window = blueprint.window;
}

void SelfAttention::normalise_heads(const Norm& norm, int first_head, int num_heads, int rows,
                                    float* projected) const {
  if (!norm.is_there()) return;
  ALLOMETER_EXPECT(norm.kind == Normalization::Kind::rms);
  const int width = (shape.num_heads + 2 * shape.num_kv_heads) * shape.head_dim;
  const int groups = num_heads * shape.head_dim / static_cast<int>(norm.weight.size());
  ops::rms_norm_groups(projected + first_head * shape.head_dim, rows,
                       static_cast<std::size_t>(width), groups, norm.weight, norm.eps);
}

void SelfAttention::forward(const Pass& pass, const std::byte* normed, float* dst,
                            bool accumulate) const {
  Workspace& w = pass.workspace;
  qkv.forward(normed, pass.rows, w.projected.floats());
  normalise_heads(query_norm, 0, shape.num_heads, pass.rows, w.projected.floats());
  normalise_heads(key_norm, shape.num_heads, shape.num_kv_heads, pass.rows, w.projected.floats());
  ops::ScoreRule with_biases = rule;
  if (!pass.alibi.empty()) with_biases.alibi = &pass.alibi;
  ops::attention(shape, w.projected.floats(), pass.segments, pass.rotary, with_biases, w.precision,
                 w.activated.bytes());
  out.forward(w.activated.bytes(), pass.rows, dst, accumulate);
}

Mlp::Mlp(const Config& c, int layer, const Weights& w)
    : in(mlp_in_name(layer), blueprint_of(c, layer).mlp.in, w),
      out(mlp_out_name(layer), {&blueprint_of(c, layer).mlp.out, 1}, w),
      activation(blueprint_of(c, layer).mlp.activation),
      is_gated(blueprint_of(c, layer).mlp.is_gated),
      intermediate_size(blueprint_of(c, layer).mlp.out.in_features) {}

void Mlp::forward(const Pass& pass, const std::byte* normed, float* dst, bool accumulate) const {
  Workspace& w = pass.workspace;
  in.forward(normed, pass.rows, w.projected.floats());
  const auto activate = is_gated ? ops::activate_gated : ops::activate;
  activate(activation, w.projected.floats(), pass.rows, intermediate_size, w.precision,
           w.activated.bytes());
  out.forward(w.activated.bytes(), pass.rows, dst, accumulate);
}

// ---- layer

DecoderLayer::DecoderLayer(const Config& c, int layer, const Weights& w)
    : residual_(c.blueprint.residual),
      hidden_size_(c.hidden_size),
      attention_norm_(blueprint_of(c, layer).attention_norm, w, c.norm_eps),
      attention_(c, layer, w),
      attention_output_norm_(blueprint_of(c, layer).attention_output_norm, w, c.norm_eps),
      mlp_norm_(blueprint_of(c, layer).mlp_norm, w, c.norm_eps),
      mlp_(c, layer, w),
      mlp_output_norm_(blueprint_of(c, layer).mlp_output_norm, w, c.norm_eps) {}

void DecoderLayer::forward(const Pass& pass, float* residual) const {
  switch (residual_) {
    case Residual::sequential:
      return in_sequence(pass, residual);
    case Residual::parallel:
      return in_parallel(pass, residual);
    case Residual::post_norm:
      return with_norms_behind(pass, residual);
  }
}

/// residual += output_norm(branch(norm(residual)))
template <class Branch>
void DecoderLayer::add_branch(const Pass& pass, const Norm& norm, const Branch& branch,
                              const Norm& output_norm, float* residual) const {
  Workspace& w = pass.workspace;
  norm.forward(residual, pass.rows, hidden_size_, w.precision, w.normed.bytes());
  if (!output_norm.is_there()) return branch.forward(pass, w.normed.bytes(), residual, true);
  float* out = w.branch.floats();
  branch.forward(pass, w.normed.bytes(), out, false);
  output_norm.forward(out, pass.rows, hidden_size_, Precision::f32, out);
  ops::add(out, product(pass.rows, hidden_size_), residual);
}

void DecoderLayer::in_sequence(const Pass& pass, float* residual) const {
  add_branch(pass, attention_norm_, attention_, attention_output_norm_, residual);
  add_branch(pass, mlp_norm_, mlp_, mlp_output_norm_, residual);
}

void DecoderLayer::in_parallel(const Pass& pass, float* residual) const {
  Workspace& w = pass.workspace;
  attention_norm_.forward(residual, pass.rows, hidden_size_, w.precision, w.normed.bytes());
  const Buffer& mlp_input = mlp_norm_.is_there() ? w.mlp_normed : w.normed;
  if (mlp_norm_.is_there())
    mlp_norm_.forward(residual, pass.rows, hidden_size_, w.precision, mlp_input.bytes());
  attention_.forward(pass, w.normed.bytes(), residual, true);
  mlp_.forward(pass, mlp_input.bytes(), residual, true);
}

void DecoderLayer::with_norms_behind(const Pass& pass, float* residual) const {
  static const Norm kNone;
  add_branch(pass, kNone, attention_, kNone, residual);
  attention_output_norm_.forward(residual, pass.rows, hidden_size_, Precision::f32, residual);
  add_branch(pass, kNone, mlp_, kNone, residual);
  mlp_output_norm_.forward(residual, pass.rows, hidden_size_, Precision::f32, residual);
}

// ---- LM head

LmHead::LmHead(const Weights& weights, const Config& config)
    : vocab_size_(config.vocab_size),
      width_(std::min(kHeadBlock, config.vocab_size)),
      soft_cap_(config.blueprint.logit_soft_cap),
      bias_(weights.bias({&config.blueprint.head, 1})),
      whole_(weights.linear(head_name(0))),
      last_(weights.linear(
          head_name(static_cast<std::size_t>((config.vocab_size - 1) / kHeadBlock)))),
      block_(product(weights.max_rows(), width_) * sizeof(float)) {
  for (int first = 0; first < vocab_size_; first += width_)
    packed_.push_back(weights.packed(head_name(packed_.size())));
}

int LmHead::width_of(std::size_t index) const {
  return std::min(width_, vocab_size_ - begin_of(index));
}

void LmHead::compute_block(std::size_t index, const void* normed, int rows) {
  ops::Linear& linear = width_of(index) == width_ ? whole_ : last_;
  linear.attach(packed_[index]);
  linear.forward(normed, rows, block_.floats());
  const auto width = static_cast<std::size_t>(width_of(index));
  if (!bias_.empty()) {
    const auto begin = static_cast<std::size_t>(begin_of(index));
    ops::add_bias(std::span(bias_).subspan(begin, width), rows, block_.floats());
  }
  if (soft_cap_ > 0)
    ops::soft_cap(soft_cap_, static_cast<std::size_t>(rows) * width, block_.floats());
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

// ---- positions

ops::RotaryTable rotary_table(const Config& config) {
  const RopeScaling& s = config.rope_scaling;
  std::vector<float> frequencies;
  for (int i = 0; i < config.rotary_dim; i += 2) {
    double f = std::pow(config.rope_theta, -static_cast<double>(i) / config.rotary_dim);
    if (s.type == RopeScaling::Type::linear) f /= s.factor;
    if (s.type == RopeScaling::Type::longrope) f /= s.short_factor[static_cast<std::size_t>(i / 2)];
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
  return ops::RotaryTable(std::move(frequencies), static_cast<float>(s.attention_factor));
}

/// Slopes of Press et al.: for n heads, n a power of 2, the geometric sequence that begins with and
/// multiplies by 2^(-8/n); otherwise that of the next smaller power, then every second one of the
/// next larger.
ops::AlibiTable alibi_table(const Config& config) {
  if (config.blueprint.alibi == Alibi::none) return {};
  const auto heads = static_cast<std::size_t>(config.num_attention_heads);
  const std::size_t power = std::bit_floor(heads);
  std::vector<float> slopes;
  for (std::size_t i = 1; i <= power; ++i) {
    slopes.push_back(
        static_cast<float>(std::exp2(-8.0 * static_cast<double>(i) / static_cast<double>(power))));
  }
  for (std::size_t i = 1; slopes.size() < heads; i += 2) {
    slopes.push_back(
        static_cast<float>(std::exp2(-4.0 * static_cast<double>(i) / static_cast<double>(power))));
  }
  if (config.blueprint.alibi == Alibi::exact)
    return {std::move(slopes), ops::AlibiTable::Rounding::none, 1};
  return {std::move(slopes), ops::AlibiTable::Rounding::bf16,
          config.blueprint.layers.front().attention.scale};
}

// ---- segments

namespace {

/// Learned positions end, and so do positions for which longrope's short factors hold; other
/// positions are as many as a cache has room for.
void check_reach(const Config& config, const Segment& segment, const KvCache& cache) {
  const int last = segment.position + segment.num_rows - 1;
  const bool is_bounded = config.blueprint.positions.has_value() ||
                          config.rope_scaling.type == RopeScaling::Type::longrope;
  if (is_bounded && last >= config.max_position_embeddings) {
    throw ConfigError(
        fmt::format("a sequence reaches position {}, but this model has positions 0 to {}: shorten "
                    "the sequence",
                    last, config.max_position_embeddings - 1));
  }
  if (last >= cache.max_positions()) {
    throw ConfigError(
        fmt::format("a sequence reaches position {}, but its cache was made for {} positions", last,
                    cache.max_positions()));
  }
}

}  // namespace

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
    check_reach(config, s, *caches[static_cast<std::size_t>(s.cache)]);
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

}  // namespace allometer::model
