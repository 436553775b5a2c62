#include "model/layout.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace allometer::model {
namespace {

class TensorList {
 public:
  void add(const Projection& p, bool is_embedding = false) {
    const std::int64_t in = p.in_features;
    const std::int64_t out = p.out_features;
    add_tensor(p.name + ".weight", p.is_transposed ? Shape{in, out} : Shape{out, in}, is_embedding);
    if (p.has_bias) add_tensor(p.name + ".bias", {out}, is_embedding);
  }
  void add(const std::vector<Projection>& projections) {
    for (const Projection& projection : projections) add(projection);
  }
  void add(const Normalization& norm) {
    if (norm.kind == Normalization::Kind::none) return;
    add_tensor(norm.name + ".weight", {norm.size});
    tensors_.back().is_norm_weight = true;
    if (norm.kind == Normalization::Kind::layer) add_tensor(norm.name + ".bias", {norm.size});
  }
  using Shape = std::vector<std::int64_t>;
  void add_tensor(std::string name, Shape shape, bool is_embedding = false) {
    tensors_.push_back({std::move(name), std::move(shape), is_embedding});
  }
  std::vector<TensorSpec> take() { return std::move(tensors_); }

 private:
  std::vector<TensorSpec> tensors_;
};

void append_parts(const Projection& p, std::vector<LinearPart>& parts) {
  const std::string tensor = p.name + ".weight";
  if (p.order.empty()) parts.push_back({tensor, 0, p.out_features, p.is_transposed});
  for (const RowRange& rows : p.order)
    parts.push_back({tensor, rows.first, rows.count, p.is_transposed});
}

LinearSpec spec_of(std::string name, std::span<const Projection> projections) {
  LinearSpec spec{std::move(name), projections.front().in_features, {}};
  for (const Projection& projection : projections) append_parts(projection, spec.parts);
  return spec;
}

/// The LM head in blocks over the vocabulary, so that no [rows x vocabulary] array is needed.
void append_head(const Config& c, std::vector<LinearSpec>& linears) {
  const Projection& head = c.blueprint.head;
  const std::string tensor =
      c.tie_word_embeddings ? c.blueprint.token_embedding : head.name + ".weight";
  for (int first = 0; first < c.vocab_size; first += kHeadBlock) {
    linears.push_back({head_name(static_cast<std::size_t>(first / kHeadBlock)),
                       head.in_features,
                       {{tensor, first, std::min(kHeadBlock, c.vocab_size - first)}}});
  }
}

}  // namespace

int LinearSpec::out_features() const {
  int rows = 0;
  for (const LinearPart& part : parts) rows += part.num_rows;
  return rows;
}

std::vector<TensorSpec> tensors_of(const Config& c) {
  const Blueprint& b = c.blueprint;
  TensorList list;
  list.add_tensor(b.token_embedding, {c.vocab_size, b.embedding_size}, true);
  if (b.positions)
    list.add_tensor(b.positions->tensor, {b.positions->num_rows, c.hidden_size}, true);
  list.add(b.embedding_norm);
  if (b.embedding_in) list.add(*b.embedding_in);
  for (const LayerBlueprint& layer : b.layers) {
    list.add(layer.attention_norm);
    list.add(layer.attention.qkv);
    list.add(layer.attention.query_norm);
    list.add(layer.attention.key_norm);
    list.add(layer.attention.out);
    list.add(layer.attention_output_norm);
    list.add(layer.mlp_norm);
    list.add(layer.mlp.in);
    list.add(layer.mlp.out);
    list.add(layer.mlp_output_norm);
  }
  list.add(b.final_norm);
  if (b.embedding_out) list.add(*b.embedding_out);
  if (!c.tie_word_embeddings) {
    list.add(b.head, true);
  } else if (b.head.has_bias) {
    list.add_tensor(b.head.name + ".bias", {c.vocab_size}, true);
  }
  return list.take();
}

std::vector<LinearSpec> linears_of(const Config& c) {
  const Blueprint& b = c.blueprint;
  std::vector<LinearSpec> list;
  if (b.embedding_in) list.push_back(spec_of(embedding_in_name(), {&*b.embedding_in, 1}));
  for (int i = 0; const LayerBlueprint& layer : b.layers) {
    list.push_back(spec_of(qkv_name(i), layer.attention.qkv));
    list.push_back(spec_of(attention_out_name(i), {&layer.attention.out, 1}));
    list.push_back(spec_of(mlp_in_name(i), layer.mlp.in));
    list.push_back(spec_of(mlp_out_name(i), {&layer.mlp.out, 1}));
    ++i;
  }
  if (b.embedding_out) list.push_back(spec_of(embedding_out_name(), {&*b.embedding_out, 1}));
  append_head(c, list);
  return list;
}

std::string qkv_name(int layer) {
  return fmt::format("layers.{}.qkv", layer);
}
std::string attention_out_name(int layer) {
  return fmt::format("layers.{}.attention_out", layer);
}
std::string mlp_in_name(int layer) {
  return fmt::format("layers.{}.mlp_in", layer);
}
std::string mlp_out_name(int layer) {
  return fmt::format("layers.{}.mlp_out", layer);
}
std::string embedding_in_name() {
  return "embedding_in";
}
std::string embedding_out_name() {
  return "embedding_out";
}
std::string head_name(std::size_t block) {
  return fmt::format("lm_head.{}", block);
}

}  // namespace allometer::model
