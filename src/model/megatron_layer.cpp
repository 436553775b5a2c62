#include "model/megatron_layer.hpp"

namespace allometer::model {

LayerBlueprint megatron_layer(const Config& c, const MegatronNames& names, bool attention_bias,
                              bool mlp_bias, ops::Activation activation) {
  const std::string attention = names.layer + names.attention;
  const int hidden = c.hidden_size;
  const int heads = c.num_attention_heads + 2 * c.num_key_value_heads;
  LayerBlueprint layer;
  layer.attention.qkv = {
      {attention + "query_key_value", hidden, heads * c.head_dim, attention_bias,
       order_of_grouped_qkv(c.num_key_value_heads, c.num_attention_heads / c.num_key_value_heads,
                            c.head_dim)}};
  layer.attention.out = {attention + "dense", hidden, hidden, attention_bias};
  layer.attention.scale = usual_scale(c.head_dim);
  layer.mlp.in = {{names.layer + "mlp.dense_h_to_4h", hidden, c.intermediate_size, mlp_bias}};
  layer.mlp.out = {names.layer + "mlp.dense_4h_to_h", c.intermediate_size, hidden, mlp_bias};
  layer.mlp.activation = activation;
  return layer;
}

}  // namespace allometer::model
