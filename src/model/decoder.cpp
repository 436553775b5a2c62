#include "model/decoder.hpp"

#include <algorithm>
#include <utility>

#include "core/contract.hpp"
#include "model/layout.hpp"

namespace allometer::model {
namespace {

std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

std::optional<BiasedLinear> optional_linear(const std::string& name,
                                            const std::optional<Projection>& projection,
                                            const Weights& weights) {
  if (!projection) return std::nullopt;
  return BiasedLinear(name, {&*projection, 1}, weights);
}

}  // namespace

Decoder::Decoder(const Config& c, Weights w)
    : config_(c),
      weights_(std::move(w)),
      embedding_(weights_.tensor(c.blueprint.token_embedding)),
      positions_(c.blueprint.positions ? weights_.vector(c.blueprint.positions->tensor)
                                       : std::vector<float>()),
      embedding_norm_(c.blueprint.embedding_norm, weights_, c.norm_eps),
      embedding_in_(optional_linear(embedding_in_name(), c.blueprint.embedding_in, weights_)),
      rotary_(rotary_table(c)),
      alibi_(alibi_table(c)),
      final_norm_(c.blueprint.final_norm, weights_, c.norm_eps),
      embedding_out_(optional_linear(embedding_out_name(), c.blueprint.embedding_out, weights_)),
      head_(weights_, c),
      workspace_(c, weights_.precision(), weights_.max_rows()) {
  for (int i = 0; i < c.num_hidden_layers; ++i) layers_.emplace_back(config_, i, weights_);
}

KvCache Decoder::make_cache(int max_positions) const {
  return {config_.num_hidden_layers, config_.num_key_value_heads, config_.head_dim, max_positions};
}

void Decoder::embed(std::span<const std::int32_t> ids, std::span<const Segment> segments,
                    float* hidden) {
  const int rows = static_cast<int>(ids.size());
  const Blueprint& blueprint = config_.blueprint;
  if (embedding_in_) {
    float* narrow = workspace_.branch.floats();
    embedding_.forward(ids, narrow);
    ops::convert(narrow, product(rows, blueprint.embedding_size), workspace_.precision,
                 workspace_.normed.bytes());
    embedding_in_->forward(workspace_.normed.bytes(), rows, hidden);
  } else {
    embedding_.forward(ids, hidden);
  }
  if (blueprint.embedding_scale != 1)
    ops::multiply(blueprint.embedding_scale, product(rows, config_.hidden_size), hidden);
  if (blueprint.positions) {
    for (const Segment& s : segments) {
      ops::add(positions_.data() +
                   product(s.position + blueprint.positions->offset, config_.hidden_size),
               product(s.num_rows, config_.hidden_size),
               hidden + product(s.first_row, config_.hidden_size));
    }
  }
  if (embedding_norm_.is_there())
    embedding_norm_.forward(hidden, rows, config_.hidden_size, Precision::f32, hidden);
}

void Decoder::forward(std::span<const std::int32_t> ids, std::span<const Segment> segments,
                      std::span<KvCache* const> caches, float* hidden) {
  check_forward(config_, ids, segments, caches, max_rows());
  for (const Segment& s : segments) {
    rotary_.reserve(s.position + s.num_rows);
    alibi_.reserve(s.position + s.num_rows);
  }
  embed(ids, segments, hidden);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    segments_of_layer(segments, caches, static_cast<int>(i), segments_);
    layers_[i].forward({workspace_, segments_, rotary_, alibi_, static_cast<int>(ids.size())},
                       hidden);
  }
}

const std::byte* Decoder::head_input(const float* hidden, int first, int rows) {
  Workspace& w = workspace_;
  const float* begin = hidden + product(first, config_.hidden_size);
  final_norm_.forward(begin, rows, config_.hidden_size, w.precision, w.normed.bytes());
  if (!embedding_out_) return w.normed.bytes();
  embedding_out_->forward(w.normed.bytes(), rows, w.branch.floats());
  ops::convert(w.branch.floats(), product(rows, config_.blueprint.embedding_size), w.precision,
               w.activated.bytes());
  return w.activated.bytes();
}

void Decoder::score(const float* hidden, int num_rows, std::span<const Target> targets,
                    std::span<RowScore> scores, std::span<float> target_logits) {
  std::size_t next = 0;
  for (int first = 0; first < num_rows; first += max_rows()) {
    const int rows = std::min(max_rows(), num_rows - first);
    const std::size_t begin = next;
    while (next < targets.size() && targets[next].row < first + rows) ++next;
    head_.score(head_input(hidden, first, rows), rows, first, targets.subspan(begin, next - begin),
                scores.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows)),
                target_logits.subspan(begin, next - begin));
  }
}

void Decoder::logits(const float* hidden, int num_rows, float* out) {
  for (int first = 0; first < num_rows; first += max_rows()) {
    const int rows = std::min(max_rows(), num_rows - first);
    head_.logits(head_input(hidden, first, rows), rows, out + product(first, config_.vocab_size));
  }
}

}  // namespace allometer::model
